//! Bundles that violate a rule of the record itself: of the transcript, or of the bundle's files.

use keymoot_core::{Rule, digest::Digest};
use keymoot_record::{
    bundle::AFTER_THE_SEAL,
    transcript::{Chain, Event, Time},
};
use testkit::forger::Forger;

use super::{
    NO_ROW, Row,
    forging::{Forged, changed, later, tampered, unchanged},
};
use crate::forged::{Line, MANIFEST};

fn later_by(time: Time, seconds: i64) -> Time {
    Time::from_unix(time.unix() + seconds).unwrap()
}

pub(super) fn row(rule: Rule) -> Row {
    Ok(match rule {
        Rule::BundleInputs => later(2, |f| {
            let path = "previous/tuf-root/targets/evil.bin".to_owned();
            f.plan.inputs.insert(path, b"nobody checks it".to_vec());
        }),
        Rule::TranscriptChain => tampered(|files| {
            let text = files.get_mut("transcript.jsonl").unwrap();
            let first = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            text.drain(..first);
        }),
        Rule::TranscriptReplay => changed(|f| {
            let is_last_turn = |line: &Line| matches!(line.0, Event::RollCalled { .. });
            let place = f.lines.iter().position(is_last_turn).unwrap();
            f.lines.remove(place);
        }),
        Rule::TranscriptTime => changed(|f| {
            let is_proposal = |line: &Line| matches!(line.0, Event::Proposed { .. });
            let place = f.lines.iter().position(is_proposal).unwrap();
            for (_, time) in f.lines.iter_mut().skip(place) {
                *time = later_by(*time, 1_000);
            }
        }),
        Rule::BundleManifest => {
            let forger = Forger::shared();
            let files = unchanged();
            let mut manifest = files[MANIFEST].clone();
            manifest.push(b'\n');
            forger.signed(files, manifest).into()
        }
        Rule::BundleFiles => {
            let (forger, files) = (Forger::shared(), unchanged());
            let head = Chain::read(&files["transcript.jsonl"]).unwrap().head();
            let closed = forger.close_with(files, |manifest| {
                manifest["head"] = head.to_string().into();
                manifest["files"][0]["size"] = 1.into();
            });
            closed.into()
        }
        Rule::BundleMode => {
            Forged::from(unchanged()).expecting(|expected| expected.rehearsal = false)
        }
        Rule::BundleHead => changed(|f| drop(f.lines.pop())),
        Rule::BundleDerived => tampered(|files| {
            files
                .get_mut("report.md")
                .unwrap()
                .extend(b"\nAll went well.\n");
        }),
        Rule::BundleSbom => changed(|f| {
            let Event::Opened { program, .. } = &f.lines[0].0 else {
                unreachable!()
            };
            let text = String::from_utf8(f.object(&program.sbom).unwrap()).unwrap();
            let other = text.replace(&program.sha256.to_string(), &"0".repeat(64));
            assert_ne!(other, text);
            let other = f.keep(other.into_bytes());
            for event in f.events() {
                if let Event::Opened { program, .. } = event {
                    program.sbom = other;
                }
            }
        }),
        Rule::BundleComplete => {
            Forged::from(unchanged()).expecting(|expected| expected.ended = true)
        }
        Rule::BundleAfter => {
            let mut files = unchanged();
            files.insert(AFTER_THE_SEAL.to_owned(), b"{}\n".to_vec());
            files.into()
        }
        Rule::BundleClosed => changed(|f| f.closers = 4),
        Rule::BundleTrusted => Forged::from(unchanged()).expecting(|expected| {
            let other = unchanged()["repositories/tuf-crates/metadata/root.json"].clone();
            expected.trusted_root = Some(other);
        }),
        Rule::BundlePublished => Forged::from(unchanged()).expecting(|expected| {
            expected.published = Some(Digest::of(b"another head"));
        }),
        _ => return Err(NO_ROW),
    })
}
