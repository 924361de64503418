//! Ceremonies that call everybody who is present: when a step may end early, and what the one for
//! a lost quorum says of the quorum.

use std::fs;

use keymoot_record::{
    ceremony::{State, turn::Purpose},
    rules::roster::Handle,
};
use testkit::stage::{Stage, finished, keymoot, said};

/// An unattended ceremony of nine holders, of whom five sign a root.
fn held(script: &str) -> Stage {
    let stage = Stage::new();
    let bundle = finished().out();
    let output = stage.rehearsed(&[script, "--previous", bundle.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    stage
}

/// The states of such a ceremony at its questions of whose turn it is to prove a key.
fn at_proofs(script: &str) -> Vec<State> {
    let stage = held(script);
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
fn a_ceremony_for_a_lost_quorum_names_no_threshold_and_says_when_the_quorum_is_there() {
    let states = at_proofs("quorum-lost");
    let state = states.first().unwrap();
    let seats = state.seats.iter();
    let all: Vec<Handle> = seats.map(|seat| seat.handle.clone()).collect();
    let why = "9 keys of the root are here, and 5 can sign a root: the quorum is not lost. Leave, \
               and hold annual-resign or emergency-revocation.";
    assert_eq!(state.why_not_lost(&all).as_deref(), Some(why));
    assert!(state.why_not_lost(&all[..5]).is_some());
    assert_eq!(state.why_not_lost(&all[..4]), None);
    let documents = state.plan.summary().documents;
    assert_eq!(documents.last().unwrap(), "one key is enough");
    assert!(documents.iter().all(|sentence| !sentence.contains('5')));
}

#[test]
fn a_bundle_that_says_that_the_quorum_is_lost_says_so_to_its_readers() {
    let stage = held("quorum-lost");
    let report = fs::read_to_string(stage.out().join("report.md")).unwrap();
    assert!(
        report.contains("**The quorum is lost**: holder-1, "),
        "{report}"
    );
    let signed = "| that the quorum is lost |";
    assert_eq!(report.matches(signed).count(), 9, "{report}");
    let mut status = keymoot();
    let output = status.arg("status").arg(stage.out()).output().unwrap();
    for told in [
        "9 can still sign: this bundle says that THE QUORUM IS LOST.",
        "Next: This bundle says that the quorum is lost: announce it, and begin again",
    ] {
        assert!(said(&output).contains(told), "{}", said(&output));
    }
    let again = Stage::new();
    let output = again.rehearsed(&["annual-resign", "--previous", stage.out().to_str().unwrap()]);
    let help = "begin again with initial-root, and without a previous bundle";
    assert!(said(&output).contains(help), "{}", said(&output));
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
    let all: Vec<Handle> = state.seats.iter().map(|seat| seat.handle.clone()).collect();
    assert_eq!(state.why_not_lost(&all), None);
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
