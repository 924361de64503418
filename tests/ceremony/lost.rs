//! Ceremonies that call everybody who is present: when a step may end early.

use keymoot_record::{
    ceremony::{State, turn::Purpose},
    rules::roster::Handle,
};
use testkit::stage::{Stage, finished, keymoot, said};

/// The states of an unattended ceremony of nine holders, of whom five sign a root, at its questions
/// of whose turn it is to prove a key.
fn at_proofs(script: &str) -> Vec<State> {
    let stage = Stage::new();
    let bundle = finished().out();
    let output = stage.rehearsed(&[script, "--previous", bundle.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    let mut state = State::new(stage.state().plan);
    let mut states = Vec::new();
    for entry in stage.chain().entries() {
        state = state.after(entry).unwrap();
        if state.purpose() == Some(Purpose::Prove) && state.turn.is_none() {
            states.push(state.clone());
        }
    }
    states
}

fn runbook(script: &str) -> String {
    let mut command = keymoot();
    let output = command
        .args(["script", "runbook", script])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn where_everybody_is_called_the_word_that_ends_the_step_names_who_is_still_to_be_called() {
    let states = at_proofs("heartbeat");
    let found = states.iter().find(|state| state.done(Purpose::Prove) == 5);
    let state = found.unwrap();
    assert!(state.is_met(Purpose::Prove) && !state.can_stop(Purpose::Prove));
    let waiting = state.waiting(Purpose::Prove);
    assert_eq!(waiting.len(), 4);
    let why = format!(
        "Not yet: call each holder who is present first. If one cannot sign, end that turn. Still \
         to be called: {}.",
        Handle::list(&waiting)
    );
    assert_eq!(state.why_not_enough(Purpose::Prove), Some(why));
}

#[test]
fn a_runbook_says_to_call_each_holder_who_is_present_where_the_step_ends_only_then() {
    let first = "Call each holder who is present first. If one cannot sign, end that turn.";
    for script in ["annual-resign", "heartbeat", "quorum-lost"] {
        // Where holders sign the manifest, nobody else has to be called.
        assert_eq!(runbook(script).matches(first).count(), 1, "{script}");
    }
    assert!(!runbook("onboard-member").contains(first));
    let lost = runbook("quorum-lost");
    assert!(!lost.contains("threshold is reached"), "{lost}");
    assert_eq!(lost.matches("one signature is enough").count(), 2, "{lost}");
}
