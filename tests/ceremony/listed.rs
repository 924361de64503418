//! Rehearsals of a roster that lists devices: each holder brings one with a listed serial number.

use std::{fs, path::Path};

use keymoot::rehearsal::cast::Cast;
use keymoot_record::ceremony::State;
use testkit::stage::{Stage, said};

/// The roster of the simulated holders, with the devices that some of them bring.
fn roster(cast: &Cast, devices: &[(&str, &[u32])]) -> String {
    let mut roster = cast.roster();
    for (handle, serials) in devices {
        let line = format!("handle = \"{handle}\"\n");
        assert!(roster.contains(&line), "{handle}");
        roster = roster.replace(&line, &format!("{line}devices = {serials:?}\n"));
    }
    roster
}

/// Holds an unattended rehearsal of a roster, with the policy of another stage.
fn held(script: &str, roster: &str, policy: &Path, more: &[&str]) -> Stage {
    let stage = Stage::new();
    let file = stage.path("roster.toml");
    fs::write(&file, roster).unwrap();
    let names = ["--roster", file.to_str().unwrap()];
    let policy = ["--policy", policy.to_str().unwrap()];
    let output = stage.rehearsed(&[&[script][..], &names, &policy, more].concat());
    assert!(output.status.success(), "{}", said(&output));
    let verified = stage.verify(&["--rehearsal"]);
    assert!(verified.status.success(), "{}", said(&verified));
    stage
}

/// The devices that a holder enrolled: the one for the root, then the spares.
fn enrolled(state: &State, handle: &str) -> Vec<u32> {
    let seat = state.seats.iter().find(|s| s.handle.as_str() == handle);
    let seat = seat.unwrap();
    let devices = seat.enrolled().into_iter().chain(&seat.spares);
    devices.map(|enrolment| enrolment.serial).collect()
}

#[test]
fn simulated_holders_enrol_the_devices_that_the_roster_lists_for_them() {
    let policies = Stage::new();
    let policy = policies.small_policy();
    let mut cast = Cast::of(3);
    let listed: [(&str, &[u32]); 2] = [
        ("holder-1", &[12_345_671, 12_345_672]),
        ("holder-3", &[12_345_673]),
    ];
    let text = roster(&cast, &listed);
    let first = held("initial-root", &text, &policy, &["--spares", "3"]);
    let state = first.state();
    assert_eq!(enrolled(&state, "holder-1"), [12_345_671, 12_345_672]);
    assert_eq!(enrolled(&state, "holder-3"), [12_345_673]);
    // The roster lists nothing for this holder, who brings two devices that nobody else has.
    let others = enrolled(&state, "holder-2");
    assert_eq!(others.len(), 2);
    assert!(
        others
            .iter()
            .all(|serial| !(12_345_671..=12_345_673).contains(serial))
    );

    // The devices of the first rehearsal are there again, and the newcomer's is new.
    cast.leaves(1);
    cast.joins(4);
    let listed: [(&str, &[u32]); 2] = [("holder-3", &[12_345_673]), ("holder-4", &[12_345_674])];
    let text = roster(&cast, &listed);
    let bundle = first.out();
    let previous = ["--previous", bundle.to_str().unwrap()];
    let second = held("onboard-member", &text, &policy, &previous);
    let state = second.state();
    assert_eq!(enrolled(&state, "holder-4"), [12_345_674]);
    assert_eq!(enrolled(&state, "holder-2")[0], others[0]);
}

#[test]
fn simulated_yubihsm_2s_have_the_serial_numbers_of_the_roster() {
    let policies = Stage::new();
    let cast = Cast::bringing(3, |seat| match seat {
        2 => keymoot_attestation::Family::YubiHsm,
        _ => keymoot_attestation::Family::YubiKey,
    });
    let listed: [(&str, &[u32]); 2] = [("holder-2", &[7_654_321]), ("holder-3", &[12_345_673])];
    let text = roster(&cast, &listed);
    let stage = held("initial-root", &text, &policies.small_policy(), &[]);
    let state = stage.state();
    assert_eq!(enrolled(&state, "holder-2"), [7_654_321]);
    assert_eq!(enrolled(&state, "holder-3"), [12_345_673]);
}
