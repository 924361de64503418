//! Arguments of a rehearsal that cannot be meant: refused before anything is made.

use std::fs;

use testkit::stage::{Stage, keymoot, said};

/// The arguments of a rehearsal in this stage are refused with this code and these words, and
/// nothing is made.
fn refused(more: &[&str], code: i32, words: &[&str]) {
    let stage = Stage::new();
    let output = stage.rehearsed(more);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{more:?}: {said}");
    for due in words.iter().chain(&["\n  help: "]) {
        assert!(said.contains(due), "{more:?}, {due}: {said}");
    }
    let there = fs::read_dir(stage.path(".")).unwrap().count();
    assert_eq!(there, 0, "{more:?}");
}

#[test]
fn what_the_simulator_does_not_understand_is_refused_and_nothing_is_made() {
    for (option, value) in [
        ("--firmware", "x"),
        ("--fault", "zz"),
        ("--unit-fault", "zz"),
    ] {
        refused(&[option, value], 2, &[option, value]);
    }
}

#[test]
fn a_handle_without_a_seat_is_refused_with_the_handles_that_have_one() {
    for named in [
        "--absent=nobody",
        "--apart=nobody",
        "--apart=holder-1,nobody",
    ] {
        let (option, _) = named.split_once('=').unwrap();
        refused(&[named], 2, &[option, "\"nobody\"", "holder-1, holder-2"]);
    }
    // Also before the first root is made, from which such a rehearsal starts.
    refused(&["annual-resign", "--apart=nobody"], 2, &["\"nobody\""]);
}

#[test]
fn more_spares_than_seats_are_refused() {
    refused(&["--spares", "10"], 2, &["--spares is 10", "from 0 to 9"]);
}

#[test]
fn a_bundle_in_the_way_of_the_ceremonys_folder_is_refused_before_anything_is_made() {
    for (dir, out) in [("q3", "q3"), ("q3", "q3/objects"), ("q3/ceremony", "q3")] {
        let stage = Stage::new();
        let mut command = keymoot();
        command.args(["rehearse", "--unattended", "--dir"]);
        command.arg(stage.path(dir)).arg("--out");
        let output = command.arg(stage.path(out)).output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("one inside the other"), "{said}");
        assert!(!stage.path("q3").exists());
    }
}

#[test]
fn an_empty_folder_is_not_called_an_interrupted_ceremony() {
    let stage = Stage::new();
    fs::create_dir(stage.dir()).unwrap();
    let output = stage.resume();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = "is empty: it holds no ceremony";
    assert!(said(&output).contains(told), "{}", said(&output));
}
