//! Roots that would end the repository: clients refuse them, nobody can sign the next one, or they
//! last too long. All of them are roots that keymoot can read.

use std::fs;

use keymoot_core::Verdict;
use keymoot_tuf::Dialect;
use serde_json::{Value, json};

use super::{Wish, opened, refused};
use crate::signing_event::repository::{Change, Event, in_days};

/// An event of tuf-on-ci with a new root that somebody changed by hand.
fn with_root(change: impl FnOnce(&mut Value)) -> Event {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    let paths = Dialect::TufOnCi.paths("root", 2);
    let text = fs::read_to_string(event.tree().join(&paths[0])).unwrap();
    let mut root: Value = serde_json::from_str(&text).unwrap();
    change(&mut root["signed"]);
    for path in &paths {
        fs::write(event.tree().join(path), root.to_string()).unwrap();
    }
    event
}

/// One way to write a root by hand.
type Written = fn(&mut Value);

#[test]
fn what_clients_refuse_is_refused_before_anybody_signs() {
    let cases: [(&str, Written); 7] = [
        ("the threshold of \"root\" is 4", |root| {
            root["roles"]["root"]["threshold"] = json!(4);
        }),
        ("the threshold of \"targets\" is 9", |root| {
            root["roles"]["targets"]["threshold"] = json!(9);
        }),
        ("the threshold of \"snapshot\" is 2", |root| {
            root["roles"]["snapshot"]["threshold"] = json!(2);
        }),
        ("the threshold of \"timestamp\" is 1", |root| {
            root["roles"]["timestamp"]["keyids"] = json!(["00".repeat(32)]);
        }),
        ("spec_version is \"2.0.0\"", |root| {
            root["spec_version"] = json!("2.0.0");
        }),
        ("the root has a role \"mirrors\"", |root| {
            root["roles"]["mirrors"] = json!({"keyids": [], "threshold": 1});
        }),
        ("expires is ", |root| {
            let expires = root["expires"].as_str().unwrap().replace('Z', ".5Z");
            root["expires"] = json!(expires);
        }),
    ];
    for (words, change) in cases {
        refused(&with_root(change), "EVENT-CLIENTS", words);
    }
}

#[test]
fn a_period_that_the_event_removes_or_makes_too_long_permits_no_late_end() {
    const EXPIRY: &str = "x-tuf-on-ci-expiry-period";
    const SIGNING: &str = "x-tuf-on-ci-signing-period";
    let late = |root: &mut Value| root["expires"] = json!(in_days(5000).to_string());
    let removed = with_root(|root| {
        let members = root.as_object_mut().unwrap();
        for name in [EXPIRY, SIGNING] {
            members.remove(name).unwrap();
        }
        late(root);
    });
    refused(&removed, "EVENT-EXPIRY", "in 365 days");
    let longer = with_root(|root| {
        root[EXPIRY] = json!(36_500);
        late(root);
    });
    refused(&longer, "EVENT-EXPIRY", "in 1100 days");
    // The signing period may not hide it.
    let signing = with_root(|root| {
        root[SIGNING] = json!(36_500);
        late(root);
    });
    refused(&signing, "EVENT-EXPIRY", "in 365 days");
}

#[test]
fn a_longer_period_counts_at_once_as_tuf_on_ci_writes_it_and_the_holder_reads_it() {
    let event = with_root(|root| {
        root["x-tuf-on-ci-expiry-period"] = json!(450);
        root["expires"] = json!(in_days(450).to_string());
    });
    let (opened, verdicts) = opened(&event, Wish::default());
    assert!(!verdicts.iter().any(Verdict::is_violated), "{verdicts:#?}");
    let changes = opened.unwrap().documents[0].changes.join(" ");
    assert!(changes.contains("root: valid for 450 days"), "{changes}");
    assert!(changes.contains("(before: 365 and 60)"), "{changes}");
}

#[test]
fn a_document_that_another_one_makes_people_sign_says_that_nothing_in_it_changes() {
    // Both holders of targets signed it, and the new root demands a third.
    let event = with_root(|root| {
        let keyids = root["roles"]["root"]["keyids"].as_array().unwrap().clone();
        let targets = &mut root["roles"]["targets"];
        let mut all = targets["keyids"].as_array().unwrap().clone();
        all.extend(
            keyids
                .into_iter()
                .filter(|id| !targets["keyids"].as_array().unwrap().contains(id)),
        );
        targets["keyids"] = Value::Array(all);
        targets["threshold"] = json!(3);
    });
    let (opened, _) = opened(&event, Wish::default());
    let opened = opened.unwrap();
    let mut documents = opened.documents.iter();
    let targets = documents.find(|one| one.role == "targets").unwrap();
    assert_eq!(
        targets.changes,
        ["Nothing in it changes. It needs more signatures than it has."]
    );
}
