//! For every rule a bundle that violates it and, signed again by all holders, no other rule.
//!
//! Anyone who switches a rule off makes its line of the table fail. Where no bundle can violate a
//! rule, the table says why, and which tests do.

use std::{collections::BTreeSet, fs, path::Path, sync::OnceLock};

use keymoot_attestation::TrustStore;
use keymoot_core::{Rule, Verdict, digest::Digest};
use keymoot_record::{
    bundle::{self, AFTER_THE_SEAL, Bundle, Expectations, ExpectedFiles, Files},
    expectation::ExpectationSet,
    transcript::{Chain, Event, PlanPart, Time},
};
use serde_json::{Value, json};

use testkit::forger::Forger;

use crate::{
    forged::{Line, MANIFEST},
    story::{chapter, chapter_folder, state},
    unlawful::{SEED, team_root},
};

/// The honest bundle, signed again without a change.
fn unchanged() -> Files {
    static UNCHANGED: OnceLock<Files> = OnceLock::new();
    let files = UNCHANGED.get_or_init(|| Forger::shared().forge());
    files.clone()
}

/// The input of a verifier, and its expected output.
struct Forged {
    files: Files,
    expected: Expectations,
    /// Rules that are always violated together with it.
    beside: &'static [Rule],
}

impl From<Files> for Forged {
    fn from(files: Files) -> Self {
        Self {
            files,
            expected: Expectations {
                rehearsal: true,
                ..Expectations::default()
            },
            beside: &[],
        }
    }
}

impl Forged {
    fn expecting(mut self, expect: impl FnOnce(&mut Expectations)) -> Self {
        expect(&mut self.expected);
        self
    }

    fn beside(mut self, beside: &'static [Rule]) -> Self {
        self.beside = beside;
        self
    }

    /// The words of the violations.
    fn told(&self) -> String {
        let violated = self.verdicts().into_iter();
        let told = violated.map(|verdict| format!("  {}: {}", verdict.rule, verdict.detail));
        told.collect::<Vec<_>>().join("\n")
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let bundle = Bundle::of(self.files.clone());
        let mut verdicts = bundle::verify(&bundle, &self.expected, &TrustStore::vendor().unwrap());
        verdicts.retain(Verdict::is_violated);
        verdicts
    }

    /// The rules that it violates.
    fn violated(&self) -> BTreeSet<String> {
        let verdicts = self.verdicts().into_iter();
        verdicts.map(|verdict| verdict.rule.to_string()).collect()
    }
}

/// A rule that the table does not know.
const NO_ROW: &str = "no row";

/// A forged bundle; or why there is none.
type Row = Result<Forged, &'static str>;

fn changed(change: impl FnOnce(&mut Forger)) -> Forged {
    let mut forger = Forger::shared();
    change(&mut forger);
    forger.forge().into()
}

fn replaced(text: &mut String, from: &str, to: &str) {
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
}

fn script(from: &str, to: &str) -> Forged {
    changed(|forger| replaced(&mut forger.plan.script, from, to))
}

fn policy(from: &str, to: &str) -> Forged {
    changed(|forger| replaced(&mut forger.plan.policy, from, to))
}

fn roster(change: impl FnOnce(&mut String)) -> Forged {
    changed(|forger| change(&mut forger.plan.roster))
}

/// Gives the first holders the same value of a field.
fn same(roster: &mut String, field: &str, holders: usize, value: &str) {
    let mut left = holders;
    let lines = roster.lines().map(|line| match line.split_once(" = ") {
        Some((name, _)) if name == field && left > 0 => {
            left -= 1;
            format!("{field} = \"{value}\"")
        }
        _ => line.to_owned(),
    });
    *roster = lines.collect::<Vec<_>>().join("\n") + "\n";
}

/// A file that the policy has the quorum sign.
fn authorised(kind: &str) -> String {
    format!("\n[[authorised]]\npath = \"key.pem\"\nkind = \"{kind}\"\n")
}

/// A document with another content, which then differs from the program's own draft.
fn redrafted(document: &str, change: impl FnOnce(&mut Value)) -> Forged {
    changed(|forger| forger.redraft(document, change)).beside(&[Rule::RootDraft])
}

/// A document of an annual signing with another content than before.
fn revised(document: &str, change: impl FnOnce(&mut Value)) -> Forged {
    later(2, |forger| forger.redraft(document, change))
}

/// A later ceremony of the story.
fn later(number: usize, change: impl FnOnce(&mut Forger)) -> Forged {
    let mut forger = Forger::of(&chapter_folder(number), &chapter(number));
    change(&mut forger);
    forger.forge().into()
}

/// The honest bundle with a changed file, closed again.
fn tampered(change: impl FnOnce(&mut Files)) -> Forged {
    let forger = Forger::shared();
    let mut files = unchanged();
    change(&mut files);
    let head = Chain::read(&files["transcript.jsonl"]).map(|chain| chain.head());
    let head = head.unwrap_or(Digest::of(b"broken"));
    forger.close(files, head).into()
}

fn later_by(time: Time, seconds: i64) -> Time {
    Time::from_unix(time.unix() + seconds).unwrap()
}

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

/// A rule that no forged bundle of a rehearsal violates alone.
struct Elsewhere {
    why: &'static str,
    /// The file of the test that fails without the rule.
    test: &'static str,
}

/// The transcript of a rehearsal's bundle does not show it: why, and where it is tested.
fn elsewhere(rule: Rule) -> Option<Elsewhere> {
    const LIVE: &str = "a rehearsal is not asked";
    const NEVER: &str = "it has something to tell and is never violated";
    const CERTIFICATE: &str = "it needs a certificate that the simulated vendor issues for no key";
    let (why, test) = match rule {
        Rule::MachineExamined | Rule::MachineResumed => return None,
        Rule::MachineWatch => (LIVE, "test-vendor/tests/live/forged.rs"),
        Rule::TranscriptExpected => (LIVE, "test-vendor/tests/live/forged.rs"),
        Rule::PlanLive => (LIVE, "test-vendor/tests/live/forged.rs"),
        Rule::RosterRecipient => (LIVE, "test-vendor/tests/live/forged.rs"),
        Rule::TranscriptSettings => (
            "of a live ceremony's folder",
            "test-vendor/tests/live/settings.rs",
        ),
        Rule::TranscriptProgram => (NEVER, "tests/ceremony/program.rs"),
        Rule::BundleAccount => (NEVER, "tests/ceremony/revisions.rs"),
        Rule::QuorumPresent => (
            "TRANSCRIPT-REPLAY refuses a step that ends without its quorum",
            "tests/screens/occasions.rs",
        ),
        Rule::BundlePrevious => (
            "a ceremony does not start from such a bundle, and what it left is not in the next",
            "tests/golden/main.rs",
        ),
        Rule::BundleFork => ("of two bundles", "tests/ceremony/administrators.rs"),
        Rule::DeviceDistinct | Rule::DeviceEnrolled => (
            "the device is gone; KEY-DISTINCT and the signatures say the same",
            "tests/screens/mishaps.rs",
        ),
        Rule::DeviceOrigin | Rule::DeviceExportable => (CERTIFICATE, "tests/attest/yubihsm.rs"),
        Rule::DeviceAudit => (CERTIFICATE, "tests/device/yubihsm/audit.rs"),
        Rule::DeviceConsistent | Rule::DeviceValidity => (CERTIFICATE, "tests/attest/shapes.rs"),
        Rule::DeviceSlot
        | Rule::DevicePin
        | Rule::DeviceTouch
        | Rule::DeviceRights
        | Rule::KeyAlgorithm => (CERTIFICATE, "tests/attest/rules.rs"),
        Rule::RequestRead | Rule::AnswerRead => (
            "of files that holders apart exchange",
            "tests/ceremony/every_byte.rs",
        ),
        Rule::RequestAsked => (APART, "tests/ceremony/apart/requests.rs"),
        Rule::RequestDerived => (APART, "tests/ceremony/apart/occasions.rs"),
        Rule::EventUnchanged => (EVENT, "tests/ceremony/signing_event/by_hand.rs"),
        Rule::EventLayout => (EVENT, "tests/ceremony/signing_event/refused/checkouts.rs"),
        Rule::EventKeys | Rule::EventSignatures | Rule::EventOwed => {
            (EVENT, "tests/ceremony/signing_event/refused/keys.rs")
        }
        rule => match rule.family() {
            "MACHINE" => (
                "the machine is gone; MACHINE-EXAMINED believes the record",
                "crates/record/src/rules/machine/tests.rs",
            ),
            "ANSWER" => (APART, "tests/ceremony/apart/answers.rs"),
            "EVENT" => (EVENT, "tests/ceremony/signing_event/refused/changes.rs"),
            "RECEIPT" => (EVENT, "tests/ceremony/signing_event/mod.rs"),
            "WITNESS" => ("of files beside a bundle", "tests/ceremony/witness.rs"),
            "AUDIT" => (
                "of published repositories and mirrors",
                "tests/tuf_verify/audit.rs",
            ),
            "EXPORT" => ("of a working tree", "tests/ceremony/export.rs"),
            "TREE" => ("of a published repository", "tests/ceremony/tree.rs"),
            "EXPECTATIONS" => (
                "of the verifier's own file",
                "crates/record/src/expectation/mod.rs",
            ),
            _ => return None,
        },
    };
    Some(Elsewhere { why, test })
}

const APART: &str = "of turns away from the table";
const EVENT: &str = "of other tools' repositories";

/// Whether tests in this file name the rule: by its id, or by its variant.
fn is_tested(rule: Rule, file: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(&path).unwrap_or_default();
    // Beside the code, the tests are what follows the name of their module.
    let tests = match file.contains("/src/") && !file.ends_with("/tests.rs") {
        true => text
            .split_once("mod tests {")
            .map_or("", |(_, tests)| tests),
        false => &text,
    };
    [rule.id().to_owned(), format!("Rule::{rule:?}")]
        .iter()
        .any(|name| {
            let mut places = tests.match_indices(name.as_str());
            places.any(|(place, _)| {
                let next = tests[place + name.len()..].chars().next();
                next.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-')
            })
        })
}

fn row(rule: Rule) -> Row {
    if let Some(elsewhere) = elsewhere(rule) {
        return Err(elsewhere.why);
    }
    Ok(match rule {
        Rule::ScriptRead => changed(|f| f.plan.script.insert_str(0, "unknown = 1\n")),
        Rule::ScriptIds => script("id = \"room\"", "id = \"Room\""),
        Rule::ScriptFields => script("minutes = 5", "minutes = 481"),
        Rule::ScriptOrder => script("kind = \"export\"", "kind = \"confirm\""),
        Rule::ScriptDocuments => changed(|f| {
            f.plan.script = f.plan.script.replace(
                "[\"root.json\", \"targets.json\", \"crates.json\"]",
                "[\"root.json\", \"crates.json\"]",
            );
        }),
        Rule::ScriptExpected => changed(without_last_words).expecting(|expected| {
            expected.plan = ExpectationSet::shipped("rfc-3724");
        }),
        Rule::PolicyRead => changed(|f| f.plan.policy.insert_str(0, "unknown = 1\n")),
        Rule::PolicyBounds => policy("clock_margin_minutes = 60", "clock_margin_minutes = 0"),
        Rule::PolicyOnline => changed(|f| {
            let online = f.plan.policy.find("[online]").unwrap();
            let key = online + f.plan.policy[online..].find("MFkw").unwrap();
            f.plan.policy.replace_range(key..key + 4, "AAAA");
        }),
        Rule::PolicyReach => policy(
            "role = \"nightly\"\n",
            "role = \"nightly\"\npaths = [\"release/nightly\"]\n",
        ),
        Rule::PolicyPrevious => later(2, |f| {
            replaced(
                &mut f.plan.policy,
                "[root]\nexpiry_days = 455",
                "[root]\nexpiry_days = 400",
            );
        }),
        Rule::PolicyExpected => Forged::from(unchanged()).expecting(|expected| {
            let text = include_str!("../../ceremony-scripts/expectations/rfc-3724.toml");
            let stricter = text.replace("root = 455", "root = 100");
            assert_ne!(stricter, text);
            expected.plan = Some(ExpectationSet::parse(&stricter).unwrap());
        }),
        Rule::RosterRead => changed(|f| f.plan.roster.insert_str(0, "unknown = 1\n")),
        Rule::RosterSize => roster(|text| {
            let last = text.rfind("[[holder]]").unwrap();
            text.truncate(last);
        }),
        Rule::RosterDistinct => roster(|text| same(text, "handle", 2, "holder-1")),
        Rule::RosterDevices => roster(|text| {
            for holder in ["holder-1", "holder-2"] {
                let handle = format!("handle = \"{holder}\"");
                replaced(text, &handle, &format!("{handle}\ndevices = [1]"));
            }
        }),
        Rule::RosterEmployer => roster(|text| same(text, "employer", 4, "One Company")),
        Rule::RosterCountry => roster(|text| same(text, "country", 4, "XA")),
        Rule::RosterComplete => roster(|text| same(text, "name", 1, "")),
        Rule::RosterExpected => Forged::from(unchanged()).expecting(|expected| {
            expected.files = ExpectedFiles {
                roster: Some(Digest::of(b"another roster")),
                ..ExpectedFiles::default()
            };
        }),
        Rule::RosterChange => later(2, |f| {
            f.plan.roster = f.plan.roster.replace("\"holder-9\"", "\"holder-99\"");
        }),
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
        Rule::PlanRead => changed(|f| {
            f.lines.retain(|(event, _)| {
                !matches!(
                    event,
                    Event::PlanRead {
                        part: PlanPart::Script,
                        ..
                    }
                )
            });
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
        Rule::RootPrevious => later(2, |f| {
            let path = "previous/tuf-root/metadata/root.json";
            f.plan.inputs.get_mut(path).unwrap().push(b'\n');
        }),
        Rule::RootNewest => later(2, |f| {
            let other = f.plan.inputs["previous/tuf-crates/metadata/root.json"].clone();
            f.plan.inputs.insert("trusted-root.json".to_owned(), other);
        }),
        Rule::CratesRoot => later(5, |f| {
            f.plan
                .inputs
                .retain(|path, _| !path.starts_with("incoming/"));
            let path = "incoming/tuf-crates/new.root.json".to_owned();
            f.plan.inputs.insert(path, team_root(SEED + 1, 2));
        })
        .beside(&[Rule::CratesGiven]),
        Rule::CratesGiven => later(5, |f| {
            f.plan
                .inputs
                .retain(|path, _| !path.starts_with("incoming/"));
        }),
        Rule::DelegationPrevious => later(2, |f| {
            let path = "previous/tuf-root/metadata/targets.json";
            let text = String::from_utf8(f.plan.inputs[path].clone()).unwrap();
            let widened = text.replacen("crates/*", "*", 1);
            f.plan.inputs.insert(path.to_owned(), widened.into_bytes());
        }),
        Rule::AuthorisedGiven => changed(|f| f.plan.policy += &authorised("file")),
        Rule::AuthorisedKind => changed(|f| {
            f.plan.policy += &authorised("public-key");
            let path = "incoming/authorised/key.pem".to_owned();
            f.plan.inputs.insert(path, b"no key".to_vec());
        }),
        Rule::RevokedAuthorised => later(5, |f| {
            let list = "previous/tuf-root/targets/revoked.json";
            f.plan.inputs.remove(list).unwrap();
        }),
        Rule::BundleInputs => later(2, |f| {
            let path = "previous/tuf-root/targets/evil.bin".to_owned();
            f.plan.inputs.insert(path, b"nobody checks it".to_vec());
        }),
        Rule::RootKeys => redrafted("root.json", |root| {
            let keys = root["keys"].as_object_mut().unwrap().values_mut();
            let mut owners = keys.filter_map(|key| key.get_mut("x-tuf-on-ci-keyowner"));
            *owners.next().unwrap() = "@holder-99".into();
        })
        .beside(&[Rule::RootDraft, Rule::RootChange]),
        Rule::SignatureTwice => changed(|f| f.wrong = Some("holder-9")),
        Rule::SignatureQuorum => changed(|f| {
            let ids: Vec<_> = f
                .events()
                .filter_map(|event| match event {
                    Event::Signed { keyid, .. } => Some(keyid.clone()),
                    _ => None,
                })
                .collect();
            let other = ids.iter().find(|id| **id != ids[0]).unwrap().clone();
            for event in f.events() {
                if let Event::Signed { keyid, .. } = event
                    && *keyid == ids[0]
                {
                    keyid.clone_from(&other);
                }
            }
        }),
        Rule::RootDraft => redrafted("targets.json", |doc| doc["spec_version"] = "1.0.1".into()),
        Rule::RootVersion => redrafted("root.json", |root| root["version"] = 2.into()),
        Rule::RootExpiry => redrafted("root.json", |root| {
            root["expires"] = "2040-01-01T00:00:00Z".into();
        }),
        Rule::RootQuorum => redrafted("root.json", |root| {
            root["roles"]["root"]["threshold"] = 4.into();
        }),
        Rule::RootOnline => redrafted("root.json", |root| {
            let targets = root["roles"]["targets"]["keyids"][0].clone();
            root["roles"]["timestamp"]["keyids"] = json!([targets]);
        }),
        Rule::RootSnapshot => redrafted("root.json", |root| {
            root["consistent_snapshot"] = false.into();
        }),
        Rule::RootMark => redrafted("root.json", |root| {
            root.as_object_mut().unwrap().remove("x-keymoot-rehearsal");
        }),
        Rule::RootChange => revised("root.json", |root| {
            root["roles"]["root"]["threshold"] = 4.into();
        })
        .beside(&[Rule::RootDraft, Rule::RootQuorum]),
        Rule::TargetsVersion => redrafted("targets.json", |doc| doc["version"] = 2.into()),
        Rule::TargetsExpiry => redrafted("targets.json", |doc| {
            doc["expires"] = "2040-01-01T00:00:00Z".into();
        }),
        Rule::TargetsMark => redrafted("targets.json", |doc| {
            doc.as_object_mut().unwrap().remove("x-keymoot-rehearsal");
        }),
        Rule::TargetsChange => revised("targets.json", |doc| {
            doc["delegations"]["roles"][0]["paths"][0] = "*".into();
        })
        .beside(&[Rule::RootDraft, Rule::DelegationRoles]),
        Rule::CratesFile => redrafted("crates.json", |doc| {
            doc["targets"]["crates/root.json"]["length"] = 1.into();
        }),
        Rule::CratesVersion => redrafted("crates.json", |doc| doc["version"] = 2.into()),
        Rule::CratesExpiry => redrafted("crates.json", |doc| {
            doc["expires"] = "2040-01-01T00:00:00Z".into();
        }),
        Rule::CratesMark => redrafted("crates.json", |doc| {
            doc.as_object_mut().unwrap().remove("x-keymoot-rehearsal");
        }),
        Rule::CratesChange => revised("crates.json", |doc| {
            doc["targets"]["crates/other.json"] = doc["targets"]["crates/root.json"].clone();
        })
        .beside(&[Rule::RootDraft, Rule::CratesFile]),
        Rule::DelegationRoles => redrafted("targets.json", |doc| {
            doc["delegations"]["roles"][0]["threshold"] = 4.into();
        }),
        Rule::DelegationFiles => redrafted("targets.json", |doc| {
            let file = json!({"length": 1, "hashes": {"sha256": "00".repeat(32)}});
            doc["targets"]["more.txt"] = file;
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

/// A script without the step that asks for last words, and a ceremony that did not have it.
fn without_last_words(forger: &mut Forger) {
    let script = &mut forger.plan.script;
    let begin = script.find("[[act.step]]\nid = \"last-words\"").unwrap();
    let rest = script[begin + 1..].find("[[act.step]]").unwrap();
    script.replace_range(begin..=begin + rest, "");
    forger.lines.retain(|(event, _)| {
        let step = match event {
            Event::StepBegun { step } | Event::StepDone { step } => step,
            Event::Confirmed { step, .. } => step,
            _ => return true,
        };
        step != "last-words"
    });
}

#[test]
fn what_is_signed_again_without_a_change_violates_nothing() {
    assert_eq!(Forged::from(unchanged()).violated(), BTreeSet::new());
    assert_eq!(later(2, |_| {}).violated(), BTreeSet::new());
}

#[test]
fn a_manifest_in_another_order_is_found_although_all_holders_signed_it() {
    let (forger, files) = (Forger::shared(), unchanged());
    let head = Chain::read(&files["transcript.jsonl"]).unwrap().head();
    let closed = forger.close_with(files, |manifest| {
        manifest["head"] = head.to_string().into();
        manifest["files"].as_array_mut().unwrap().reverse();
    });
    let forged = Forged::from(closed);
    assert_eq!(
        forged.violated(),
        BTreeSet::from(["BUNDLE-DERIVED".to_owned()])
    );
    assert!(forged.told().contains(MANIFEST), "{}", forged.told());
}

// With rules switched off beside it, it would fail by chance.
#[cfg(not(mutants))]
#[test]
fn for_every_rule_there_is_a_bundle_that_violates_it_alone_or_a_reason() {
    let (mut wrong, mut forged, mut excepted) = (Vec::new(), 0, Vec::new());
    for rule in Rule::ALL.iter().copied() {
        match row(rule) {
            Err(NO_ROW) => wrong.push(format!("{rule}: no forged bundle, and no reason for none")),
            Err(why) => {
                let test = elsewhere(rule).map_or("", |elsewhere| elsewhere.test);
                if !is_tested(rule, test) {
                    wrong.push(format!("{rule}: {test} does not test it"));
                }
                excepted.push(format!("{rule}: {why}: {test}"));
            }
            Ok(bundle) => {
                let mut violated = bundle.violated();
                let found = violated.remove(rule.id());
                for beside in bundle.beside {
                    if *beside != rule && !violated.remove(beside.id()) {
                        wrong.push(format!("{rule}: {beside} holds, and is listed beside it"));
                    }
                }
                forged += 1;
                if !found || !violated.is_empty() {
                    let told = bundle.told();
                    wrong.push(format!("{rule}: found {found}, and {violated:?}\n{told}"));
                }
            }
        }
    }
    println!(
        "{forged} forged, {} excepted:\n{}",
        excepted.len(),
        excepted.join("\n")
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// With a rule switched off its bundle must pass: then nothing else refuses it, and anyone who
/// loses the rule sees a failure in the table above.
#[cfg(mutants)]
#[test]
fn no_rule_can_be_switched_off_unnoticed() {
    use keymoot_core::mutant::switch_off;
    let (mut off, mut survivors) = (0, Vec::new());
    for rule in Rule::ALL {
        let Ok(bundle) = row(*rule) else { continue };
        switch_off(Some(*rule));
        let noticed = !bundle.violated().contains(rule.id());
        switch_off(None);
        off += 1;
        if !noticed {
            survivors.push(rule.id());
        }
    }
    println!(
        "{off} rules switched off one by one, {} survivors",
        survivors.len()
    );
    assert!(survivors.is_empty(), "{survivors:?}");
}
