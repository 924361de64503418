//! An unattended rehearsal from end to end.

use keymoot_core::Outcome;
use keymoot_record::ceremony::script::Document;

use testkit::stage::{Stage, finished, keymoot, said};

#[test]
fn nine_holders_enrol_and_at_least_five_sign_the_root() {
    let state = finished().state();
    let enrolled = state
        .seats
        .iter()
        .filter(|seat| seat.enrolled().is_some())
        .count();
    let signed = state
        .seats
        .iter()
        .filter(|seat| seat.has_signed(Document::Root))
        .count();
    assert_eq!(enrolled, 9);
    assert!(signed >= 5, "{signed} signed");
}

#[test]
fn its_bundle_verifies_and_names_each_rule_that_held() {
    let output = finished().verify(&["--rehearsal"]);
    assert!(output.status.success(), "{}", said(&output));
    let text = said(&output);
    for rule in [
        "BUNDLE-CLOSED",
        "BUNDLE-DERIVED",
        "TRANSCRIPT-CHAIN",
        "DEVICE-CHAIN",
        "KEY-POSSESSION",
        "SIGNATURE-QUORUM",
    ] {
        assert!(text.contains(rule), "{rule} is not named in\n{text}");
    }
}

#[test]
fn its_bundle_is_refused_as_a_live_one_with_code_three() {
    let output = finished().verify(&[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("BUNDLE-MODE"), "{}", said(&output));
}

#[test]
fn the_verdicts_as_json_are_one_object() {
    let output = finished().verify(&["--rehearsal", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["format"], "keymoot-verify/1");
    assert_eq!(json["holds"], true);
    assert!(json["verdicts"].as_array().unwrap().len() > 50);
}

#[test]
fn the_same_seed_gives_the_same_nine_keys() {
    let again = Stage::new();
    let output = again.rehearsed(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(again.keys(), finished().keys());
}

#[test]
fn a_finished_ceremony_says_so_when_it_is_resumed() {
    let output = finished().resume();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("is finished"), "{}", said(&output));
}

#[test]
fn a_bundle_that_exists_is_never_written_over() {
    let stage = Stage::new();
    std::fs::create_dir(stage.out()).unwrap();
    let output = stage.rehearsed(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(!stage.dir().exists());
}

#[test]
fn an_old_device_is_refused_by_rule_and_the_ceremony_can_be_resumed() {
    let stage = Stage::new();
    let output = stage.rehearsed(&["--firmware", "5.7.4,5.4.3"]);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(
        said(&output).contains("DEVICE-FIRMWARE"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_device_unplugged_while_it_signs_is_a_device_error_and_nothing_is_lost() {
    let stage = Stage::new();
    let output = stage.rehearsed(&["--fault", "1:unplug@0x87#9"]);
    assert!(output.status.success(), "{}", said(&output));
    let unplugged = "was unplugged while signing";
    assert!(said(&output).contains(unplugged), "{}", said(&output));
    assert!(stage.verify(&["--rehearsal"]).status.success());
}

#[test]
fn machine_rules_are_recorded_in_a_rehearsal_and_asked_only_of_live_ceremonies() {
    let chain = finished().chain();
    let verdicts = chain.entries().iter().find_map(|entry| match &entry.event {
        keymoot_record::transcript::Event::MachineChecked { verdicts } => Some(verdicts.clone()),
        _ => None,
    });
    let verdicts = verdicts.unwrap();
    // The simulated service is what a live ceremony refuses.
    let service = verdicts
        .iter()
        .find(|verdict| verdict.rule.id() == "MACHINE-SERVICE")
        .unwrap();
    assert_eq!(service.outcome, Outcome::NotAsked);
}

#[test]
fn three_holders_rehearse_without_a_policy_of_their_own() {
    let stage = Stage::new();
    let output = stage.rehearsed(&["--holders", "3"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(stage.state().seats.len(), 3);
    let verified = stage.verify(&["--rehearsal"]);
    assert!(verified.status.success(), "{}", said(&verified));
}

#[test]
fn an_option_that_the_previous_rehearsal_determines_is_refused_before_anything_is_made() {
    let stage = Stage::new();
    for (option, value) in [("--seed", "8"), ("--holders", "9"), ("--device", "yubikey")] {
        let mut command = keymoot();
        command.args(["rehearse", "annual-resign", "--unattended", option, value]);
        command.arg("--dir").arg(stage.dir());
        let output = command.arg("--previous").arg(finished().out()).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(option), "{}", said(&output));
        assert!(!stage.dir().exists(), "{option}");
    }
}

#[test]
fn another_number_of_holders_needs_a_policy_and_is_shown_one_to_start_from() {
    let stage = Stage::new();
    let output = stage.rehearsed(&["--holders", "4"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let start = "ceremony-scripts/policy-small.toml";
    assert!(said(&output).contains(start), "{}", said(&output));
    let shipped = include_str!("../../ceremony-scripts/policy-small.toml");
    let policy = stage.path("policy.toml");
    let four = shipped.replace("holders = 3", "holders = 4");
    let four = four.replace("threshold = 2", "threshold = 3");
    std::fs::write(&policy, four).unwrap();
    let policy = policy.to_str().unwrap();
    let output = stage.rehearsed(&["--holders", "4", "--policy", policy]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_number_of_holders_that_no_ceremony_has_is_refused_with_those_that_one_has() {
    let stage = Stage::new();
    for holders in ["0", "1", "65"] {
        let output = stage.rehearsed(&["--holders", holders]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        let told = format!("--holders is {holders}, and a ceremony has 2 to 64 holders");
        assert!(said(&output).contains(&told), "{}", said(&output));
        assert!(!said(&output).contains("change it"), "{}", said(&output));
    }
}

#[test]
fn a_bundle_that_is_refused_ends_without_the_line_on_who_closed_it() {
    let verify = |more: &[&str]| {
        let mut command = keymoot();
        command.arg("verify").arg(finished().out()).args(more);
        said(&command.output().unwrap())
    };
    let verified = verify(&["--rehearsal"]);
    assert!(verified.contains("Closed by: "), "{verified}");
    let refused = verify(&[]);
    assert!(refused.contains("NOT VERIFIED"), "{refused}");
    assert!(!refused.contains("Closed by: "), "{refused}");
}
