//! The audit log of a device, compared with the commands sent to it.

use keymoot::device::ErrorKind;
use keymoot::device::yubihsm::{Passwords, Role, Unit};
use keymoot_attestation::yubihsm_log::{AuditLog, ENTRY_LENGTH};

use super::{SIGNING_KEY, Safe, checked_log, enrolled, set_up, signs};

/// Where the entries begin in an answer of the device.
const HEADER: usize = 5;

#[test]
fn one_entry_altered_or_missing_is_found() {
    let safe = Safe::new();
    let (unit, passwords, _) = enrolled(&safe);
    let record = unit.read_log(passwords.auditor()).unwrap();
    let sent = unit.sent();
    AuditLog::check(&[&record], &sent).unwrap();
    let entries = (record.len() - HEADER) / ENTRY_LENGTH;
    assert!(entries > 25, "{entries}");
    for n in 0..entries {
        let at = HEADER + n * ENTRY_LENGTH;
        let mut without = record.clone();
        without.drain(at..at + ENTRY_LENGTH);
        without[4] -= 1;
        AuditLog::check(&[&without], &sent).unwrap_err();
        for byte in at..at + ENTRY_LENGTH {
            let mut altered = record.clone();
            altered[byte] ^= 0x10;
            AuditLog::check(&[&altered], &sent).unwrap_err();
        }
    }
}

#[test]
fn what_somebody_else_did_is_found_and_named() {
    let safe = Safe::new();
    let (unit, passwords, _) = enrolled(&safe);
    let stranger = safe
        .stranger(Role::Signer.key(), passwords.signer().expose())
        .unwrap();
    stranger
        .sign_ecdsa_prehash_raw(SIGNING_KEY, [7; 32])
        .unwrap();
    let record = unit.read_log(passwords.auditor()).unwrap();
    let violations = AuditLog::check(&[record], &unit.sent()).unwrap_err();
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].rule.id(), "DEVICE-AUDIT");
    let what = &violations[0].what;
    assert!(
        what.contains("did not send") && what.contains("CREATE SESSION of 0x0002"),
        "{what}"
    );
}

#[test]
fn a_log_is_read_in_parts_and_held_against_the_whole() {
    let safe = Safe::new();
    let (unit, passwords) = set_up(&safe);
    let spki = unit.generate(passwords.administrator()).unwrap();
    let first = unit.read_log(passwords.auditor()).unwrap();
    let last = AuditLog::check(&[&first], &unit.sent()).unwrap().last();
    unit.forget_log(passwords.auditor(), last).unwrap();
    signs(&unit, passwords.signer(), &spki);
    let second = unit.read_log(passwords.auditor()).unwrap();
    AuditLog::check(&[&first, &second], &unit.sent()).unwrap();
    AuditLog::check(&[&second], &unit.sent()).unwrap_err();
}

#[test]
fn what_was_sent_outlives_the_program() {
    let safe = Safe::new();
    let (unit, passwords) = set_up(&safe);
    let kept = serde_json::to_string(&unit.sent()).unwrap();
    drop(unit);
    let sent = serde_json::from_str(&kept).unwrap();
    let unit = Unit::resumed(safe.place(), safe.serial(), sent);
    unit.generate(passwords.administrator()).unwrap();
    checked_log(&unit, passwords.auditor());
}

#[test]
fn a_full_log_stops_the_signing_until_it_was_read() {
    let safe = Safe::new();
    let (unit, passwords, spki) = enrolled(&safe);
    let refused = (0..100)
        .find_map(|_| unit.sign(passwords.signer(), b"again").err())
        .unwrap();
    assert!(matches!(refused.kind, ErrorKind::LogFull), "{refused}");
    assert!(refused.help().contains("auditor"));
    let log = checked_log(&unit, passwords.auditor());
    unit.forget_log(passwords.auditor(), log.last()).unwrap();
    signs(&unit, passwords.signer(), &spki);
}

#[test]
fn a_unit_whose_log_nobody_ever_read_can_be_reset() {
    let mut safe = Safe::new();
    safe.fault("log-full@1");
    let unit = safe.unit();
    unit.reset(None).unwrap();
    unit.provision(&Passwords::random().unwrap()).unwrap();
}
