//! Bundles whose transcript was rewritten by somebody who can do everything but
//! sign for the holders: the verifier does not trust the transcript's own verdicts.

use std::collections::BTreeMap;

use keymoot_attestation::TrustStore;
use keymoot_core::{Verdict, digest::Digest};
use keymoot_record::{
    bundle::{self, AFTER_THE_SEAL, Bundle, Expectations, Files},
    ceremony::{Plan, PlanFiles, State},
    transcript::{Chain, Event, Mode, PinTries, PlanPart},
};

use keymoot_tuf::KeyId;
pub(crate) use testkit::forger::{Line, MANIFEST, SIGNATURES};
use testkit::stage::finished;

pub(crate) fn honest() -> Files {
    keymoot_verify::read(&finished().out())
        .unwrap()
        .files()
        .clone()
}

fn object(digest: &Digest) -> Option<Vec<u8>> {
    let path = finished().dir().join("objects").join(digest.to_string());
    std::fs::read(path).ok()
}

/// The files of a bundle whose transcript was rewritten line by line. The files that follow
/// from it are made again if the program can make them, and the manifest
/// always; only the closing signatures are those of the honest bundle.
pub(crate) fn rewritten(change: impl FnOnce(&mut Vec<Line>)) -> Files {
    rewritten_from(&Files::new(), change)
}

/// The same, of a ceremony that started from more files than the honest one.
pub(crate) fn rewritten_from(more: &Files, change: impl FnOnce(&mut Vec<Line>)) -> Files {
    let honest = honest();
    let mut lines: Vec<Line> = Chain::read(&honest["transcript.jsonl"])
        .unwrap()
        .entries()
        .iter()
        .map(|entry| (entry.event.clone(), entry.time))
        .collect();
    change(&mut lines);
    let mut chain = Chain::default();
    for (event, time) in lines {
        chain.push(chain.next(event, time).unwrap()).unwrap();
    }
    let transcript = chain.bytes_through(u64::MAX);
    let text = |name: &str| String::from_utf8(honest[name].clone()).unwrap();
    let plan = Plan::check(PlanFiles {
        script: text("script.toml"),
        policy: text("policy.toml"),
        roster: text("roster.toml"),
        inputs: honest
            .iter()
            .filter_map(|(path, bytes)| {
                Some((path.strip_prefix("inputs/")?.to_owned(), bytes.clone()))
            })
            .chain(more.clone())
            .collect(),
    });
    let made = State::fold(plan.unwrap().into(), &chain)
        .ok()
        .and_then(|state| {
            bundle::contents(&state, &chain, &object, &TrustStore::vendor().unwrap()).ok()
        });
    let mut files = made.unwrap_or_else(|| honest.clone());
    files.insert("transcript.jsonl".to_owned(), transcript);
    files.insert(AFTER_THE_SEAL.to_owned(), after(&honest, &chain));
    list_anew(&mut files, &honest, chain.head());
    files
}

/// The events after the honest seal, after that of another chain.
fn after(honest: &Files, sealed: &Chain) -> Vec<u8> {
    let before = &honest["transcript.jsonl"];
    let whole = [before.clone(), honest[AFTER_THE_SEAL].clone()].concat();
    let whole = Chain::read(&whole).unwrap();
    let begun = Chain::read(before).unwrap().entries().len();
    let mut chain = sealed.clone();
    for entry in &whole.entries()[begun..] {
        let next = chain.next(entry.event.clone(), entry.time).unwrap();
        chain.push(next).unwrap();
    }
    let length = sealed.bytes_through(u64::MAX).len();
    chain.bytes_through(u64::MAX).split_off(length)
}

/// Writes the manifest that these files need.
pub(crate) fn list_anew(files: &mut Files, honest: &Files, head: Digest) {
    files.retain(|path, _| path != MANIFEST && path != SIGNATURES);
    let after = files.remove(AFTER_THE_SEAL);
    let listed = files.iter().map(|(path, content)| {
        serde_json::json!({
            "path": path,
            "sha256": Digest::of(content).to_string(),
            "size": content.len(),
        })
    });
    let mut manifest: serde_json::Value = serde_json::from_slice(&honest[MANIFEST]).unwrap();
    manifest["files"] = listed.collect();
    manifest["head"] = head.to_string().into();
    // The verifier must detect a broken chain.
    let opened = Chain::read(&files["transcript.jsonl"]).unwrap_or_default();
    if let Some(Event::Opened { mode, .. }) = opened.entries().first().map(|e| e.event.clone()) {
        manifest["mode"] = mode.name().into();
    }
    files.insert(MANIFEST.to_owned(), manifest.to_string().into_bytes());
    files.insert(SIGNATURES.to_owned(), honest[SIGNATURES].clone());
    files.extend(after.map(|after| (AFTER_THE_SEAL.to_owned(), after)));
}

pub(crate) fn verdicts(files: Files, rehearsal: bool) -> Vec<Verdict> {
    let expected = Expectations {
        rehearsal,
        ..Expectations::default()
    };
    bundle::verify(
        &Bundle::of(files),
        &expected,
        &TrustStore::vendor().unwrap(),
    )
}

/// The ids of the rules that are violated, each once.
pub(crate) fn violated(files: Files) -> Vec<String> {
    let mut rules: Vec<_> = verdicts(files, true)
        .into_iter()
        .filter(Verdict::is_violated)
        .map(|verdict| verdict.rule.to_string())
        .collect();
    rules.dedup();
    rules
}

pub(crate) fn events(lines: &mut [Line]) -> impl Iterator<Item = &mut Event> {
    lines.iter_mut().map(|(event, _)| event)
}

#[test]
fn a_bundle_that_is_rewritten_without_a_change_is_the_honest_one() {
    assert_eq!(rewritten(|_| {}), honest());
}

#[test]
fn a_file_that_no_rule_checks_is_noticed_among_what_the_ceremony_started_from() {
    let more = Files::from([("evil.json".to_owned(), b"{}".to_vec())]);
    let files = rewritten_from(&more, |lines| {
        for event in events(lines) {
            if let Event::Opened { inputs, .. } = event {
                inputs.insert("evil.json".to_owned(), Digest::of(b"{}"));
            }
        }
    });
    assert!(files.contains_key("inputs/evil.json"));
    let violated = violated(files);
    assert!(
        violated.contains(&"BUNDLE-INPUTS".to_owned()),
        "{violated:?}"
    );
}

#[test]
fn a_note_added_afterwards_misses_the_holders_signatures() {
    let files = rewritten(|lines| {
        let (place, time) = (lines.len() - 1, lines[lines.len() - 1].1);
        let text = "all went well".to_owned();
        lines.insert(place, (Event::Note { text }, time));
    });
    assert_eq!(violated(files), ["BUNDLE-CLOSED"]);
}

#[test]
fn a_machine_that_was_not_examined_by_every_rule_is_noticed() {
    let files = rewritten(|lines| {
        for event in events(lines) {
            if let Event::MachineChecked { verdicts } = event {
                verdicts.retain(|verdict| verdict.rule.id() != "MACHINE-NETWORK");
            }
        }
    });
    let violated = violated(files);
    assert!(
        violated.contains(&"MACHINE-EXAMINED".to_owned()),
        "{violated:?}"
    );
}

#[test]
fn a_yubikey_with_more_tries_than_three_when_it_was_set_up_or_when_it_signed_is_noticed() {
    let many = |tries: &mut PinTries| tries.puk.total = 255;
    let untold = |lines: &mut Vec<Line>| {
        for event in events(lines) {
            if let Event::Provisioned { tries, .. } = event {
                *tries = None;
            }
        }
    };
    let set_up = |lines: &mut Vec<Line>| {
        for event in events(lines) {
            if let Event::Provisioned { tries, .. } = event {
                tries.iter_mut().for_each(many);
            }
        }
    };
    let signing = |lines: &mut Vec<Line>| {
        let seen = events(lines).filter_map(|event| match event {
            Event::DeviceSeen { state, .. } => state.as_mut(),
            _ => None,
        });
        seen.filter_map(|state| state.tries.as_mut()).for_each(many);
    };
    assert!(violated(rewritten(untold)).contains(&"DEVICE-TRIES".to_owned()));
    assert!(violated(rewritten(set_up)).contains(&"DEVICE-TRIES".to_owned()));
    assert!(violated(rewritten(signing)).contains(&"DEVICE-TRIES".to_owned()));
}

#[test]
fn another_firmware_than_the_attested_one_is_noticed() {
    let forged = violated(rewritten(|lines| {
        for event in events(lines) {
            if let Event::DeviceSeen { firmware, .. } = event {
                *firmware = "9.9.9".to_owned();
            }
        }
    }));
    assert!(
        forged.contains(&"DEVICE-CONSISTENT".to_owned()),
        "{forged:?}"
    );
}

#[test]
fn a_document_dated_at_another_time_than_its_line_is_noticed() {
    let files = rewritten(|lines| {
        let place = lines
            .iter()
            .position(|(event, _)| matches!(event, Event::Proposed { .. }));
        for (_, time) in &mut lines[place.unwrap()..] {
            *time = time.plus(1, 0).unwrap();
        }
    });
    assert_eq!(violated(files), ["TRANSCRIPT-TIME", "BUNDLE-CLOSED"]);
}

#[test]
fn a_step_without_what_it_needs_is_no_ceremony_of_this_script() {
    let files = rewritten(|lines| {
        let mut kept = 0;
        lines.retain(|(event, _)| {
            kept += usize::from(matches!(event, Event::Signed { .. }));
            !matches!(event, Event::Signed { .. }) || kept < 5
        });
    });
    assert_eq!(violated(files), ["TRANSCRIPT-REPLAY"]);
}

#[test]
fn signatures_exchanged_between_holders_are_noticed() {
    let files = rewritten(|lines| {
        let mut signatures: Vec<(&mut KeyId, &mut Vec<u8>)> = events(lines)
            .filter_map(|event| match event {
                Event::Signed {
                    keyid, signature, ..
                } => Some((keyid, signature)),
                _ => None,
            })
            .collect();
        let [one, two, ..] = signatures.as_mut_slice() else {
            panic!("nobody signed")
        };
        std::mem::swap(one.0, two.0);
        std::mem::swap(one.1, two.1);
    });
    assert_eq!(violated(files), ["SIGNATURE-TWICE", "BUNDLE-CLOSED"]);
}

#[test]
fn a_signature_under_the_id_of_another_key_is_detected() {
    let files = rewritten(|lines| {
        let mut ids = events(lines).filter_map(|event| match event {
            Event::Signed { keyid, .. } => Some(keyid),
            _ => None,
        });
        let first = ids.next().unwrap();
        let other = ids.find(|keyid| *keyid != first).unwrap();
        std::mem::swap(first, other);
    });
    assert_eq!(violated(files), ["SIGNATURE-QUORUM", "BUNDLE-CLOSED"]);
}

#[test]
fn the_attestation_of_another_device_proves_nothing() {
    let files = rewritten(|lines| {
        let mut first = None;
        for event in events(lines) {
            if let Event::Attested {
                attestation,
                device,
                ..
            } = event
            {
                let (a, d) = *first.get_or_insert((*attestation, *device));
                (*attestation, *device) = (a, d);
            }
        }
    });
    let violated = violated(files);
    for rule in [
        "DEVICE-KEY",
        "DEVICE-SERIAL",
        "KEY-POSSESSION",
        "BUNDLE-DERIVED",
    ] {
        assert!(violated.contains(&rule.to_owned()), "{rule}: {violated:?}");
    }
}

#[test]
fn a_seal_cannot_put_its_own_file_in_the_place_of_one_that_follows_from_the_transcript() {
    let evil = honest()["policy.toml"].clone();
    for path in [
        "repositories/tuf-root/metadata/root.json",
        "report.html",
        "rehearsal/../report.html",
        "rehearsal//devices.json",
        "/etc/passwd",
        "notes.txt",
    ] {
        let attach = |lines: &mut Vec<Line>| {
            for event in events(lines) {
                if let Event::Sealed { attachments } = event {
                    attachments.insert(path.to_owned(), Digest::of(&evil));
                }
            }
        };
        let mut files = rewritten(attach);
        files.insert(path.to_owned(), evil.clone());
        let head = Chain::read(&files["transcript.jsonl"]).unwrap().head();
        list_anew(&mut files, &honest(), head);
        let violated = violated(files);
        assert!(
            violated.contains(&"BUNDLE-DERIVED".to_owned()),
            "{path}: {violated:?}"
        );
    }
}

#[test]
fn a_rehearsal_dressed_up_as_live_is_refused_for_its_devices_and_its_root() {
    let files = rewritten(|lines| {
        for event in events(lines) {
            if let Event::Opened { mode, .. } = event {
                *mode = Mode::Live;
            }
            if let Event::Sealed { attachments } = event {
                *attachments = BTreeMap::new();
            }
        }
    });
    let violated: Vec<_> = verdicts(files, false)
        .into_iter()
        .filter(Verdict::is_violated)
        .map(|verdict| verdict.rule.to_string())
        .collect();
    for rule in [
        "DEVICE-CHAIN",
        "MACHINE-EXAMINED",
        "ROOT-MARK",
        "BUNDLE-CLOSED",
    ] {
        assert!(violated.contains(&rule.to_owned()), "{rule}: {violated:?}");
    }
}

#[test]
fn a_transcript_of_another_format_is_not_read() {
    let files = rewritten(|lines| {
        for event in events(lines) {
            if let Event::Opened { format, .. } = event {
                *format = "keymoot-transcript-999".to_owned();
            }
        }
    });
    assert_eq!(violated(files), ["TRANSCRIPT-REPLAY"]);
}

#[test]
fn a_resumption_that_hides_which_program_continues_is_not_replayed() {
    for (name, another) in [("keymoot 999.0.0", false), ("", true)] {
        let files = rewritten(|lines| {
            let (first, time) = lines[0].clone();
            let Event::Opened { mut program, .. } = first else {
                panic!("{first:?}");
            };
            if !name.is_empty() {
                program.name = name.to_owned();
            }
            let resumed = Event::Resumed {
                cut: 0,
                program,
                another,
                settings: None,
            };
            lines.insert(1, (resumed, time));
        });
        assert_eq!(violated(files), ["TRANSCRIPT-REPLAY"]);
    }
}

#[test]
fn the_bill_of_materials_of_another_program_is_found() {
    let files = rewritten(|lines| {
        for event in events(lines) {
            if let Event::Opened { program, .. } = event {
                program.sha256 = Digest::of(b"another build");
            }
            if let Event::PlanRead {
                part: PlanPart::Program,
                digest,
            } = event
            {
                *digest = Digest::of(b"another build");
            }
        }
    });
    let violated = violated(files);
    assert!(violated.contains(&"BUNDLE-SBOM".to_owned()), "{violated:?}");
}
