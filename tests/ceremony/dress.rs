//! A dress rehearsal before its first screen: what this machine lacks.

use std::fs;

use keymoot::rehearsal::cast::Cast;
use testkit::stage::{Stage, keymoot, said};

#[test]
fn a_dress_rehearsal_says_what_this_machine_lacks_and_leaves_nothing_without_a_terminal() {
    let stage = Stage::new();
    let roster = stage.path("roster.toml");
    fs::write(&roster, Cast::of(9).roster()).unwrap();
    let output = keymoot()
        .args(["rehearse", "--real-devices", "--plain", "--roster"])
        .arg(&roster)
        .arg("--dir")
        .arg(stage.dir())
        .output()
        .unwrap();
    let text = said(&output);
    // There is no terminal in this test: the ceremony is not opened.
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("there is no terminal"), "{text}");
    assert!(text.contains("Their signatures do not count"), "{text}");
    assert!(
        text.contains("A live ceremony would not begin on this machine:"),
        "{text}"
    );
    assert!(
        text.contains("MACHINE-") && text.contains("help: "),
        "{text}"
    );
    // So the next try with the same folder is not refused.
    assert!(!stage.dir().exists());
}

#[test]
fn a_dress_rehearsal_needs_a_roster_of_real_people() {
    let output = keymoot()
        .args(["rehearse", "--real-devices"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("--roster"), "{}", said(&output));
}
