//! ROOT-NEWEST: once people know a newer root, keymoot refuses a state from before a revocation.

use keymoot_core::{Outcome, Rule};
use keymoot_record::{
    ceremony::{
        Answer, Next, Plan, Question, State,
        previous::{Previous, TRUSTED_ROOT},
        question::reading_words,
    },
    transcript::{Chain, Event, Mode},
};
use keymoot_tuf::Dialect;
use testkit::stage::{keymoot, said};

use crate::story::{chapter, files, plan_files};

/// A root of tuf-root as the chapter's bundle keeps it.
fn root(chapter: usize, version: u64) -> Vec<u8> {
    let path = format!("repositories/tuf-root/metadata/root_history/{version}.root.json");
    files(chapter)[&path].clone()
}

/// The output of an annual signing from the first chapter's bundle about a trusted root.
fn with_trusted(root: Vec<u8>) -> Vec<String> {
    let mut plan = plan_files(2);
    plan.inputs.insert(TRUSTED_ROOT.to_owned(), root);
    match Plan::check(plan) {
        Ok(_) => Vec::new(),
        Err(verdicts) => verdicts.iter().map(|v| v.rule.to_string()).collect(),
    }
}

#[test]
fn a_state_from_before_the_root_that_people_know_starts_no_ceremony() {
    assert_eq!(with_trusted(root(4, 4)), ["ROOT-NEWEST"]);
    assert_eq!(with_trusted(root(2, 1)), [""; 0]);
}

#[test]
fn a_bundle_from_before_the_root_that_people_know_is_not_verified() {
    let trusted = chapter(4).join("repositories/tuf-root/metadata/root_history/4.root.json");
    let output = keymoot()
        .args(["verify", "--expect", "rehearsal-small", "--rehearsal"])
        .arg(chapter(3))
        .arg("--trusted-root")
        .arg(trusted)
        .output()
        .unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("violates ROOT-NEWEST."), "{said}");
    assert!(
        said.contains("version 3, and the trusted root is version 4"),
        "{said}"
    );
}

#[test]
fn a_live_ceremony_needs_a_root_from_another_channel_and_a_rehearsal_does_not() {
    let mut inputs = plan_files(2).inputs;
    let outcome = |inputs: &_, mode, format| {
        let previous = Previous::read(inputs, Dialect::TufOnCi).unwrap().unwrap();
        let verdict = previous.newest_root(mode, format);
        assert!(verdict.rule == Rule::RootNewest);
        verdict.outcome
    };
    assert_eq!(outcome(&inputs, Mode::Live, 2), Outcome::Violated);
    assert_eq!(outcome(&inputs, Mode::Rehearsal, 2), Outcome::NotAsked);
    assert_eq!(outcome(&inputs, Mode::Live, 1), Outcome::NotAsked);
    inputs.insert(TRUSTED_ROOT.to_owned(), root(1, 1));
    assert_eq!(outcome(&inputs, Mode::Live, 2), Outcome::Held);
}

/// The third chapter at the point where people compare a root, and its transcript so far.
fn at_comparison() -> (State, Chain) {
    let chain = Chain::read(&files(3)["transcript.jsonl"]).unwrap();
    let mut entries = chain.entries().iter();
    let judged = entries.find(|entry| matches!(entry.event, Event::Loaded { .. }));
    let so_far = chain.bytes_through(judged.unwrap().seq);
    let so_far = Chain::read(&so_far).unwrap();
    let plan = Plan::check(plan_files(3)).unwrap();
    (State::fold(plan.into(), &so_far).unwrap(), so_far)
}

#[test]
fn people_type_the_words_of_the_newest_root_and_no_others() {
    let (state, _) = at_comparison();
    let Next::Ask(question) = state.next() else {
        panic!("nothing is asked");
    };
    let Question::NewestRoot { version: 2, root } = question else {
        panic!("{question:?}");
    };
    let first = state.plan.previous().unwrap().roots()[0]
        .document()
        .digest();
    let now = state.time.unwrap();
    let answer = |words: String| state.answer(&question, Answer::Typed(words), now);
    assert!(answer("confirm".to_owned()).is_err());
    assert!(answer(reading_words(&first)).is_err());
    assert!(answer(format!("  {}", reading_words(&root).to_uppercase())).is_ok());
}

#[test]
fn a_transcript_in_which_another_root_was_compared_cannot_be_replayed() {
    let (state, chain) = at_comparison();
    let roots = state.plan.previous().unwrap().roots().to_vec();
    let compared = |root: &keymoot_tuf::VerifiedRoot, words: &str| {
        let event = Event::NewestRootCompared {
            version: root.root().version,
            root: root.document().digest(),
            words: words.to_owned(),
        };
        let entry = chain.next(event, state.time.unwrap()).unwrap();
        state.after(&entry).is_ok()
    };
    let words = |root: &keymoot_tuf::VerifiedRoot| reading_words(&root.document().digest());
    assert!(compared(&roots[1], &words(&roots[1])));
    assert!(!compared(&roots[1], &words(&roots[0])));
    assert!(!compared(&roots[0], &words(&roots[0])));
    let confirmed = Event::Confirmed {
        step: "previous".to_owned(),
        fields: Default::default(),
    };
    let entry = chain.next(confirmed, state.time.unwrap()).unwrap();
    assert!(state.after(&entry).is_err());
}
