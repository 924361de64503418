//! The verifier detects a change of any bit of the evidence, signed or unsigned, and no
//! bytes make it panic.

use keymoot_attestation::{Evidence, TrustStore, certificate_der, public_key_der, verify};
use proptest::prelude::*;

use crate::program::data;

fn evidence(folder: &str, slot: &str) -> Evidence {
    let read =
        |file: &str| certificate_der(&std::fs::read(data(folder).join(file)).unwrap()).unwrap();
    Evidence {
        attestation: read(&format!("slot-{slot}-attestation.pem")),
        device: read("f9-device.pem"),
    }
}

fn yubihsm() -> Evidence {
    let read = |file: &str| {
        let path = data("yubihsm-34331133").join(file);
        certificate_der(&std::fs::read(path).unwrap()).unwrap()
    };
    Evidence {
        attestation: read("key-0x0003-ed25519.pem"),
        device: read("device-cert.pem"),
    }
}

fn samples() -> [Evidence; 4] {
    [
        evidence("attval-yk5-root263751", "9c"),
        evidence("gopiv-yk4-u2froot", "9a"),
        evidence("gopiv-yk5-root263751", "9a"),
        yubihsm(),
    ]
}

fn assert_refused_by_id(forged: &Evidence, store: &TrustStore, which: &str) {
    let violations = verify(forged, store, None).expect_err(which);
    assert!(!violations.is_empty(), "{which}");
    assert!(
        violations.iter().all(|v| v.rule.family() == "DEVICE"),
        "{which}"
    );
}

#[test]
fn a_flipped_bit_anywhere_in_either_certificate_is_refused() {
    let store = TrustStore::vendor().unwrap();
    for genuine in samples() {
        verify(&genuine, &store, None).unwrap();
        for bit in 0..genuine.attestation.len() * 8 {
            let mut forged = genuine.clone();
            forged.attestation[bit / 8] ^= 1 << (bit % 8);
            assert_refused_by_id(&forged, &store, &format!("bit {bit} of the attestation"));
        }
        for bit in 0..genuine.device.len() * 8 {
            let mut forged = genuine.clone();
            forged.device[bit / 8] ^= 1 << (bit % 8);
            assert_refused_by_id(&forged, &store, &format!("bit {bit} of the device"));
        }
    }
}

#[test]
fn a_certificate_cut_short_anywhere_is_refused() {
    let store = TrustStore::vendor().unwrap();
    for genuine in samples() {
        for length in 0..genuine.attestation.len() {
            let mut forged = genuine.clone();
            forged.attestation.truncate(length);
            assert!(verify(&forged, &store, None).is_err(), "{length} bytes");
        }
    }
}

#[test]
fn a_moment_outside_the_dates_is_refused_and_one_inside_is_not() {
    let store = TrustStore::vendor().unwrap();
    let [yubikey, ..] = samples();
    // 2016-03-14 to 2052-04-17 and 2017-01-01 to 2071-10-05, at midnight, as the
    // certificates say.
    for (genuine, first, last) in [
        (yubikey, 1_457_913_600, 2_596_924_800),
        (yubihsm(), 1_483_228_800, 3_211_228_800),
    ] {
        for inside in [first, last] {
            verify(&genuine, &store, Some(inside)).unwrap();
        }
        for outside in [i64::MIN, -1, first - 1, last + 1, i64::MAX] {
            let violations = verify(&genuine, &store, Some(outside)).unwrap_err();
            assert!(
                violations.iter().all(|v| v.rule.id() == "DEVICE-VALIDITY"),
                "{outside}: {violations:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_verifier_panic(attestation: Vec<u8>, device: Vec<u8>) {
        let store = TrustStore::vendor().unwrap();
        let _ = certificate_der(&attestation);
        let _ = public_key_der(&attestation);
        let evidence = Evidence { attestation, device };
        prop_assert!(verify(&evidence, &store, Some(0)).is_err());
    }

    #[test]
    fn no_damage_to_a_certificate_makes_the_verifier_panic(
        at in any::<prop::sample::Index>(),
        cut in 0usize..64,
        insert: Vec<u8>,
    ) {
        let store = TrustStore::vendor().unwrap();
        let [genuine, ..] = samples();
        let mut forged = genuine.clone();
        let start = at.index(forged.attestation.len());
        let end = (start + cut).min(forged.attestation.len());
        forged.attestation.splice(start..end, insert);
        prop_assert_eq!(verify(&forged, &store, None).is_ok(), forged == genuine);
    }

    #[test]
    fn no_text_brings_the_reader_down(text in "(-----BEGIN [A-Z ]{0,12}-----\n)?[A-Za-z0-9+/=\n]{0,80}(-----END .{0,8}-----)?") {
        let _ = certificate_der(text.as_bytes());
        let _ = public_key_der(text.as_bytes());
    }
}
