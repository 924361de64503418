//! The bundle of a live ceremony, and which verifiers accept it.

use std::{collections::BTreeSet, process::Output};

use keymoot_core::{Outcome, Verdict};
use keymoot_record::{
    rules::machine,
    transcript::{Event, Mode},
};
use serde_json::Value;
use testkit::programs::program;

use super::{
    ceremony::{Ceremony, held, run},
    machine::Machine,
    test_vendor,
};

/// The rules that a verdict in JSON lists with this outcome.
fn listed(output: &Output, outcome: Outcome) -> Vec<String> {
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let outcome = serde_json::to_value(outcome).unwrap();
    let verdicts = said["verdicts"].as_array().unwrap().iter();
    verdicts
        .filter(|verdict| verdict["outcome"] == outcome)
        .map(|verdict| verdict["rule"].as_str().unwrap().to_owned())
        .collect()
}

/// The verifier's demands: less than those of any released set.
pub(crate) const EXPECTATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/expectations.toml");

#[test]
fn the_machine_passes_every_rule_of_a_live_ceremony() {
    let Some(ceremony) = held() else { return };
    let chain = ceremony.transcript();
    let Event::Opened { mode, .. } = &chain.entries()[0].event else {
        panic!("{:?}", chain.entries()[0]);
    };
    assert_eq!(*mode, Mode::Live);
    let checked: Vec<&[Verdict]> = chain
        .entries()
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::MachineChecked { verdicts } => Some(verdicts.as_slice()),
            _ => None,
        })
        .collect();
    let [verdicts] = checked.as_slice() else {
        panic!("examined {} times", checked.len());
    };
    let passed = verdicts
        .iter()
        .filter(|verdict| verdict.outcome == Outcome::Held);
    let passed: BTreeSet<String> = passed.map(|verdict| verdict.rule.to_string()).collect();
    let rules: BTreeSet<String> = machine::RULES
        .iter()
        .map(|rule| rule.id().to_owned())
        .collect();
    assert_eq!(rules.len(), 14);
    assert_eq!(passed, rules);
}

#[test]
fn a_live_bundle_verifies_with_the_store_of_its_vendor() {
    let Some(ceremony) = held() else { return };
    let bundle = ceremony.out();
    let output = run(
        &test_vendor(),
        &[
            "verify",
            "--expect",
            EXPECTATIONS,
            "--json",
            bundle.to_str().unwrap(),
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(listed(&output, Outcome::Held).contains(&"DEVICE-CHAIN".to_owned()));
}

#[test]
fn the_released_program_refuses_the_bundle_for_its_devices() {
    let Some(ceremony) = held() else { return };
    let bundle = ceremony.out();
    let output = run(
        &program(),
        &[
            "verify",
            "--expect",
            EXPECTATIONS,
            "--json",
            bundle.to_str().unwrap(),
        ],
    );
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(listed(&output, Outcome::Violated).contains(&"DEVICE-CHAIN".to_owned()));
}

#[test]
fn the_released_program_lays_no_result_of_the_bundle_into_a_tree() {
    let Some(ceremony) = held() else { return };
    let bundle = ceremony.out();
    let tree = tempfile::tempdir().unwrap();
    let (bundle, into) = (bundle.to_str().unwrap(), tree.path().to_str().unwrap());
    let arguments = ["export", bundle, "--dialect", "tuf-on-ci", "--into", into];
    let output = run(&program(), &arguments);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert_eq!(std::fs::read_dir(tree.path()).unwrap().count(), 0);
    let output = run(&test_vendor(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn the_released_program_enrols_no_simulated_device_in_a_live_ceremony() {
    let Some(machine) = Machine::of_this_test() else {
        return;
    };
    let mut ceremony = Ceremony::begin(&machine, &program());
    ceremony.up_to_roll_call();
    ceremony.comes("enrolment", 1);
    ceremony.at.read("DEVICE-CHAIN");
}
