//! Every row of docs/diagnoses.md: its cause is produced, and message and help are the row's.
//!
//! KEYMOOT_DIAGNOSES=FILE writes the rows to a file instead of comparing them.

mod machine;
mod service;
mod yubihsm;

use std::fs::OpenOptions;
use std::io::Write as _;

use keymoot::device::{
    Cancel, Credential, DeviceError, ErrorKind, Operation, PinDemands, Serial, Slots, Who,
    check_new, piv,
};
use keymoot::host::secret::Secret;
use keymoot_attestation::Family;
use pcsc::{Context, Protocols, Scope, ShareMode};

use crate::Holder;
use testkit::room::{Desk, play};

const TABLE: &str = include_str!("../../docs/diagnoses.md");

const ONE: &[&str] = &["--inserted", "1", "--touch-timeout", "0.5"];
const WRONG: &[u8] = b"739165";

/// The rows that a test produces.
fn produced() -> &'static str {
    let (produced, _) = TABLE.split_once("## Not produced by a test").unwrap();
    produced
}

/// Replaces the parts that differ between devices and runs: numbers of seven digits and
/// more, and the ports of connectors.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut digits = String::new();
    for letter in text.chars().chain(['\0']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let port = plain.ends_with("127.0.0.1:");
        plain.push_str(match digits.len() {
            7.. => "NUMBER",
            1.. if port => "PORT",
            _ => &digits,
        });
        digits.clear();
        plain.push(letter);
    }
    // The number of a session differs, too.
    let plain = plain.trim_end_matches('\0');
    let plain = (0..16).fold(plain.to_owned(), |text, session| {
        text.replace(&format!("session: {session})"), "session: N)")
    });
    plain.replace('|', "\\|")
}

fn said(cause: &str, message: &str, help: &str) {
    let row = format!("| {cause} | {} | {} |", plain(message), plain(help));
    match std::env::var_os("KEYMOOT_DIAGNOSES") {
        Some(file) => {
            let mut file = OpenOptions::new()
                .append(true)
                .create(true)
                .open(file)
                .unwrap();
            writeln!(file, "{row}").unwrap();
        }
        None => assert!(produced().contains(&row), "docs/diagnoses.md lacks\n{row}"),
    }
}

/// A command's help as the table has it: the sentence of a screen.
fn sentence(help: &str) -> String {
    let (first, rest) = help.split_at(1);
    format!("{}{rest}.", first.to_uppercase())
}

fn told<T: std::fmt::Debug>(cause: &str, outcome: Result<T, DeviceError>) {
    let error = outcome.unwrap_err();
    assert!(!error.headline().is_empty() && !error.safe().is_empty());
    said(cause, &error.to_string(), &error.help());
}

/// The first thing that is plugged in and cannot be read.
fn unreadable() -> Result<(), DeviceError> {
    Slots::YubiKeys.present().unwrap().remove(0).map(drop)
}

fn enrolled_yubikey(desk: &Desk) -> (Serial, Holder) {
    let serial = desk.device().serial;
    let holder = Holder::new();
    holder.provision(serial);
    piv::generate(serial, &holder.management_key).unwrap();
    (serial, holder)
}

#[test]
fn a_wait_is_cancelled() {
    play(&[], |_| {
        let cancel = Cancel::new();
        cancel.cancel();
        told(
            "the wait for a device is cancelled",
            Slots::YubiKeys.wait_for_one(&cancel, |_| {}),
        );
    });
}

#[test]
fn what_is_plugged_in_is_not_the_one_device() {
    play(&["--count", "2"], |desk| {
        told(
            "the device is not plugged in",
            piv::contents(Serial(12_345_678)),
        );
        desk.insert(1);
        let first = desk.device().serial;
        desk.insert(2);
        told("two YubiKeys are plugged in", piv::contents(first));
        desk.remove(1);
        told("another YubiKey is plugged in", piv::contents(first));
    });
}

#[test]
fn another_program_is_at_the_device() {
    play(ONE, |desk| {
        let device = desk.device();
        let reader = std::ffi::CString::new(device.place.clone()).unwrap();
        let context = Context::establish(Scope::User).unwrap();
        let held = context.connect(&reader, ShareMode::Exclusive, Protocols::T1);
        told(
            "another program has the device",
            piv::contents(device.serial),
        );
        drop(held);
    });
}

#[test]
fn the_service_reports_what_happened_to_the_device() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        for (cause, code) in [
            (
                "the device was reset by another program: SCARD_W_RESET_CARD",
                "80100068",
            ),
            (
                "bytes are lost on the way, device still there: SCARD_E_NOT_TRANSACTED",
                "80100016",
            ),
            (
                "bytes are lost on the way, device still there: SCARD_E_COMM_DATA_LOST",
                "8010002f",
            ),
            (
                "the device has no power: SCARD_W_UNPOWERED_CARD",
                "80100067",
            ),
            (
                "the device does not answer to power: SCARD_W_UNRESPONSIVE_CARD",
                "80100066",
            ),
            (
                "the reader does not know the device's protocol: SCARD_E_PROTO_MISMATCH",
                "8010000f",
            ),
            (
                "the machine has no memory left: SCARD_E_NO_MEMORY",
                "80100006",
            ),
            (
                "the service fails inside: SCARD_F_INTERNAL_ERROR",
                "80100001",
            ),
            ("the reader takes too long: SCARD_E_TIMEOUT", "8010000a"),
        ] {
            desk.fault(&format!("service@1={code}"));
            told(cause, piv::verify_pin(serial, &Secret::of(WRONG)));
        }
        desk.fault("service@1=80100069");
        told(
            "the device is pulled out: SCARD_W_REMOVED_CARD",
            piv::contents(serial),
        );
        desk.fault("unplug@5");
        told("the device is pulled out in the middle of setting it up", {
            let holder = Holder::new();
            piv::provision(serial, &holder.pin, &holder.puk, &holder.management_key)
        });
    });
}

#[test]
fn the_device_is_pulled_out_while_it_makes_its_key() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        let holder = Holder::new();
        holder.provision(serial);
        desk.fault("unplug@0x47");
        let cause = "the device is pulled out while it makes its key";
        told(cause, piv::generate(serial, &holder.management_key));
    });
}

#[test]
fn the_device_refuses_with_a_status_word() {
    play(ONE, |desk| {
        let (serial, holder) = enrolled_yubikey(desk);
        for (cause, word) in [
            ("memory failure: 6581", "6581"),
            ("wrong length: 6700", "6700"),
            ("conditions of use not satisfied: 6985", "6985"),
            ("incorrect data: 6A80", "6A80"),
            ("function not supported: 6A81", "6A81"),
            ("file not found: 6A82", "6A82"),
            ("memory full: 6A84", "6A84"),
            ("incorrect parameters: 6A86", "6A86"),
            ("referenced data not found: 6A88", "6A88"),
            ("wrong parameters: 6B00", "6B00"),
            ("instruction unknown: 6D00", "6D00"),
            ("class unknown: 6E00", "6E00"),
            ("no precise diagnosis: 6F00", "6F00"),
            ("a status word that is not in the standard", "9999"),
        ] {
            desk.fault(&format!("error@0x87={word}"));
            told(cause, piv::sign(serial, &holder.pin, b"", || {}));
        }
        desk.fault("error@0xFB=6985");
        told(
            "the device does not let itself be reset: 6985",
            piv::reset(serial),
        );
    });
}

#[test]
fn pins_and_puks_are_wrong_or_blocked() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        let holder = Holder::new();
        holder.provision(serial);
        let wrong = || piv::verify_pin(serial, &Secret::of(WRONG));
        told("the PIN is wrong: 63C2", wrong());
        told("the PIN is wrong, and one try is left: 63C1", wrong());
        told("the PIN is blocked: 6983", wrong());
        let wrong = || piv::unblock_pin(serial, &Secret::of(b"73916500"), &holder.pin);
        told("the PUK is wrong: 63C2", wrong());
        told("the PUK is wrong, and one try is left: 63C1", wrong());
        told("the PUK is blocked: 6983", wrong());
    });
}

#[test]
fn a_pin_is_refused_before_the_device_is_asked() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        let typed = |pin: &[u8]| piv::verify_pin(serial, &Secret::of(pin));
        told("a PIN of five characters is typed", typed(b"73916"));
        told("a PIN of nine characters is typed", typed(b"739164285"));
        told(
            "the device was touched and typed a one-time password",
            typed(b"ccccccjlukunvvudkgkr"),
        );
        let holder = Holder::new();
        let chosen = |pin: &[u8]| {
            piv::provision(
                serial,
                &Secret::of(pin),
                &holder.puk,
                &holder.management_key,
            )
        };
        told("the factory's PIN is chosen", chosen(b"123456"));
        told("a common PIN is chosen", chosen(b"password"));
        told("a date is chosen", chosen(b"20240101"));
        told(
            "a PIN with a letter that is not ASCII is chosen",
            chosen("73916é".as_bytes()),
        );
        told("one character throughout is chosen", chosen(b"777777"));
        told("a sequence is chosen", chosen(b"345678"));
        told("a repeated pattern is chosen", chosen(b"739739"));
        let same = Secret::of(b"83920174");
        told("the PIN is chosen as the PUK, too", {
            piv::provision(serial, &same, &same, &holder.management_key)
        });
    });
}

#[test]
fn a_secret_is_too_short_for_a_device() {
    // As the command that unblocks a PIN prints it.
    let refused = |cause, family, pin: &[u8]| {
        let long = PinDemands { long: true };
        let reason = check_new(family, long, &Secret::of(pin)).unwrap_err();
        let kind = ErrorKind::PinRefused(Credential::Pin, reason);
        told::<()>(
            cause,
            Err(DeviceError::new(Who::Unknown, Operation::Pin, kind)),
        );
    };
    refused(
        "six characters are chosen for a device that demands eight",
        Family::YubiKey,
        b"739164",
    );
    refused(
        "a short password is chosen for a YubiHSM 2",
        Family::YubiHsm,
        b"83920174",
    );
}

#[test]
fn the_device_refuses_a_pin_by_rules_of_its_own() {
    play(&["--inserted", "1", "--firmware", "5.7.4-fips"], |desk| {
        let serial = desk.device().serial;
        let holder = Holder::new();
        let short = Secret::of(b"739164");
        told(
            "a FIPS 140-3 device is given a PIN of six characters: 6A80",
            piv::provision(serial, &short, &holder.puk, &holder.management_key),
        );
    });
}

#[test]
fn nobody_touches_the_device_or_it_is_silent() {
    play(ONE, |desk| {
        let (serial, holder) = enrolled_yubikey(desk);
        let sign = || piv::sign(serial, &holder.pin, b"", || {});
        told("nobody touches the device: 6982", sign());
        desk.fault("hang@0xF7");
        told("the device never answers", piv::contents(serial));
    });
}

#[test]
fn the_device_is_not_as_it_should_be() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        told("the device has no key", piv::attest(serial));
        told(
            "the device has the factory's credentials",
            piv::no_defaults(serial),
        );
        let holder = Holder::new();
        holder.provision(serial);
        told(
            "the device was set up before",
            piv::provision(serial, &holder.pin, &holder.puk, &holder.management_key),
        );
        let other = Secret::random_bytes(piv::MANAGEMENT_KEY_LENGTH).unwrap();
        told(
            "the management key is another device's",
            piv::generate(serial, &other),
        );
        desk.fault("corrupt@0xF7");
        told("a reply is garbled", piv::contents(serial));
        desk.fault("error@0xF7=6985");
        told(
            "a YubiKey refuses, and the library hides its answer",
            piv::slot_key(serial),
        );
    });
}

#[test]
fn the_firmware_is_too_old() {
    play(&["--inserted", "1", "--firmware", "4.3.5"], |desk| {
        told(
            "the firmware is too old",
            piv::slot_key(desk.device().serial),
        );
    });
}

#[test]
fn piv_is_switched_off() {
    play(&["--inserted", "1", "--firmware", "5.7.4-no-piv"], |_| {
        told("PIV is switched off over USB: 6A82", unreadable());
    });
}

#[test]
fn the_serial_number_is_hidden() {
    play(
        &["--inserted", "1", "--firmware", "5.7.4-no-serial"],
        |_| {
            told("the serial number is hidden", unreadable());
        },
    );
}

#[test]
fn every_row_of_the_table_is_produced_here() {
    let tests = concat!(
        include_str!("diagnoses.rs"),
        include_str!("diagnoses/machine.rs"),
        include_str!("diagnoses/service.rs"),
        include_str!("diagnoses/yubihsm.rs"),
        include_str!("../ceremony/device_faults.rs"),
    );
    let of_table = |line: &&str| {
        line.starts_with("| ") && !line.starts_with("| cause") && !line.starts_with("| ---")
    };
    let rows = produced().lines().filter(of_table);
    let mut count = 0;
    for row in rows {
        let cause = row.split(" | ").next().unwrap().trim_start_matches("| ");
        assert!(tests.contains(&format!("\"{cause}\"")), "{cause}");
        count += 1;
    }
    assert!(count > 50, "{count}");
}
