//! Bundles that violate a rule of the machine, of a device, or of the key in it.

use keymoot_core::{Rule, digest::Digest};
use keymoot_record::transcript::Event;
use testkit::forger::Forger;

use super::{
    NO_ROW, Row,
    forging::{Forged, changed, later, policy, replaced, roster, tampered},
};
use crate::{forged::Line, story::state};

/// The digests of a holder's attestation and of the device's certificate.
fn evidence_of(forger: &mut Forger, of: &str) -> (Digest, Digest) {
    let mut found = forger.events().filter_map(|event| match event {
        Event::Attested {
            holder,
            attestation,
            device,
            ..
        } if holder.as_str() == of => Some((*attestation, *device)),
        _ => None,
    });
    found.next().unwrap()
}

fn change_evidence(forger: &mut Forger, of: &str, change: impl Fn(&mut Digest, &mut Digest)) {
    for event in forger.events() {
        if let Event::Attested {
            holder,
            attestation,
            device,
            ..
        } = event
            && holder.as_str() == of
        {
            change(attestation, device);
        }
    }
}

/// The certificates of another holder's key.
fn with_evidence_of_another() -> Forged {
    changed(|f| {
        let other = evidence_of(f, "holder-2");
        change_evidence(f, "holder-1", |attestation, device| {
            (*attestation, *device) = other;
        });
    })
}

/// Every key that was made, in order: whose it is, and by what events know it.
fn enrolments(forger: &mut Forger) -> Vec<(String, Vec<String>)> {
    let mut made: Vec<(String, Vec<String>)> = Vec::new();
    for event in forger.events() {
        match event {
            Event::KeyGenerated {
                holder,
                serial,
                spki,
                ..
            } => made.push((
                holder.to_string(),
                vec![format!("\"serial\":{serial}"), hex::encode(spki)],
            )),
            Event::Attested { attestation, .. } => {
                made.last_mut().unwrap().1.push(attestation.to_string());
            }
            _ => {}
        }
    }
    made
}

pub(super) fn row(rule: Rule) -> Row {
    Ok(match rule {
        Rule::MachineExamined => changed(|f| {
            for event in f.events() {
                if let Event::MachineChecked { verdicts } = event {
                    verdicts.pop();
                }
            }
        }),
        Rule::MachineResumed => changed(|f| {
            let Event::Opened { program, .. } = &f.lines[0].0 else {
                unreachable!()
            };
            let resumed = Event::Resumed {
                cut: 0,
                program: program.clone(),
                another: false,
                settings: None,
            };
            let is_turn = |line: &Line| matches!(line.0, Event::TurnBegun { .. });
            let place = f.lines.iter().position(is_turn).unwrap();
            f.lines.insert(place, (resumed, f.lines[place].1));
        }),
        Rule::DeviceExpected => roster(|text| {
            replaced(
                text,
                "handle = \"holder-1\"",
                "handle = \"holder-1\"\ndevices = [1]",
            );
        }),
        Rule::DeviceEvidence => tampered(|files| {
            let is_first = |path: &String| {
                path.starts_with("attestations/holder-1/") && path.ends_with("/attestation.pem")
            };
            let path = files.keys().find(|path| is_first(path)).unwrap().clone();
            files.remove(&path).unwrap();
        })
        .beside(&[Rule::BundleDerived]),
        Rule::DeviceTries => changed(|f| {
            for event in f.events() {
                if let Event::Provisioned { tries, .. } = event {
                    *tries = None;
                }
            }
        }),
        Rule::DeviceFirmware => policy(
            "minimum_firmware = \"5.7.4\"",
            "minimum_firmware = \"5.8.0\"",
        ),
        Rule::DeviceTrust => changed(|f| {
            let garbage = f.keep(b"no vendor".to_vec());
            for event in f.events() {
                if let Event::Sealed { attachments } = event {
                    attachments.insert("rehearsal/vendor/vendor.toml".to_owned(), garbage);
                }
            }
        }),
        Rule::KeyPossession => changed(|f| {
            f.stale = Some("holder-1");
            let note = Event::Note {
                text: "added afterwards".to_owned(),
            };
            let time = f.lines[0].1;
            f.lines.insert(1, (note, time));
        }),
        Rule::DeviceChain => changed(|f| {
            let (attestation, _) = evidence_of(f, "holder-1");
            let mut forged = f.object(&attestation).unwrap();
            *forged.last_mut().unwrap() ^= 1;
            let forged = f.keep(forged);
            change_evidence(f, "holder-1", |attestation, _| *attestation = forged);
        })
        .beside(&[Rule::BundleDerived]),
        Rule::DeviceKey => {
            with_evidence_of_another().beside(&[Rule::DeviceSerial, Rule::BundleDerived])
        }
        Rule::DeviceSerial => {
            with_evidence_of_another().beside(&[Rule::DeviceKey, Rule::BundleDerived])
        }
        Rule::KeyDistinct => later(1, |f| {
            let spare = enrolments(f).pop().unwrap();
            let other = enrolments(f)
                .into_iter()
                .find(|one| one.0 != spare.0)
                .unwrap();
            for event in f.events() {
                let mut text = serde_json::to_string(event).unwrap();
                for (from, to) in spare.1.iter().zip(&other.1) {
                    text = text.replace(from, to);
                }
                *event = serde_json::from_str(&text).unwrap();
            }
        }),
        Rule::KeyPublished => later(2, |f| {
            let gone = "previous/attestations/holder-9/";
            f.plan.inputs.retain(|path, _| !path.starts_with(gone));
        }),
        Rule::KeyRevoked => later(5, |f| {
            let stolen = state(4).revoked().keys()[0].serial;
            let entry = "handle = \"holder-4\"\n";
            replaced(
                &mut f.plan.roster,
                entry,
                &format!("{entry}devices = [{stolen}]\n"),
            );
        }),
        _ => return Err(NO_ROW),
    })
}
