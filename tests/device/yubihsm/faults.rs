//! Faults on the way to a device, at every command: each time a clear
//! error, and a device that still works.

use keymoot::device::yubihsm::{Passwords, Role, Unit};
use keymoot::device::{DeviceError, ErrorKind};
use keymoot::host::secret::Secret;
use keymoot_attestation::yubihsm_log::AuditLog;

use super::{Safe, checked_log, enrolled, set_up, signs};

/// The most messages that any operation takes.
const MESSAGES: usize = 80;

fn clear(error: &DeviceError, fault: &str) {
    let told = error.to_string();
    assert!(
        told.contains("YubiHSM 2") && !error.help().is_empty(),
        "{fault}: {told}"
    );
}

#[test]
fn a_connection_dropped_at_any_command_of_setting_up_leaves_a_unit_that_can_be_set_up_again() {
    let mut safe = Safe::new();
    for kind in ["drop", "drop-after"] {
        let mut unit = safe.unit();
        unit.reset(None).unwrap();
        let mut struck = 0;
        loop {
            let passwords = Passwords::random().unwrap();
            let fault = format!("{kind}@{}", struck + 1);
            safe.fault(&fault);
            let outcome = unit.provision(&passwords);
            safe.fault("");
            if outcome.is_ok() && struck > 30 {
                unit.generate(passwords.administrator()).unwrap();
                checked_log(&unit, passwords.auditor());
                unit.reset(Some(passwords.administrator())).unwrap();
                break;
            }
            // The greeting is repeated when it is not answered.
            if let Err(error) = outcome {
                clear(&error, &fault);
            }
            struck += 1;
            assert!(struck < MESSAGES);
            unit = safe.unit();
            unit.reset(Some(passwords.administrator())).unwrap();
        }
    }
}

#[test]
fn a_fault_at_any_message_of_signing_is_reported_and_the_next_attempt_signs() {
    let mut safe = Safe::new();
    let (unit, passwords, spki) = enrolled(&safe);
    let mut sent = unit.sent();
    let mut records: Vec<Vec<u8>> = Vec::new();
    for kind in ["drop", "drop-after", "mac", "malformed", "truncate"] {
        let mut message = 1;
        loop {
            // Without sessions from before, so that opening one is hit as well.
            let unit = Unit::resumed(safe.place(), safe.serial(), sent);
            let fault = format!("{kind}@{message}");
            safe.fault(&fault);
            let outcome = unit.sign(passwords.signer(), b"to be signed");
            safe.fault("");
            if let Err(error) = &outcome {
                clear(error, &fault);
            }
            signs(&unit, passwords.signer(), &spki);
            let record = unit.read_log(passwords.auditor()).unwrap();
            records.push(record);
            let log = AuditLog::check(&records, &unit.sent()).unwrap();
            unit.forget_log(passwords.auditor(), log.last()).unwrap();
            sent = unit.sent();
            safe.advance(40);
            message += 1;
            if outcome.is_ok() && message > 6 {
                break;
            }
            assert!(message < MESSAGES);
        }
    }
}

#[test]
fn a_key_whose_making_was_not_answered_is_found_and_adopted() {
    let mut safe = Safe::new();
    for (kind, expected) in [("drop", false), ("drop-after", true)] {
        let (unit, passwords) = set_up(&safe);
        safe.fault(&format!("{kind}@0x46"));
        let error = unit.generate(passwords.administrator()).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Lost), "{error}");
        assert!(error.help().contains("before it makes another"));
        let role = Role::Administrator;
        let found = unit.signing_key(role, passwords.administrator()).unwrap();
        assert_eq!(found.is_some(), expected);
        let spki = match found {
            Some(spki) => spki,
            None => unit.generate(passwords.administrator()).unwrap(),
        };
        let evidence = unit.attest(passwords.administrator()).unwrap();
        let proven = keymoot_attestation::verify(&evidence, &safe.vendor(), None).unwrap();
        proven.attests(&spki).unwrap();
        checked_log(&unit, passwords.auditor());
        unit.reset(Some(passwords.administrator())).unwrap();
    }
}

#[test]
fn a_power_cut_between_making_a_key_and_recording_it_loses_nothing() {
    let mut safe = Safe::new();
    let (unit, passwords) = set_up(&safe);
    safe.fault("unplug-after@0x46");
    let error = unit.generate(passwords.administrator()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Lost), "{error}");
    let sent = unit.sent();
    drop(unit);
    safe.insert();
    let unit = Unit::resumed(safe.place(), safe.serial(), sent);
    let found = unit.signing_key(Role::Signer, passwords.signer()).unwrap();
    assert!(found.is_some());
    let again = unit.generate(passwords.administrator()).unwrap_err();
    assert!(matches!(again.kind, ErrorKind::KeyThere), "{again}");
    assert_eq!(checked_log(&unit, passwords.auditor()).restarts(), 1);
}

#[test]
fn a_unit_that_was_pulled_out_between_two_signatures_signs_again() {
    let mut safe = Safe::new();
    let (unit, passwords, spki) = enrolled(&safe);
    signs(&unit, passwords.signer(), &spki);
    safe.remove();
    safe.insert();
    signs(&unit, passwords.signer(), &spki);
    assert_eq!(checked_log(&unit, passwords.auditor()).restarts(), 1);
}

#[test]
fn dropping_rights_can_be_repeated_after_any_interruption() {
    let mut safe = Safe::new();
    for fault in [
        "drop@0x58",
        "drop-after@0x58",
        "drop@0x03",
        "drop-after@0x03",
    ] {
        let (unit, passwords) = set_up(&safe);
        let spki = unit.generate(passwords.administrator()).unwrap();
        safe.fault(fault);
        let error = unit.restrict(passwords.administrator()).unwrap_err();
        clear(&error, fault);
        safe.fault("");
        unit.restrict(passwords.administrator()).unwrap();
        signs(&unit, passwords.signer(), &spki);
        checked_log(&unit, passwords.auditor());
        // By hand, as it would have to be.
        safe = Safe::new();
    }
}

#[test]
fn sessions_that_are_all_taken_are_reported_and_end_by_themselves() {
    let mut safe = Safe::new();
    let (unit, passwords, spki) = enrolled(&safe);
    // There must be room for what is done below.
    let log = checked_log(&unit, passwords.auditor());
    unit.forget_log(passwords.auditor(), log.last()).unwrap();
    safe.advance(40);
    let taken: Vec<_> = (0..16)
        .map(|_| {
            safe.stranger(Role::Signer.key(), passwords.signer().expose())
                .unwrap()
        })
        .collect();
    let fresh = Unit::resumed(safe.place(), safe.serial(), unit.sent());
    let error = fresh.sign(passwords.signer(), b"").unwrap_err();
    assert!(matches!(error.kind, ErrorKind::SessionsFull), "{error}");
    assert!(error.help().contains("half a minute"));
    drop(taken);
    safe.advance(40);
    signs(&fresh, passwords.signer(), &spki);
}

#[test]
fn one_sitting_takes_one_session_for_each_role() {
    let safe = Safe::new();
    let (unit, passwords, spki) = enrolled(&safe);
    for _ in 0..20 {
        signs(&unit, passwords.signer(), &spki);
    }
}

#[test]
fn an_open_session_is_not_open_to_another_password() {
    let safe = Safe::new();
    let (unit, passwords, spki) = enrolled(&safe);
    signs(&unit, passwords.signer(), &spki);
    let error = unit.sign(&Secret::of(b"wrong"), b"").unwrap_err();
    assert!(matches!(error.kind, ErrorKind::WrongPassword(_)), "{error}");
}
