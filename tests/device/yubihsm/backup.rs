//! A second copy of a key on another unit, and what it costs.

use keymoot::device::DeviceError;
use keymoot::device::yubihsm::{Backup, Passwords, Unit, WrapKey};
use keymoot_attestation as attestation;

use super::{Safe, checked_log, set_up, signs};

fn set_up_for_backup(safe: &Safe) -> (Unit, Passwords) {
    let (unit, passwords) = (safe.unit(), Passwords::random().unwrap());
    unit.reset(None).unwrap();
    unit.provision(&passwords, Backup::UnderWrap).unwrap();
    (unit, passwords)
}

#[test]
fn a_copy_signs_like_the_first_and_both_attestations_say_what_it_costs() {
    let (here, there) = (Safe::new(), Safe::seeded("2.4.1", 8));
    let ((first, first_passwords), (second, second_passwords)) =
        (set_up_for_backup(&here), set_up_for_backup(&there));
    let administrator = first_passwords.administrator();
    let spki = first.generate(administrator, Backup::UnderWrap).unwrap();
    let key = WrapKey::random().unwrap();
    let exported = first.export(administrator, &key).unwrap();
    let imported = second
        .import(second_passwords.administrator(), &key, &exported)
        .unwrap();
    assert_eq!(imported, spki);

    let evidence = first.attest(administrator).unwrap();
    let proven = attestation::verify(&evidence, &here.vendor(), None).unwrap();
    let cost = proven.stays_inside().unwrap_err();
    assert_eq!(cost.rule, "DEVICE-EXPORTABLE");
    let evidence = second.attest(second_passwords.administrator()).unwrap();
    let refused = attestation::verify(&evidence, &there.vendor(), None).unwrap_err();
    assert_eq!(refused[0].rule, "DEVICE-ORIGIN");

    for (unit, passwords) in [(&first, &first_passwords), (&second, &second_passwords)] {
        unit.restrict(passwords.administrator()).unwrap();
        signs(unit, passwords.signer(), &spki);
        checked_log(unit, passwords.auditor());
    }
}

#[test]
fn a_unit_that_was_not_set_up_for_it_exports_nothing() {
    let safe = Safe::new();
    let (unit, passwords) = set_up(&safe);
    let administrator = passwords.administrator();
    for backup in [Backup::UnderWrap, Backup::None] {
        let made = unit.generate(administrator, backup);
        assert_eq!(made.is_ok(), backup == Backup::None);
    }
    let error = unit
        .export(administrator, &WrapKey::random().unwrap())
        .unwrap_err();
    assert!(matches!(error, DeviceError::NotPermitted { .. }), "{error}");
}
