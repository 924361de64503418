//! A dress rehearsal: what is written before the first screen, and what this machine lacks.

use std::fs;

use keymoot::rehearsal::cast::Cast;
use testkit::stage::{Stage, keymoot, said};

#[test]
fn a_dress_rehearsal_has_the_real_vendors_keys_and_says_what_this_machine_lacks() {
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

    let vendor = stage.dir().join("rehearsal/vendor");
    for file in ["vendor.toml", "roots/yubico-attestation-root-1.pem"] {
        let real = format!("{}/attestations/{file}", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(
            fs::read(vendor.join(file)).unwrap(),
            fs::read(real).unwrap()
        );
    }
    let settings = fs::read_to_string(stage.dir().join("settings.json")).unwrap();
    assert!(
        settings.contains("\"rehearsal\"") && !settings.contains("simulator"),
        "{settings}"
    );
    assert!(!stage.dir().join("rehearsal/devices.json").exists());
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
