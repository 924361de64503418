//! The settings of a live ceremony are hints: a changed one stops the program.

use std::{fs, path::Path, process::Output};

use keymoot_core::digest::Digest;
use serde_json::{Value, json};

use super::{
    ceremony::{AFTER_PREFLIGHT, Ceremony, Place, run},
    machine::Machine,
    test_vendor,
};

/// A ceremony that its administrator left after the check of the machine.
fn left_after_preflight() -> Option<Place> {
    let machine = Machine::of_this_test()?;
    let mut ceremony = Ceremony::begin(&machine, &test_vendor());
    ceremony.read_digests();
    let at = &mut ceremony.at;
    at.answer(AFTER_PREFLIGHT, "?");
    let ways = at.read("leave, and resume later");
    let line = ways.lines().last().unwrap();
    let number: String = line.chars().filter(char::is_ascii_digit).collect();
    at.reply(&number);
    at.answer("To leave, type leave", "leave");
    assert_eq!(at.exit_code(), 4);
    Some(ceremony.place)
}

fn settings(dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(dir.join("settings.json")).unwrap()).unwrap()
}

/// Resumes a ceremony whose settings have this member, and puts the settings back.
fn resumed_with(ceremony: &Place, member: &str, value: Value) -> Output {
    let dir = ceremony.dir();
    let path = dir.join("settings.json");
    let before = fs::read(&path).unwrap();
    let mut settings = settings(&dir);
    assert_ne!(settings[member], value, "{member} is not changed");
    settings[member] = value;
    fs::write(&path, serde_json::to_vec_pretty(&settings).unwrap()).unwrap();
    let output = run(
        &test_vendor(),
        &["resume", "--plain", dir.to_str().unwrap()],
    );
    fs::write(&path, before).unwrap();
    output
}

#[test]
fn a_live_ceremony_with_any_changed_setting_is_not_resumed() {
    let Some(ceremony) = left_after_preflight() else {
        return;
    };
    let transcript = ceremony.transcript();
    let simulator = json!({
        "count": 3, "firmware": "5.7.4", "seed": 1202, "unattended": true, "fault": "",
    });
    let changes = [
        ("mode", json!("rehearsal")),
        ("out", json!("/tmp/elsewhere")),
        ("connector", json!("127.0.0.1:1")),
        ("simulator", simulator),
    ];
    let written = settings(&ceremony.dir());
    let fields: Vec<_> = written.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        ["connector", "mode", "out"],
        "a field without a change below"
    );
    for (member, value) in changes {
        let output = resumed_with(&ceremony, member, value);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{member}: {said}");
        assert!(said.contains("TRANSCRIPT-SETTINGS"), "{member}: {said}");
        assert_eq!(ceremony.transcript(), transcript, "{member}");
    }
    // With the recorded settings, only the terminal is missing.
    let dir = ceremony.dir();
    let output = run(
        &test_vendor(),
        &["resume", "--plain", dir.to_str().unwrap()],
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no terminal"), "{said}");
    assert!(ceremony.transcript().entries().len() > transcript.entries().len());
}

#[test]
fn a_simulator_on_the_command_line_does_not_join_a_live_ceremony() {
    let Some(ceremony) = left_after_preflight() else {
        return;
    };
    let dir = ceremony.dir();
    let arguments = [
        "resume",
        dir.to_str().unwrap(),
        "--simulator",
        "/tmp/nowhere",
    ];
    let output = run(&test_vendor(), &arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains("MACHINE-SERVICE: --simulator is given"),
        "{said}"
    );
}

#[test]
fn the_transcript_of_a_live_ceremony_records_the_digest_of_its_settings_file() {
    let Some(ceremony) = left_after_preflight() else {
        return;
    };
    let file = fs::read(ceremony.dir().join("settings.json")).unwrap();
    let opened = ceremony.transcript();
    let opened = serde_json::to_value(&opened.entries()[0].event).unwrap();
    assert_eq!(opened["settings"], Digest::of(&file).to_string());
}

#[test]
fn another_place_for_the_bundle_is_recorded_and_is_the_one_that_counts() {
    let Some(ceremony) = left_after_preflight() else {
        return;
    };
    let (dir, other) = (ceremony.dir(), ceremony.out().with_file_name("other"));
    let before = fs::read(dir.join("settings.json")).unwrap();
    let resume = ["resume", dir.to_str().unwrap()];
    let with_out = [&resume[..], &["--out", other.to_str().unwrap()]].concat();
    let refused = |arguments: &[&str]| {
        let said = run(&test_vendor(), arguments).stderr;
        String::from_utf8_lossy(&said).contains("TRANSCRIPT-SETTINGS")
    };
    assert!(!refused(&with_out));
    assert_eq!(settings(&dir)["out"], other.to_str().unwrap());
    assert!(!refused(&resume));

    // If the settings were not written before a crash, the same option writes them.
    fs::write(dir.join("settings.json"), before).unwrap();
    assert!(refused(&resume));
    assert!(!refused(&with_out));
    assert!(!refused(&resume));
}
