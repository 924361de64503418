//! Reset, setting up, generating, attesting, signing.

use keymoot::device::yubihsm::{Passwords, Place, Role, Unit};
use keymoot::device::{Cancel, ErrorKind, Seen, Serial, Slots};
use keymoot::host::secret::Secret;
use keymoot_attestation as attestation;
use keymoot_attestation::{Capabilities, Evidence, KeyAlgorithm, Specifics, TrustStore};

use super::{SIGNING_KEY, Safe, checked_log, enrolled, set_up, signs};

#[test]
fn a_unit_lives_from_its_reset_to_its_last_signature() {
    for firmware in ["2.2.0", "2.4.1"] {
        let safe = Safe::with(firmware);
        let unit = safe.unit();
        let passwords = Passwords::random().unwrap();
        unit.reset(None).unwrap();
        assert!(unit.contents().unwrap().is_fresh());
        unit.provision(&passwords).unwrap();
        let spki = unit.generate(passwords.administrator()).unwrap();
        let evidence = unit.attest(passwords.administrator()).unwrap();
        proves(&safe, &evidence, &spki, firmware);
        signs(&unit, passwords.signer(), &spki);
        unit.restrict(passwords.administrator()).unwrap();
        let log = checked_log(&unit, passwords.auditor());
        assert_eq!(log.restarts(), 0);
        unit.forget_log(passwords.auditor(), log.last()).unwrap();
        assert_eq!(unit.info().unwrap().log_used, 1, "of the forgetting itself");
        signs(&unit, passwords.signer(), &spki);
    }
}

/// The facts that the evidence of a device's key proves.
fn proves(safe: &Safe, evidence: &Evidence, spki: &[u8], firmware: &str) {
    let proven = attestation::verify(evidence, &safe.vendor(), None).unwrap();
    proven.attests(spki).unwrap();
    proven.stays_inside().unwrap();
    assert_eq!(proven.serial(), Some(safe.serial().0));
    assert_eq!(proven.firmware().to_string(), firmware);
    assert_eq!(proven.algorithm(), KeyAlgorithm::P256);
    let Specifics::YubiHsm(stated) = proven.specifics() else {
        panic!("{proven:?}");
    };
    assert_eq!(stated.object, SIGNING_KEY);
    assert_eq!(stated.label, "keymoot root key");
    assert_eq!(stated.domains.bits(), 1);
    assert_eq!(stated.capabilities, Capabilities::SIGN_ECDSA);
    let live = attestation::verify(evidence, &TrustStore::vendor().unwrap(), None).unwrap_err();
    assert!(
        live.iter().all(|v| v.rule.id() == "DEVICE-CHAIN"),
        "{live:?}"
    );
}

#[test]
fn a_fresh_unit_says_so_and_a_used_one_that_it_is_not() {
    let safe = Safe::new();
    let contents = safe.unit().contents().unwrap();
    assert!(contents.is_fresh(), "{contents:?}");
    let (unit, ..) = enrolled(&safe);
    let contents = unit.contents().unwrap();
    assert!(!contents.factory_password && contents.objects.is_none());
    let again = unit.provision(&Passwords::random().unwrap()).unwrap_err();
    assert!(matches!(again.kind, ErrorKind::Used(None)), "{again}");
}

#[test]
fn what_somebody_put_on_a_fresh_unit_is_noticed() {
    let safe = Safe::new();
    let unit = safe.unit();
    unit.reset(None).unwrap();
    let stranger = safe.stranger(1, b"password").unwrap();
    stranger
        .generate_asymmetric_key(
            9,
            "planted".parse().unwrap(),
            yubihsm::Domain::DOM1,
            yubihsm::Capability::SIGN_ECDSA,
            yubihsm::asymmetric::Algorithm::EcP256,
        )
        .unwrap();
    let error = unit.provision(&Passwords::random().unwrap()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Used(Some(2))), "{error}");
    assert!(error.help().contains("Reset it first"));
}

#[test]
fn a_unit_is_reset_by_its_administrator_and_then_only_by_hand() {
    let safe = Safe::new();
    let (unit, passwords) = set_up(&safe);
    unit.reset(Some(passwords.administrator())).unwrap();
    assert!(unit.contents().unwrap().is_fresh());
    let (unit, passwords, _) = enrolled(&safe);
    for administrator in [None, Some(passwords.administrator())] {
        let error = unit.reset(administrator).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Used(None)), "{error}");
        assert!(error.help().contains("ten seconds"));
    }
}

#[test]
fn there_are_never_two_signing_keys() {
    let safe = Safe::new();
    let (unit, passwords) = set_up(&safe);
    let spki = unit.generate(passwords.administrator()).unwrap();
    let error = unit.generate(passwords.administrator()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::KeyThere), "{error}");
    let found = unit.signing_key(Role::Signer, passwords.signer()).unwrap();
    assert_eq!(found, Some(spki));
}

#[test]
fn a_unit_without_a_key_says_so() {
    let safe = Safe::new();
    let (unit, passwords) = set_up(&safe);
    let found = unit.signing_key(Role::Signer, passwords.signer()).unwrap();
    assert_eq!(found, None);
    for error in [
        unit.sign(passwords.signer(), b"").unwrap_err(),
        unit.attest(passwords.administrator()).unwrap_err(),
    ] {
        assert!(matches!(error.kind, ErrorKind::NoKey), "{error}");
    }
}

#[test]
fn a_wrong_password_is_named_with_its_role_and_uses_nothing_up() {
    let safe = Safe::new();
    let (unit, passwords, spki) = enrolled(&safe);
    let unit = Unit::resumed(safe.place(), unit.serial(), unit.sent());
    for _ in 0..3 {
        let error = unit.sign(&Secret::of(b"wrong"), b"").unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::WrongPassword(Role::Signer)),
            "{error}"
        );
        assert!(error.to_string().contains("of the signer"), "{error}");
    }
    signs(&unit, passwords.signer(), &spki);
    checked_log(&unit, passwords.auditor());
}

#[test]
fn only_the_wanted_unit_is_spoken_to() {
    let safe = Safe::new();
    let wanted = Serial(safe.serial().0 + 1);
    let error = Unit::new(safe.place(), wanted).reset(None).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Other(_)), "{error}");
    assert!(error.help().contains(&wanted.to_string()));
}

#[test]
fn a_place_where_nothing_answers_is_named() {
    let mut safe = Safe::new();
    let unit = safe.unit();
    safe.remove();
    let error = unit.contents().unwrap_err();
    assert!(matches!(error.kind, ErrorKind::NoAnswer), "{error}");
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
    assert!(
        Slots::YubiHsms(vec![safe.place()])
            .present()
            .unwrap()
            .is_empty()
    );
    safe.insert();
    assert!(unit.contents().unwrap().is_fresh());
}

#[test]
fn a_bench_waits_for_one_unit_and_can_be_called_away() {
    let mut safe = Safe::new();
    let bench = Slots::YubiHsms(vec![safe.place()]);
    let cancel = Cancel::new();
    let found = bench.wait_for_one(&cancel, |_| ()).unwrap();
    assert_eq!(found.serial, safe.serial());
    let both = Slots::YubiHsms(vec![safe.place(), safe.place()]);
    let mut seen = Vec::new();
    let error = both
        .wait_for_one(&cancel, |now| {
            seen.push(now.clone());
            cancel.cancel();
        })
        .unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Cancelled), "{error}");
    assert_eq!(seen, [Seen::Several(2)]);
    safe.remove();
}

#[test]
fn a_connector_elsewhere_is_refused() {
    let error = "192.0.2.1:12345".parse::<Place>().unwrap_err();
    assert!(error.help().contains("127.0.0.1:12345"));
}
