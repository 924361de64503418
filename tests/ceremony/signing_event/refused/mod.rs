//! Signing events that a rule refuses.

mod changes;
mod checkouts;
mod keys;
mod roots;

use std::collections::BTreeMap;

use keymoot_core::{Verdict, digest::Digest};
use keymoot_record::{
    expectation::ExpectationSet,
    signing_event::{Given, SigningEvent, open},
    transcript::Mode,
};
use keymoot_tuf::{Dialect, Holder, KeyId};
use keymoot_verify::checkout;

use super::repository::{Change, Event, State, in_days, spki};

/// The holder's arguments apart from the two checkouts.
#[derive(Default)]
struct Wish<'a> {
    branch: Option<&'a str>,
    roles: Vec<String>,
    trusted_root: Option<Vec<u8>>,
    set: Option<&'a str>,
    live: bool,
}

fn opened(event: &Event, wish: Wish<'_>) -> (Option<SigningEvent>, Vec<Verdict>) {
    let set = wish.set.map(|name| ExpectationSet::shipped(name).unwrap());
    open(Given {
        base: &checkout::read(&event.base()).unwrap(),
        tree: &checkout::read(&event.tree()).unwrap(),
        branch: wish.branch,
        roles: &wish.roles,
        trusted_root: wish.trusted_root.as_deref(),
        target: &|name, listed| checkout::target(&event.tree(), name, listed),
        set: set.as_ref(),
        mode: match wish.live {
            true => Mode::Live,
            false => Mode::Rehearsal,
        },
        now: in_days(0),
    })
}

/// The event violates this rule and no other, with these words.
fn refused_with(event: &Event, wish: Wish<'_>, rule: &str, words: &str) {
    let (_, verdicts) = opened(event, wish);
    let violated: Vec<_> = verdicts
        .iter()
        .filter(|verdict| verdict.is_violated())
        .collect();
    let [one] = violated.as_slice() else {
        panic!("{rule}: {violated:#?}");
    };
    assert_eq!(one.rule.id(), rule);
    assert!(one.detail.contains(words), "{}", one.detail);
}

fn refused(event: &Event, rule: &str, words: &str) {
    refused_with(event, Wish::default(), rule, words);
}

/// Places for the signatures of these holders.
fn places(dialect: Dialect, holders: &[&Holder]) -> BTreeMap<KeyId, Vec<u8>> {
    match dialect {
        Dialect::TufOnCi => holders
            .iter()
            .map(|holder| (dialect.holder_key_id(holder), Vec::new()))
            .collect(),
        Dialect::Tufops | Dialect::TufCi => BTreeMap::new(),
    }
}

/// An event whose state was changed before anybody signed.
fn changed(dialect: Dialect, change: Change, more: impl FnOnce(&mut State)) -> Event {
    let event = Event::new(dialect, change, "sign/event");
    let mut state = State::first(dialect);
    let before = state.documents(dialect);
    state.change(change);
    more(&mut state);
    for (role, document) in state.documents(dialect) {
        if before[role].signed_bytes() != document.signed_bytes() {
            let holders: Vec<_> = state.root.holders.iter().collect();
            event.write(role, &document, &places(dialect, &holders));
        }
    }
    event.write_config(&state);
    event
}

#[test]
fn a_good_event_is_refused_by_no_rule_in_any_dialect() {
    for dialect in Dialect::ALL {
        for change in [Change::Rotation, Change::Targets, Change::Both] {
            let event = Event::new(dialect, change, "sign/event");
            let (opened, verdicts) = opened(&event, Wish::default());
            let violated: Vec<_> = verdicts
                .iter()
                .filter(|verdict| verdict.is_violated())
                .collect();
            assert!(violated.is_empty(), "{dialect} {change:?}: {violated:#?}");
            let opened = opened.unwrap();
            let owed = |holder: usize| opened.owed_by(&Digest::of(&spki(holder))).len();
            let expected = match change {
                Change::Rotation => [1, 1, 1],
                Change::Targets => [1, 1, 0],
                Change::Both => [2, 2, 1],
            };
            assert_eq!([1, 2, 3].map(owed), expected, "{dialect} {change:?}");
        }
    }
}
