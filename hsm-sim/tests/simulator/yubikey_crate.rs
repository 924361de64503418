//! The `yubikey` crate over the real libpcsclite.

use crate::common::{Control, Sim, again, inside};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use std::panic::{AssertUnwindSafe, catch_unwind};
use yubikey::piv::{AlgorithmId, SlotId, attest, generate, metadata, sign_data};
use yubikey::{Error, MgmAlgorithmId, MgmKey, PinPolicy, TouchPolicy, YubiKey};

const PUK: &[u8] = b"12345678";
const SLOT: SlotId = SlotId::Signature;

fn open_one() -> YubiKey {
    let serial: u32 = std::env::var("HSM_SIM_SERIAL").unwrap().parse().unwrap();
    YubiKey::open_by_serial(serial.into()).unwrap()
}

/// Generates a P-256 key that asks for PIN and touch every time; its public point.
fn key(yubikey: &mut YubiKey) -> Vec<u8> {
    let management = MgmKey::get_default(yubikey).unwrap();
    yubikey.authenticate(&management).unwrap();
    let spki = generate(
        yubikey,
        SLOT,
        AlgorithmId::EccP256,
        PinPolicy::Always,
        TouchPolicy::Always,
    )
    .unwrap();
    spki.subject_public_key.raw_bytes().to_vec()
}

#[test]
fn a_ceremony_works_by_the_crate_from_factory_state_to_signature() {
    let Some(socket) = inside() else {
        let sim = Sim::start(&["--count", "2", "--inserted", "all"]);
        return again(
            &sim,
            "yubikey_crate::a_ceremony_works_by_the_crate_from_factory_state_to_signature",
        );
    };
    Control::connect(&socket).touch_whenever_asked(&socket);
    let mut yubikey = open_one();
    assert_eq!(yubikey.version().to_string(), "5.7.4");

    yubikey.change_pin(b"123456", b"246813").unwrap();
    yubikey.change_puk(PUK, b"86427531").unwrap();
    let management = MgmKey::get_default(&yubikey).unwrap();
    yubikey.authenticate(&management).unwrap();
    let replaced = MgmKey::from_bytes([0x5a; 32], Some(MgmAlgorithmId::Aes256)).unwrap();
    replaced.set_manual(&mut yubikey, false).unwrap();
    yubikey.authenticate(&replaced).unwrap();

    let spki = generate(
        &mut yubikey,
        SLOT,
        AlgorithmId::EccP256,
        PinPolicy::Always,
        TouchPolicy::Always,
    )
    .unwrap();
    let point = spki.subject_public_key.raw_bytes().to_vec();
    let attestation = attest(&mut yubikey, SLOT).unwrap();
    assert!(
        attestation
            .windows(point.len())
            .any(|window| window == point)
    );
    assert_eq!(
        metadata(&mut yubikey, SLOT).unwrap().policy,
        Some((PinPolicy::Always, TouchPolicy::Always))
    );

    let digest = [0x33; 32];
    assert!(matches!(
        sign_data(&mut yubikey, &digest, AlgorithmId::EccP256, SLOT),
        Err(Error::AuthenticationError)
    ));
    yubikey.verify_pin(b"246813").unwrap();
    let signature = sign_data(&mut yubikey, &digest, AlgorithmId::EccP256, SLOT).unwrap();
    let signature = Signature::from_der(&signature).unwrap();
    VerifyingKey::from_sec1_bytes(&point)
        .unwrap()
        .verify_prehash(&digest, &signature)
        .unwrap();
}

#[test]
fn a_version_4_device_reports_its_serial_number_and_works() {
    let Some(socket) = inside() else {
        let sim = Sim::start(&["--firmware", "4.3.7", "--inserted", "1"]);
        return again(
            &sim,
            "yubikey_crate::a_version_4_device_reports_its_serial_number_and_works",
        );
    };
    Control::connect(&socket).touch_whenever_asked(&socket);
    let mut yubikey = open_one();
    key(&mut yubikey);
    yubikey.verify_pin(b"123456").unwrap();
    sign_data(&mut yubikey, &[1; 32], AlgorithmId::EccP256, SLOT).unwrap();
}

#[test]
fn wrong_pins_are_counted_down_and_reset_is_possible_when_both_are_blocked() {
    let Some(_) = inside() else {
        let sim = Sim::start(&["--inserted", "1"]);
        return again(
            &sim,
            "yubikey_crate::wrong_pins_are_counted_down_and_reset_is_possible_when_both_are_blocked",
        );
    };
    let mut yubikey = open_one();
    let tries: Vec<_> = (0..4)
        .map(|_| yubikey.verify_pin(b"000000").unwrap_err())
        .collect();
    assert_eq!(tries, [2, 1, 0, 0].map(|tries| Error::WrongPin { tries }));
    assert!(yubikey.reset_device().is_err());
    yubikey.block_puk().unwrap();
    yubikey.reset_device().unwrap();
    assert_eq!(yubikey.get_pin_retries(), Ok(3));
}

#[test]
fn a_missing_touch_ends_in_an_error_and_the_device_still_works() {
    let Some(_) = inside() else {
        let sim = Sim::start(&["--inserted", "1", "--touch-timeout", "0.05"]);
        return again(
            &sim,
            "yubikey_crate::a_missing_touch_ends_in_an_error_and_the_device_still_works",
        );
    };
    let mut yubikey = open_one();
    key(&mut yubikey);
    yubikey.verify_pin(b"123456").unwrap();
    let error = sign_data(&mut yubikey, &[1; 32], AlgorithmId::EccP256, SLOT).unwrap_err();
    assert_eq!(error, Error::AuthenticationError);
    assert!(attest(&mut yubikey, SLOT).is_ok());
}

#[test]
fn every_fault_surfaces_in_the_crate_as_an_error_or_a_panic_and_never_as_success() {
    let Some(socket) = inside() else {
        let sim = Sim::start(&["--inserted", "1"]);
        return again(
            &sim,
            "yubikey_crate::every_fault_surfaces_in_the_crate_as_an_error_or_a_panic_and_never_as_success",
        );
    };
    let mut control = Control::connect(&socket);
    let spoiled = |fault: &str, control: &mut Control| {
        let mut yubikey = open_one();
        let plan = serde_json::json!({ "do": "fault", "plan": fault });
        assert_eq!(control.ask(&plan)["ok"], true);
        // The crate panics on some malformed answers; its users have to contain that, and so does
        // this test.
        catch_unwind(AssertUnwindSafe(|| {
            metadata(&mut yubikey, SlotId::Authentication).is_ok()
        }))
        .unwrap_or(false)
    };
    key(&mut open_one());
    let before = catch_unwind(|| metadata(&mut open_one(), SLOT).is_ok());
    assert!(before.unwrap());
    for fault in [
        "error@1=6F00",
        "empty@1",
        "corrupt@1",
        "unplug@1",
        "unplug-after@1",
    ] {
        assert!(!spoiled(fault, &mut control), "{fault}");
        control.act("insert", 1);
    }
}
