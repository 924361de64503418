//! `keymoot device unblock`, through the real binary.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use age::secrecy::ExposeSecret as _;
use keymoot::device::piv;
use keymoot::host::secret::Secret;
use keymoot::store::escrow;

use crate::Holder;
use testkit::room::{Desk, play};

const ONE: &[&str] = &["--inserted", "1"];
const NEW: &str = "k7!29q";

/// A device whose PIN is blocked.
fn blocked(desk: &Desk) -> (keymoot::device::Serial, Holder) {
    let serial = desk.device().serial;
    let holder = Holder::new();
    holder.provision(serial);
    let wrong = || piv::verify_pin(serial, &Secret::of(b"739165")).unwrap_err();
    while wrong().tries() != Some(0) {}
    (serial, holder)
}

/// Runs the command, with these lines typed.
fn unblock(arguments: &[&str], lines: &[&str]) -> Output {
    let mut keymoot = Command::new(env!("CARGO_BIN_EXE_keymoot"))
        .args(["device", "unblock"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut typed = keymoot.stdin.take().unwrap();
    typed
        .write_all((lines.join("\n") + "\n").as_bytes())
        .unwrap();
    drop(typed);
    keymoot.wait_with_output().unwrap()
}

#[test]
fn the_puk_and_a_new_pin_are_typed_and_the_device_signs_again() {
    play(ONE, |desk| {
        let (serial, holder) = blocked(desk);
        let puk = String::from_utf8(holder.puk.expose().to_vec()).unwrap();
        let output = unblock(&[], &[&puk, NEW, NEW]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(said, format!("YubiKey {serial} has a new PIN.\n"));
        piv::verify_pin(serial, &Secret::of(NEW.as_bytes())).unwrap();
        let secrets = String::from_utf8_lossy(&output.stderr).into_owned() + &said;
        assert!(!secrets.contains(&puk) && !secrets.contains(NEW));
    });
}

#[test]
fn the_puk_is_read_from_the_sealed_file_with_the_holders_identity() {
    play(ONE, |desk| {
        let (serial, holder) = blocked(desk);
        let folder = tempfile::tempdir().unwrap();
        let identity = age::x25519::Identity::generate();
        let (sealed, key) = (
            folder.path().join("sealed.age"),
            folder.path().join("key.txt"),
        );
        let text = format!("# made today\n{}\n", identity.to_string().expose_secret());
        fs::write(&key, text).unwrap();
        let recipient = identity.to_public().to_string();
        let seal = |serial| escrow::seal(&recipient, serial, &holder.puk, &holder.management_key);
        let arguments = [
            "--escrow",
            sealed.to_str().unwrap(),
            "--identity",
            key.to_str().unwrap(),
        ];

        fs::write(&sealed, seal(serial.0 + 1).unwrap()).unwrap();
        let output = unblock(&arguments, &[NEW, NEW]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("the file has the PUK of YubiKey"), "{said}");

        fs::write(&sealed, seal(serial.0).unwrap()).unwrap();
        let output = unblock(&arguments, &[NEW, NEW]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        piv::verify_pin(serial, &Secret::of(NEW.as_bytes())).unwrap();

        let other = age::x25519::Identity::generate();
        fs::write(&key, other.to_string().expose_secret()).unwrap();
        let output = unblock(&arguments, &[NEW, NEW]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains("is not opened by"), "{said}");
    });
}

#[test]
fn a_wrong_puk_or_two_different_pins_change_nothing() {
    play(ONE, |desk| {
        let (serial, holder) = blocked(desk);
        let puk = String::from_utf8(holder.puk.expose().to_vec()).unwrap();
        let tries = || piv::contents(serial).unwrap().puk.tries;
        for (lines, message, left) in [
            (
                [puk.as_str(), NEW, "739164"],
                "the two PINs are not the same",
                3,
            ),
            (
                [puk.as_str(), "123456", "123456"],
                "this PIN cannot be used",
                3,
            ),
            (["73916500", NEW, NEW], "wrong PUK for YubiKey", 2),
        ] {
            let output = unblock(&[], &lines);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains(message) && said.contains("help: "), "{said}");
            assert_eq!(tries(), Some(left), "{message}");
        }
    });
}
