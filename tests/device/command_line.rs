//! `keymoot device list` and `keymoot device info`, through the real binary.

use std::path::Path;
use std::process::{Command, Output};

use testkit::room::Room;

fn keymoot(socket: &Path, action: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keymoot"))
        .args(["device", action])
        .env("PCSCLITE_CSOCK_NAME", socket)
        .output()
        .unwrap()
}

/// Exit code 1, nothing on standard output, and both parts of the message.
fn demand_failure(output: &Output, happened: &str, next: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty());
    assert!(said.contains(happened) && said.contains(next), "{said}");
}

#[test]
fn without_a_smart_card_service_it_says_how_to_start_one() {
    let nowhere = tempfile::tempdir().unwrap();
    for action in ["list", "info"] {
        demand_failure(
            &keymoot(&nowhere.path().join("none"), action),
            "does not answer",
            "\n  help: start the smart card service (systemctl start",
        );
    }
}

#[test]
fn without_a_device_it_asks_for_one() {
    let room = Room::open(&["--count", "1"]);
    for action in ["list", "info"] {
        demand_failure(
            &keymoot(&room.socket(), action),
            "no YubiKey is plugged in",
            "\n  help: plug one in",
        );
    }
}

#[test]
fn list_has_a_line_for_each_device() {
    let room = Room::open(&["--count", "2", "--inserted", "1,2"]);
    let output = keymoot(&room.socket(), "list");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(
        said.lines()
            .all(|line| line.contains("firmware 5.7.4") && line.contains("[Yubico YubiKey")),
        "{said}"
    );
}

#[test]
fn list_shows_every_device_and_its_problem() {
    let room = Room::open(&[
        "--count",
        "3",
        "--inserted",
        "1,2,3",
        "--firmware",
        "5.7.4,5.7.4-no-piv,5.7.4-no-serial",
    ]);
    let output = keymoot(&room.socket(), "list");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("firmware 5.7.4").count(), 1, "{said}");
    for problem in [
        "has no PIV application that can be reached over USB",
        "help: switch it on with YubiKey Manager",
        "hides its serial number",
        "help: make it visible",
    ] {
        assert!(said.contains(problem), "{problem} in {said}");
    }
}

#[test]
fn info_shows_tries_and_settings() {
    let room = Room::open(&["--inserted", "1", "--firmware", "5.7.4-fips-complexity"]);
    let output = keymoot(&room.socket(), "info");
    let said = String::from_utf8_lossy(&output.stdout);
    for told in [
        "PIN             3 tries left of 3",
        "switched on     PIV",
        "PIN complexity  enforced",
        "series          FIPS",
        "new PINs        8 characters",
    ] {
        assert!(said.contains(told), "{told} in {said}");
    }
}

#[test]
fn info_shows_that_a_fresh_device_has_the_factory_credentials() {
    let room = Room::open(&["--count", "1", "--inserted", "1"]);
    let output = keymoot(&room.socket(), "info");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    assert_eq!(
        said.matches("still the one from the factory").count(),
        3,
        "{said}"
    );
    assert!(said.contains("keys            none"), "{said}");
}

#[test]
fn info_speaks_of_one_device_only() {
    let room = Room::open(&["--count", "2", "--inserted", "1,2"]);
    demand_failure(
        &keymoot(&room.socket(), "info"),
        "2 YubiKeys",
        "\n  help: unplug all except",
    );
}
