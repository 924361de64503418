//! What devices remember: across power failures, restarts and runs with the same seed, and what the
//! file shows.

use crate::common::raw::Raw;
use crate::common::{FACTORY_MANAGEMENT_KEY, Sim};
use serde_json::json;
use std::process::Command;

const CHANGE_PIN: &str = "0024008010313233343536ffff323436383133ffff";
const CHANGE_PUK: &str = "002400811031323334353637383836343237353331";
const NEW_PIN: &str = "0020008008323436383133ffff";
const WRONG_PIN: &str = "0020008008303030303030ffff";
const PIN_METADATA: &str = "00f70080";

#[test]
fn whatever_was_answered_is_still_so_after_kill_9() {
    let mut dir = tempfile::tempdir().unwrap();
    for (command, answer, metadata) in [
        (WRONG_PIN, "63c2", "0101ff0501010602030290 00"),
        (CHANGE_PIN, "9000", "0101ff0501000602030390 00"),
        (WRONG_PIN, "63c2", "0101ff0501000602030290 00"),
        (WRONG_PIN, "63c1", "0101ff0501000602030190 00"),
        (NEW_PIN, "9000", "0101ff0501000602030390 00"),
    ] {
        let sim = Sim::start_in(dir, &["--inserted", "1"]);
        assert_eq!(Raw::piv(&sim.path("socket")).send(command).unwrap(), answer);
        let sim = Sim::start_in(sim.kill(), &["--inserted", "1"]);
        let found = Raw::piv(&sim.path("socket")).send(PIN_METADATA).unwrap();
        assert_eq!(found, metadata.replace(' ', ""), "after {command}");
        dir = sim.finish();
    }
}

#[test]
fn nothing_is_answered_until_what_changed_could_be_written() {
    let sim = Sim::start(&["--inserted", "1"]);
    let mut raw = Raw::piv(&sim.path("socket"));
    let file = sim.path("state.json");
    // No file can be moved to where a folder is.
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert!(raw.send(WRONG_PIN).is_err());
    assert!(raw.send(PIN_METADATA).is_err());
    std::fs::remove_dir(&file).unwrap();
    assert_eq!(
        raw.send(PIN_METADATA).unwrap(),
        "0101ff05010106020302 9000".replace(' ', "")
    );
}

#[test]
fn a_key_whose_making_was_answered_is_there_after_kill_9() {
    let sim = Sim::start(&["--inserted", "1"]);
    let made = Raw::authenticated(&sim.path("socket"))
        .send("0047009c0bac09800111aa0103ab0102")
        .unwrap();
    let point = made["7f49438641".len()..made.len() - 4].to_owned();
    let sim = Sim::start_in(sim.kill(), &["--inserted", "1"]);
    assert!(
        Raw::piv(&sim.path("socket"))
            .send("00f7009c")
            .unwrap()
            .contains(&point)
    );
}

#[test]
fn the_same_seed_makes_the_same_vendor_serial_numbers_and_keys() {
    let run = || {
        let sim = Sim::start(&["--count", "3", "--inserted", "1"]);
        let mut raw = Raw::authenticated(&sim.path("socket"));
        let keys =
            ["9c", "9c", "82"].map(|slot| raw.send(&format!("004700{slot}05ac03800111")).unwrap());
        (
            sim.ready["vendor"].clone(),
            sim.ready["devices"].clone(),
            keys,
        )
    };
    let (first, second) = (run(), run());
    assert_eq!(first, second);
    assert_ne!(first.2[0], first.2[1]);
}

#[test]
fn without_a_seed_no_two_runs_are_alike() {
    let serial = || {
        let store =
            hsm_sim::yubikey::device::Store::open(None, None, 1, &["5.7.4".parse().unwrap()])
                .unwrap();
        (
            store.devices()[0].plate.serial,
            store.vendor().published()[0].pem.clone(),
        )
    };
    assert_ne!(serial(), serial());
}

#[test]
fn no_pin_puk_or_key_can_be_found_in_the_state_file() {
    let sim = Sim::start(&["--inserted", "1"]);
    let mut raw = Raw::authenticated(&sim.path("socket"));
    raw.send(CHANGE_PIN).unwrap();
    raw.send(CHANGE_PUK).unwrap();
    // A private key this test knows, because it brings it in.
    raw.send(&format!("00fe119c220620{}", "5c".repeat(32)))
        .unwrap();
    let file = std::fs::read(sim.path("state.json")).unwrap();
    let management = FACTORY_MANAGEMENT_KEY;
    let secrets = [
        b"246813".to_vec(),
        b"86427531".to_vec(),
        vec![0x5c; 32],
        hex::decode(management).unwrap(),
    ];
    for secret in secrets {
        use base64::Engine;
        let base64 = base64::engine::general_purpose::STANDARD.encode(&secret);
        for form in [
            secret.clone(),
            hex::encode(&secret).into_bytes(),
            base64.trim_end_matches('=').into(),
        ] {
            assert!(
                !file.windows(form.len()).any(|window| window == form),
                "{}",
                String::from_utf8_lossy(&form)
            );
        }
    }
    let document: serde_json::Value = serde_json::from_slice(&file).unwrap();
    assert_eq!(
        document["devices"][0]["serial"],
        sim.ready["devices"][0]["serial"]
    );
}

#[test]
fn after_a_restart_devices_are_out_and_new_ones_may_join() {
    let sim = Sim::start(&[
        "--count",
        "2",
        "--inserted",
        "all",
        "--firmware",
        "5.7.4,5.4.3",
    ]);
    let devices = sim.ready["devices"].clone();
    let sim = Sim::start_in(sim.kill(), &["--count", "3"]);
    let listed = sim.control().ask(&json!({ "do": "devices" }))["devices"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert!(
        listed
            .as_array()
            .unwrap()
            .iter()
            .all(|device| device["inserted"] == false),
        "{listed}"
    );
    assert_eq!(
        sim.ready["devices"].as_array().unwrap()[..2],
        devices.as_array().unwrap()[..]
    );
}

#[test]
fn new_devices_get_the_chosen_serial_numbers_and_those_that_are_there_keep_theirs() {
    let serials = |sim: &Sim| -> Vec<u64> {
        let devices = sim.ready["devices"].as_array().unwrap().iter();
        devices.map(|d| d["serial"].as_u64().unwrap()).collect()
    };
    let sim = Sim::start(&["--count", "4", "--serials", "12345671,,12345673"]);
    let first = serials(&sim);
    assert_eq!(first.len(), 4);
    assert_eq!((first[0], first[2]), (12_345_671, 12_345_673));
    // Two numbers are known. The new one makes a device, although the count is 1.
    let more = ["--serials", "12345673,12345674,12345671"];
    let sim = Sim::start_in(sim.kill(), &more);
    let expected: Vec<_> = first.into_iter().chain([12_345_674]).collect();
    assert_eq!(serials(&sim), expected);
    let sim = Sim::start_in(sim.kill(), &more);
    assert_eq!(serials(&sim), expected);
}

fn refused(sim: &Sim, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hsm-sim"))
        .arg("yubikey")
        .args(arguments)
        .current_dir(sim.dir.path())
        .output();
    let output = output.unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_state_file_of_another_seed_or_a_damaged_one_is_refused_and_left_alone() {
    let sim = Sim::start(&[]);
    let error = refused(
        &sim,
        &["--socket", "other", "--state", "state.json", "--seed", "8"],
    );
    assert!(error.contains("another seed"), "{error}");
    let good = std::fs::read_to_string(sim.path("state.json")).unwrap();
    let damaged = good.replacen("\"sealed\": \"", "\"sealed\": \"AAAA", 1);
    std::fs::write(sim.path("damaged.json"), &damaged).unwrap();
    let error = refused(&sim, &["--socket", "other", "--state", "damaged.json"]);
    assert!(
        error.contains("cannot be used") && error.contains("Move it away"),
        "{error}"
    );
    assert_eq!(
        std::fs::read_to_string(sim.path("damaged.json")).unwrap(),
        damaged
    );
}

#[test]
fn a_socket_that_is_served_is_not_taken_over_but_a_dead_one_is() {
    let sim = Sim::start(&[]);
    let error = refused(&sim, &["--socket", "socket"]);
    assert!(error.contains("another program is serving it"), "{error}");
    let dir = sim.kill();
    assert!(
        dir.path().join("socket").exists(),
        "killed, it could not clean up"
    );
    let dir = Sim::start_in(dir, &[]).finish();
    assert!(!dir.path().join("socket").exists() && !dir.path().join("socket.control").exists());
}

#[test]
fn only_the_owner_can_reach_the_sockets_and_the_state() {
    use std::os::unix::fs::PermissionsExt;
    let sim = Sim::start(&[]);
    for name in ["socket", "socket.control", "state.json"] {
        let mode = std::fs::metadata(sim.path(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
