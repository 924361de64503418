//! A dress rehearsal from its first line to the reset of the last device.

use std::{fs, path::Path};

use super::{
    ceremony::{Ceremony, run},
    machine::Machine,
    plan::HOLDERS,
    test_vendor,
};

#[test]
fn a_dress_rehearsal_is_resumed_held_to_its_end_and_resets_each_device() {
    let Some(machine) = Machine::of_this_test() else {
        return;
    };
    let mut ceremony = Ceremony::begin_dress(&machine);
    ceremony.at.read("Their signatures do not count.");
    // All machine rules pass on this machine.
    ceremony.at.read("can hold a live ceremony");
    ceremony.up_to_roll_call();
    ceremony.at.read("Whose turn?");
    let dir = ceremony.place.dir();
    let rehearsal = dir.join("rehearsal");
    // Its vendor is the one that the program trusts.
    let trusted = Path::new(env!("CARGO_MANIFEST_DIR")).join("vendor");
    for file in ["vendor.toml", "1-attestation-root.pem"] {
        assert_eq!(
            fs::read(rehearsal.join("vendor").join(file)).unwrap(),
            fs::read(trusted.join(file)).unwrap()
        );
    }
    let settings = fs::read_to_string(dir.join("settings.json")).unwrap();
    assert!(
        settings.contains("\"rehearsal\"") && !settings.contains("simulator"),
        "{settings}"
    );
    // Its devices are real: nobody simulates any.
    assert!(!rehearsal.join("devices.json").exists());
    ceremony.is_killed_and_resumed(&machine);
    ceremony.enrol_to_the_end();
    for holder in 1..=HOLDERS {
        ceremony.reset(holder);
    }
    assert_eq!(ceremony.at.exit_code(), 0);

    let bundle = ceremony.place.out();
    let bundle = bundle.to_str().unwrap();
    let verify = |more: &[&str]| run(&test_vendor(), &[&["verify", bundle], more].concat());
    let verified = verify(&["--rehearsal", "--expect", "rehearsal-small"]);
    assert!(
        verified.status.success(),
        "{}",
        testkit::stage::said(&verified)
    );
    // No live command accepts its bundle.
    assert_eq!(verify(&[]).status.code(), Some(3));
}
