//! Changes that no scenario allows: a rule refuses them before a device is touched.

use keymoot::rehearsal::team;
use keymoot_core::{Verdict, digest::Digest, json::Json};
use keymoot_record::{
    ceremony::{Plan, PlanFiles, State, propose},
    rules::scenario::Document,
    transcript::Time,
};
use keymoot_tuf as tuf;
use keymoot_tuf::Dialect;
use serde_json::Value;

use crate::story::{files, left_by, plan_files, state};

const ROOT: &str = "previous/tuf-root/metadata/root.json";
pub(crate) const SEED: u64 = 7;

/// The rules that refuse a chapter's plan after a change.
pub(crate) fn refused(chapter: usize, change: impl FnOnce(&mut PlanFiles)) -> Vec<String> {
    let mut files = plan_files(chapter);
    change(&mut files);
    let verdicts = Plan::check(files).expect_err("it was accepted");
    verdicts
        .into_iter()
        .map(|verdict| verdict.rule.to_string())
        .collect()
}

/// Changes one file of the inputs, and its like in the history.
fn change_previous_root(files: &mut PlanFiles, change: impl Fn(&mut Vec<u8>)) {
    let version: Value = serde_json::from_slice(&files.inputs[ROOT]).unwrap();
    let version = &version["signed"]["version"];
    let history = format!("previous/tuf-root/metadata/root_history/{version}.root.json");
    for path in [ROOT, &history] {
        change(files.inputs.get_mut(path).unwrap());
    }
}

#[test]
fn the_chapters_plans_are_lawful_as_they_are() {
    for chapter in 1..=6 {
        assert!(Plan::check(plan_files(chapter)).is_ok(), "{chapter}");
    }
}

#[test]
fn a_previous_root_that_is_missing() {
    let refused = refused(2, |files| files.inputs.clear());
    // The root of tuf-crates is in the previous state: CRATES-GIVEN would ask for it.
    assert_eq!(refused, ["ROOT-PREVIOUS"]);
}

#[test]
fn a_previous_root_that_is_truncated() {
    let refused = refused(2, |files| {
        change_previous_root(files, |bytes| bytes.truncate(bytes.len() / 2));
    });
    assert_eq!(refused, ["ROOT-PREVIOUS"]);
}

#[test]
fn a_previous_root_that_is_signed_by_four() {
    let refused = refused(2, |files| {
        change_previous_root(files, |bytes| {
            let mut root: Value = serde_json::from_slice(bytes).unwrap();
            root["signatures"].as_array_mut().unwrap().truncate(4);
            *bytes = serde_json::to_vec(&root).unwrap();
        });
    });
    assert_eq!(refused, ["ROOT-PREVIOUS"]);
}

#[test]
fn a_previous_root_that_is_not_the_one_of_the_history() {
    let refused = refused(2, |files| {
        files.inputs.get_mut(ROOT).unwrap().push(b'\n');
    });
    assert_eq!(refused, ["ROOT-PREVIOUS"]);
}

#[test]
fn a_history_that_does_not_follow_from_the_trusted_root() {
    let refused = refused(2, |files| {
        let other = files.inputs["previous/tuf-crates/metadata/root.json"].clone();
        files.inputs.insert("trusted-root.json".to_owned(), other);
    });
    assert_eq!(refused, ["ROOT-NEWEST"]);
}

#[test]
fn a_policy_with_a_lower_threshold_or_other_periods_or_keys() {
    for (from, to) in [
        ("threshold = 5", "threshold = 6"),
        ("[root]\nexpiry_days = 455", "[root]\nexpiry_days = 400"),
        (
            "[targets]\nexpiry_days = 455",
            "[targets]\nexpiry_days = 400",
        ),
        ("role = \"nightly\"", "role = \"daily\""),
        ("threshold = 3\nperiods", "threshold = 2\nperiods"),
    ] {
        let refused = refused(2, |files| {
            assert!(files.policy.contains(from), "{from}");
            files.policy = files.policy.replace(from, to);
        });
        assert_eq!(refused, ["POLICY-PREVIOUS"], "{to}");
    }
}

#[test]
fn another_threshold_differs_from_the_root_and_from_the_targets_of_before() {
    let mut files = plan_files(2);
    files.policy = files.policy.replace("threshold = 5", "threshold = 6");
    let violated = Plan::check(files).unwrap_err();
    let told: Vec<_> = violated.iter().map(|verdict| &verdict.detail).collect();
    for role in ["root", "targets"] {
        let named = format!("the threshold of {role}");
        assert!(
            told.iter().any(|detail| detail.contains(&named)),
            "{told:?}"
        );
    }
}

#[test]
fn another_online_key_without_an_emergency() {
    let refused = refused(2, |files| files.policy = plan_files(4).policy);
    assert_eq!(refused, ["POLICY-PREVIOUS"]);
}

#[test]
fn a_delegation_that_was_widened_after_it_was_signed() {
    let refused = refused(2, |files| {
        let path = "previous/tuf-root/metadata/targets.json";
        let text = String::from_utf8(files.inputs[path].clone()).unwrap();
        let widened = text.replacen("crates/*", "*", 1);
        files.inputs.insert(path.to_owned(), widened.into_bytes());
    });
    assert_eq!(refused, ["DELEGATION-PREVIOUS"]);
}

#[test]
fn a_holder_who_vanishes() {
    let refused = refused(2, |files| {
        files.roster = files.roster.replace("\"holder-9\"", "\"holder-99\"");
    });
    assert_eq!(refused, ["ROSTER-CHANGE"]);
}

#[test]
fn somebody_who_comes_at_an_annual_signing() {
    let refused = refused(2, |files| files.roster = plan_files(3).roster);
    assert_eq!(refused, ["ROSTER-CHANGE"]);
}

#[test]
fn a_key_that_is_revoked_without_an_emergency() {
    let revocation = plan_files(4)
        .roster
        .split_once("[[revoke]]")
        .unwrap()
        .1
        .to_owned();
    let refused = refused(2, |files| {
        files.roster += &format!("\n[[revoke]]{revocation}");
    });
    assert_eq!(refused, ["ROSTER-CHANGE"]);
}

#[test]
fn a_holder_who_leaves_for_no_reason() {
    let refused = refused(3, |files| {
        let reason = "reason = \"the term is over (simulated)\"";
        assert!(files.roster.contains(reason));
        files.roster = files.roster.replacen(reason, "reason = \"\"", 1);
    });
    assert_eq!(refused, ["ROSTER-CHANGE"]);
}

#[test]
fn a_fourth_holder_of_the_same_employer() {
    let refused = refused(3, |files| {
        for group in ["D", "E", "F", "G"] {
            let employer = format!("\"Employer {group} (simulated)\"");
            files.roster = files.roster.replace(&employer, "\"one\"");
        }
    });
    assert_eq!(refused, ["ROSTER-EMPLOYER"]);
}

#[test]
fn one_device_under_two_holders() {
    let refused = refused(3, |files| {
        for handle in ["holder-5", "holder-6"] {
            let entry = format!("handle = \"{handle}\"\n");
            let with = format!("{entry}devices = [12345678]\n");
            files.roster = files.roster.replace(&entry, &with);
        }
    });
    assert!(
        refused.contains(&"ROSTER-DEVICES".to_owned()),
        "{refused:?}"
    );
}

#[test]
fn an_enrolment_that_is_published_under_another_holder() {
    let refused = refused(2, |files| {
        let moved: Vec<_> = files
            .inputs
            .iter()
            .filter_map(|(path, bytes)| {
                let rest = path.strip_prefix("previous/attestations/holder-5/")?;
                Some((
                    format!("previous/attestations/holder-6/{rest}"),
                    bytes.clone(),
                ))
            })
            .collect();
        files.inputs.extend(moved);
    });
    assert!(refused.contains(&"KEY-PUBLISHED".to_owned()), "{refused:?}");
}

#[test]
fn a_key_in_the_root_of_which_no_enrolment_was_published() {
    let refused = refused(2, |files| {
        files
            .inputs
            .retain(|path, _| !path.starts_with("previous/attestations/holder-9/"));
    });
    assert_eq!(refused, ["KEY-PUBLISHED"]);
}

#[test]
fn a_revoked_device_that_comes_back() {
    let stolen = state(4).revoked().keys()[0].serial;
    let refused = refused(5, |files| {
        let entry = "handle = \"holder-4\"\n";
        let with = format!("{entry}devices = [{stolen}]\n");
        files.roster = files.roster.replace(entry, &with);
    });
    assert_eq!(refused, ["KEY-REVOKED"]);
}

#[test]
fn a_revoked_key_that_is_in_the_previous_root() {
    let refused = refused(4, |files| {
        // As in a state of format 1, nobody signed the list.
        files
            .inputs
            .retain(|path, _| !path.starts_with("previous/tuf-root/metadata/targets.json"));
        files
            .inputs
            .retain(|path, _| !path.starts_with("previous/tuf-root/metadata/crates.json"));
        let list = &left_by(4)["previous/tuf-root/targets/revoked.json"];
        files
            .inputs
            .insert("previous/revoked.json".to_owned(), list.clone());
    });
    assert!(refused.contains(&"KEY-REVOKED".to_owned()), "{refused:?}");
}

/// A root of the simulated team, of this version.
pub(crate) fn team_root(seed: u64, version: u64) -> Vec<u8> {
    let made = Time::from_unix(1_800_000_000).unwrap();
    team::root(seed, version, made, Dialect::TufOnCi).unwrap()
}

#[test]
fn a_root_of_crates_io_that_does_not_follow_the_last() {
    for (seed, version) in [(SEED, 3), (SEED, 1), (SEED + 1, 2)] {
        let refused = refused(5, |files| {
            files
                .inputs
                .retain(|path, _| !path.starts_with("incoming/"));
            let path = "incoming/tuf-crates/new.root.json".to_owned();
            files.inputs.insert(path, team_root(seed, version));
        });
        // CRATES-GIVEN would say that none was given.
        assert_eq!(refused, ["CRATES-ROOT"], "{seed} {version}");
    }
}

#[test]
fn a_root_of_crates_io_on_another_occasion_and_none_on_its_own() {
    let brought = refused(2, |files| {
        let path = "incoming/tuf-crates/2.root.json".to_owned();
        files.inputs.insert(path, team_root(SEED, 2));
    });
    assert_eq!(brought, ["CRATES-GIVEN"]);
    let none = refused(5, |files| {
        files
            .inputs
            .retain(|path, _| !path.starts_with("incoming/"));
    });
    assert_eq!(none, ["CRATES-GIVEN"]);
}

/// The verdicts on a document that a chapter proposed, after a change of its signed
/// content.
fn judged(chapter: usize, document: Document, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let state: State = state(chapter);
    let path = format!("repositories/tuf-root/metadata/{}", document.name());
    let mut json: Value = serde_json::from_slice(&files(chapter)[&path]).unwrap();
    change(&mut json["signed"]);
    let text = serde_json::to_vec(&json["signed"]).unwrap();
    let signed: Json = keymoot_core::json::parse(&text, text.len()).unwrap();
    let changed = tuf::Document::unsigned(signed).unwrap();
    let made = state.documents[&document].made;
    propose::check(&state, document, &changed, made)
        .into_iter()
        .filter(Verdict::is_violated)
        .map(|verdict| verdict.rule.to_string())
        .collect()
}

#[test]
fn a_root_of_crates_io_that_expired_before_the_quorum_signs_it() {
    let violated = |chapter: usize| {
        let state = state(chapter);
        let path = "repositories/tuf-root/metadata/crates.json";
        let bytes = &files(chapter)[path];
        let document = tuf::Document::parse(bytes, bytes.len()).unwrap();
        // The simulated team's root is valid for a year.
        let made = state.documents[&Document::Crates]
            .made
            .plus(366, 0)
            .unwrap();
        let verdicts = propose::check(&state, Document::Crates, &document, made);
        let violated = verdicts.into_iter().filter(Verdict::is_violated);
        violated
            .map(|verdict| verdict.rule.to_string())
            .collect::<Vec<_>>()
    };
    let root = "CRATES-ROOT".to_owned();
    assert!(violated(1).contains(&root));
    // The quorum signed the root before: the annual signing brings none.
    assert!(!violated(2).contains(&root));
}

#[test]
fn what_was_proposed_violates_nothing() {
    for chapter in 1..=4 {
        for document in Document::ALL {
            assert_eq!(judged(chapter, document, |_| {}), [""; 0], "{chapter}");
        }
    }
}

#[test]
fn a_version_that_is_not_the_next() {
    for version in [1, 3] {
        let root = judged(2, Document::Root, |signed| {
            signed["version"] = version.into()
        });
        assert_eq!(root, ["ROOT-VERSION"]);
        let crates = judged(2, Document::Crates, |signed| {
            signed["version"] = version.into()
        });
        assert_eq!(crates, ["CRATES-VERSION"]);
    }
}

#[test]
fn an_expiry_beyond_or_before_the_bounds() {
    for expires in ["2026-12-01T00:00:00Z", "2036-12-01T00:00:00Z"] {
        let root = judged(2, Document::Root, |signed| {
            signed["expires"] = expires.into()
        });
        assert_eq!(root, ["ROOT-EXPIRY"]);
        let targets = judged(2, Document::Targets, |signed| {
            signed["expires"] = expires.into()
        });
        assert_eq!(targets, ["TARGETS-EXPIRY"]);
    }
}

#[test]
fn a_threshold_that_is_lowered() {
    let refused = judged(3, Document::Root, |signed| {
        signed["roles"]["root"]["threshold"] = 4.into();
    });
    assert_eq!(refused, ["ROOT-QUORUM", "ROOT-CHANGE"]);
}

#[test]
fn a_key_that_is_swapped_for_one_of_the_same_person_without_evidence() {
    let other = files(4)["repositories/tuf-root/metadata/root.json"].clone();
    let other: Value = serde_json::from_slice(&other).unwrap();
    let refused = judged(3, Document::Root, |signed| {
        // holder-4's spare, which is in no root yet.
        let of = |root: &Value| {
            let keys = root["keys"].as_object().unwrap();
            let found = keys
                .iter()
                .find(|(_, key)| key["x-tuf-on-ci-keyowner"] == "@holder-4");
            let (id, key) = found.unwrap();
            (id.clone(), key.clone())
        };
        let ((old, _), (new, key)) = (of(signed), of(&other["signed"]));
        let keys = signed["keys"].as_object_mut().unwrap();
        keys.remove(&old);
        keys.insert(new.clone(), key);
        for role in ["root", "targets"] {
            for id in signed["roles"][role]["keyids"].as_array_mut().unwrap() {
                if id.as_str() == Some(old.as_str()) {
                    *id = new.clone().into();
                }
            }
        }
    });
    assert_eq!(refused, ["ROOT-KEYS"]);
}

#[test]
fn a_key_id_that_is_renamed() {
    let refused = judged(2, Document::Root, |signed| {
        let text = signed.to_string();
        let id = signed["keys"]
            .as_object()
            .unwrap()
            .keys()
            .next()
            .unwrap()
            .clone();
        let renamed = Digest::of(id.as_bytes()).to_string();
        *signed = serde_json::from_str(&text.replace(&id, &renamed)).unwrap();
    });
    assert!(refused.contains(&"ROOT-CHANGE".to_owned()), "{refused:?}");
}

#[test]
fn a_delegation_path_that_is_widened_and_one_that_no_longer_terminates() {
    let widened = judged(2, Document::Targets, |signed| {
        signed["delegations"]["roles"][0]["paths"][0] = "*".into();
    });
    assert_eq!(widened, ["TARGETS-CHANGE", "DELEGATION-ROLES"]);
    let open = judged(2, Document::Targets, |signed| {
        signed["delegations"]["roles"][0]["terminating"] = false.into();
    });
    assert_eq!(open, ["TARGETS-CHANGE", "DELEGATION-ROLES"]);
}

#[test]
fn another_file_in_the_place_of_the_root_of_crates_io() {
    let refused = judged(5, Document::Crates, |signed| {
        signed["targets"]["crates/root.json"]["length"] = 1.into();
    });
    assert_eq!(refused, ["CRATES-FILE"]);
    let another = judged(2, Document::Crates, |signed| {
        signed["targets"]["crates/other.json"] = signed["targets"]["crates/root.json"].clone();
    });
    assert_eq!(another, ["CRATES-CHANGE", "CRATES-FILE"]);
}

#[test]
fn a_member_that_nobody_asked_for() {
    let refused = judged(2, Document::Root, |signed| {
        signed["x-more"] = "something".into();
    });
    assert_eq!(refused, ["ROOT-MARK", "ROOT-CHANGE"]);
}
