//! Changes that no event may make: of other versions than the next, of other roles than its own,
//! with an open invitation, with an expiry that is too late, with the mark of a rehearsal.

use std::fs;

use keymoot_core::Verdict;
use keymoot_tuf::Dialect;

use super::{Wish, changed, opened, refused, refused_with};
use crate::signing_event::repository::{Change, Event, State, in_days};

#[test]
fn a_root_that_does_not_follow_the_bases_is_refused() {
    for dialect in Dialect::ALL {
        let event = changed(dialect, Change::Rotation, |state| state.root.version = 3);
        // The second version of the event as it was is no part of it any more.
        for path in dialect.paths("root", 2) {
            if path.contains("root_history") {
                fs::remove_file(event.tree().join(path)).unwrap();
            }
        }
        refused(
            &event,
            "EVENT-ROOT",
            "after root version 1 of the base comes version 2, not 3",
        );
    }
}

#[test]
fn a_history_that_differs_from_the_bases_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    fs::write(event.tree().join("metadata/root_history/1.root.json"), "{}").unwrap();
    let (_, verdicts) = opened(&event, Wish::default());
    let violated: Vec<_> = verdicts
        .iter()
        .filter(|v| v.is_violated())
        .map(|v| v.rule.id())
        .collect();
    assert!(violated.contains(&"EVENT-ROOT"), "{violated:?}");
}

#[test]
fn a_version_that_is_not_the_next_is_refused() {
    let event = changed(Dialect::TufCi, Change::Targets, |state| {
        state.targets.version = 3
    });
    refused(
        &event,
        "EVENT-VERSION",
        "targets.json is version 3, and the base has version 1",
    );
}

#[test]
fn a_change_outside_of_the_branchs_role_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Both, "sign/root-v2");
    let wish = || Wish {
        branch: Some("sign/root-v2"),
        ..Wish::default()
    };
    refused_with(
        &event,
        wish(),
        "EVENT-ROLE",
        "the branch is for root, and targets.json changes",
    );
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/root-v3");
    let wish = Wish {
        branch: Some("sign/root-v3"),
        ..Wish::default()
    };
    refused_with(
        &event,
        wish,
        "EVENT-ROLE",
        "the branch is for version 3 of root, and it is version 2",
    );
}

#[test]
fn a_change_that_the_holder_did_not_name_is_refused() {
    let event = Event::new(Dialect::Tufops, Change::Both, "sign/both");
    let wish = |roles: &[&str]| Wish {
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        ..Wish::default()
    };
    refused_with(
        &event,
        wish(&["root"]),
        "EVENT-ROLE",
        "targets.json changes, which --role does not name",
    );
    let (_, verdicts) = opened(&event, wish(&["root", "targets"]));
    assert!(!verdicts.iter().any(Verdict::is_violated));
}

#[test]
fn a_change_of_an_online_document_or_of_an_unlisted_file_is_refused() {
    for (name, words) in [
        ("timestamp.json", "the online service alone signs"),
        ("more.json", "no role that people sign for"),
    ] {
        let event = Event::new(Dialect::TufOnCi, Change::Targets, "sign/event");
        fs::write(event.tree().join("metadata").join(name), "{}").unwrap();
        refused(&event, "EVENT-ROLE", words);
    }
}

#[test]
fn an_open_invitation_is_refused_in_both_tools_that_have_them() {
    for (dialect, state, words) in [
        (
            Dialect::TufOnCi,
            r#"{"invites": {"@holder-4": ["root"]}}"#,
            "@holder-4 is invited to sign for root",
        ),
        (
            Dialect::TufCi,
            r#"{"pending": {"targets": {}}}"#,
            "the configuration of targets waits",
        ),
        // A state that cannot be read may be an invitation.
        (Dialect::TufOnCi, "null", "the state: null where an object"),
        (
            Dialect::TufOnCi,
            r#"{"invites": ["@holder-4"]}"#,
            "the state.invites: an array where an object",
        ),
        (
            Dialect::TufCi,
            r#"{"pending": "targets"}"#,
            "the state.pending: a string where an object",
        ),
    ] {
        let event = Event::new(dialect, Change::Rotation, "sign/event");
        fs::write(event.tree().join(dialect.event_state().unwrap()), state).unwrap();
        refused(&event, "EVENT-STATE", words);
    }
}

#[test]
fn a_state_that_cannot_be_read_is_no_invitation_for_which_a_holder_would_wait() {
    for state in ["nonsense", "null"] {
        let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
        let path = Dialect::TufOnCi.event_state().unwrap();
        fs::write(event.tree().join(path), state).unwrap();
        let (_, verdicts) = opened(&event, Wish::default());
        let violated = verdicts.iter().find(|verdict| verdict.is_violated());
        let verdict = violated.unwrap();
        let words = format!("{path}, the state of the event, cannot be read: ");
        assert!(verdict.detail.contains(&words), "{verdict:?}");
        assert!(verdict.next.contains("sign nothing"), "{verdict:?}");
    }
}

#[test]
fn a_document_that_lasts_too_long_or_is_over_is_refused() {
    for (days, words) in [
        (400, "later than a document signed now would"),
        (-1, "expired"),
    ] {
        let event = changed(Dialect::TufOnCi, Change::Targets, |state| {
            state.targets.expires = in_days(days)
        });
        refused(&event, "EVENT-EXPIRY", words);
    }
}

#[test]
fn a_live_holder_signs_nothing_that_was_made_in_a_rehearsal() {
    let mark = |state: &mut State| {
        let mark = ("x-keymoot-rehearsal".to_owned(), "0".into());
        state.targets.marks.extend([mark]);
    };
    let event = changed(Dialect::TufOnCi, Change::Targets, mark);
    refused_with(
        &event,
        Wish {
            live: true,
            ..Wish::default()
        },
        "ROOT-MARK",
        "targets.json is marked",
    );
}
