//! Certificates, the evidence of YubiKeys and YubiHSM 2s, and the audit logs of
//! the latter.
//!
//! The files are an attestation and a device certificate, PEM or DER; and the same
//! files once more as an audit log: what was sent, and the readings.
//!
//! - Nobody here has a vendor's key: what verifies is, byte for byte, what a real
//!   device made.
//! - What is refused is refused with a reason, fit to show.
//! - A log that accounts for everything says the same when it is read twice, and
//!   nothing of the kind with one bit altered.

use keymoot_attestation::{
    Evidence, certificate_der, public_key_der, verify,
    yubihsm_log::{AuditLog, Sent},
};

use crate::VENDOR;
use crate::input::{file, files, is_fit_to_show};

macro_rules! genuine {
    ($folder:literal, $attestation:literal, $device:literal) => {
        (
            include_str!(concat!(
                "../../tests/data/attestation/",
                $folder,
                "/",
                $attestation,
                ".pem"
            )),
            include_str!(concat!(
                "../../tests/data/attestation/",
                $folder,
                "/",
                $device,
                ".pem"
            )),
        )
    };
}
/// The bytes of a reading before its entries.
const HEAD: usize = 5;

/// Certificates that real devices made, published by others.
const GENUINE: [(&str, &str); 4] = [
    genuine!("attval-yk5-root263751", "slot-9c-attestation", "f9-device"),
    genuine!("gopiv-yk4-u2froot", "slot-9a-attestation", "f9-device"),
    genuine!("gopiv-yk5-root263751", "slot-9a-attestation", "f9-device"),
    genuine!("yubihsm-34331133", "key-0x0003-ed25519", "device-cert"),
];

/// Checks the files as evidence and as an audit log.
///
/// # Panics
/// Where a promise does not hold.
pub fn run(data: &[u8]) {
    let files = files(data);
    evidence(file(&files, 0), file(&files, 1));
    log(file(&files, 0), files.get(1..).unwrap_or_default());
}

fn evidence(attestation: &[u8], device: &[u8]) {
    for bytes in [attestation, device] {
        match public_key_der(bytes) {
            Ok(key) => assert_eq!(public_key_der(&key), Ok(key)),
            Err(why) => is_fit_to_show(&why),
        }
    }
    let der = |bytes| {
        certificate_der(bytes).unwrap_or_else(|why| {
            is_fit_to_show(&why);
            Vec::new()
        })
    };
    let evidence = Evidence {
        attestation: der(attestation),
        device: der(device),
    };
    match verify(&evidence, &VENDOR, None) {
        Ok(verified) => {
            let genuine = GENUINE.iter().any(|(attestation, device)| {
                der(attestation.as_bytes()) == evidence.attestation
                    && der(device.as_bytes()) == evidence.device
            });
            assert!(genuine, "forged evidence of {:?}", verified.serial());
            verified.attests(verified.spki()).expect("a key is itself");
            for link in verified.chain() {
                is_fit_to_show(&link.subject);
            }
        }
        Err(violations) => {
            assert!(!violations.is_empty(), "refused without a reason");
            for violation in violations {
                is_fit_to_show(&violation.to_string());
            }
        }
    }
}

fn log(sent: &[u8], readings: &[&[u8]]) {
    let Ok(sent) = serde_json::from_slice::<Vec<Sent>>(sent) else {
        return;
    };
    let log = match AuditLog::check(readings, &sent) {
        Ok(log) => log,
        Err(violations) => {
            assert!(!violations.is_empty(), "refused without a reason");
            return violations
                .iter()
                .for_each(|violation| is_fit_to_show(&violation.to_string()));
        }
    };
    // Read once more before the device forgot it, it says the same.
    if let Some(last) = readings.last().filter(|last| last.len() > HEAD) {
        let again: Vec<_> = readings.iter().chain([last]).collect();
        let again = AuditLog::check(&again, &sent).expect("the same reading twice");
        assert_eq!(again.entries(), log.entries());
    }
    // One bit of one entry is enough to be found out.
    if let [only] = readings {
        let mut altered = only.to_vec();
        let at = HEAD + usize::from(log.last()) % (altered.len() - HEAD);
        altered[at] ^= 1 << (at % 8);
        assert!(AuditLog::check(&[altered], &sent).is_err(), "byte {at}");
    }
}
