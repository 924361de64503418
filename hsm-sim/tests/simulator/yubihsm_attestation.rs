//! Simulated YubiHSM attestations have the structure of real ones, byte for byte where nothing is
//! said about one device or key, and verify with OpenSSL.

use crate::common::connector::Bench;
use base64::Engine;
use hsm_sim::tlv::list;
use std::path::{Path, PathBuf};
use std::process::Command;
use yubihsm::asymmetric::Algorithm;
use yubihsm::{Capability, Domain};

/// A device's own certificate, and its attestation of a key with the label and of the kind of the
/// real sample.
fn simulated(
    firmware: &str,
    label: &str,
    algorithm: Algorithm,
    capabilities: Capability,
) -> (Bench, Vec<u8>, Vec<u8>) {
    let bench = Bench::new(firmware, 1);
    let client = bench.admin();
    client
        .generate_asymmetric_key(3, label.into(), Domain::DOM1, capabilities, algorithm)
        .unwrap();
    let device = client.get_opaque(0).unwrap();
    let attestation = client.sign_attestation_certificate(3, None).unwrap();
    let attestation = attestation.as_ref().to_vec();
    (bench, device, attestation)
}

fn der(path: &Path) -> Vec<u8> {
    let text: String = std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

/// Every tag in order, with what may not differ between devices: object identifiers, flags, times,
/// and everything in Yubico's extensions but the numbers of firmware and device, and the digests of
/// keys. Of the rest, the length where it is fixed.
fn skeleton(certificate: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    describe(certificate, 0, &mut String::new(), &mut lines);
    lines
}

fn describe(bytes: &[u8], depth: usize, oid: &mut String, lines: &mut Vec<String>) {
    for (tag, value) in list(bytes).unwrap() {
        let detail = match tag {
            0x06 => {
                *oid = hex::encode(value);
                oid.clone()
            }
            0x01 | 0x05 | 0x17 | 0x18 => hex::encode(value),
            0x04 => extension(oid, value),
            // The version; serial numbers differ in length too.
            0x02 if depth == 3 => hex::encode(value),
            // Keys of one kind are as long as each other, and so are RSA signatures.
            0x03 => format!("{} bytes", value.len()),
            _ => String::new(),
        };
        lines.push(
            format!("{:depth$}{tag:02x} {detail}", "")
                .trim_end()
                .to_owned(),
        );
        if tag & 0x20 != 0 {
            describe(value, depth + 1, oid, lines);
        }
    }
}

fn extension(oid: &str, content: &[u8]) -> String {
    const YUBICO: &str = "2b0601040182c40a04";
    let last = oid.strip_prefix(YUBICO);
    let shown = match last {
        // Firmware and serial number: what they are and how long, not which.
        Some("01" | "02") => &content[..2],
        // Origin, domains, capabilities, identifier, label: the same in both.
        Some(_) => content,
        // Digests of keys.
        None if oid == "551d0e" => &content[..2],
        None if oid == "551d23" => &content[..4],
        None => content,
    };
    format!("{} of {} bytes", hex::encode(shown), content.len())
}

fn same_structure(ours: &[u8], real: &Path) {
    assert_eq!(skeleton(ours), skeleton(&der(real)), "{}", real.display());
}

#[test]
fn with_firmware_of_2024_both_certificates_are_like_those_of_a_real_device() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/yubihsm-34331133");
    let (_, device, attestation) =
        simulated("2.4.1", "", Algorithm::Ed25519, Capability::SIGN_EDDSA);
    same_structure(&device, &samples.join("device-cert.pem"));
    same_structure(&attestation, &samples.join("key-0x0003-ed25519.pem"));
}

#[test]
fn with_firmware_of_2020_both_certificates_are_like_those_of_a_real_ceremony() {
    let Some(vectors) = std::env::var_os("KEYMOOT_VECTORS").map(PathBuf::from) else {
        eprintln!("left out 2 cases: KEYMOOT_VECTORS is not set");
        return;
    };
    let samples = vectors.join("attestations/yubihsm/psf-13200460");
    let (_, device, attestation) = simulated(
        "2.1.2",
        "tuf-root",
        Algorithm::EcP384,
        Capability::SIGN_ECDSA,
    );
    same_structure(&device, &samples.join("device-cert.pem"));
    same_structure(&attestation, &samples.join("key-0x0003-root.pem"));
}

#[test]
fn the_serial_numbers_are_as_long_as_real_ones() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/yubihsm-34331133");
    let (_, device, attestation) =
        simulated("2.4.1", "", Algorithm::EcP256, Capability::SIGN_ECDSA);
    let serial = |certificate: &[u8]| {
        let outer = list(certificate).unwrap()[0].1.to_vec();
        let tbs = list(&outer).unwrap()[0].1.to_vec();
        list(&tbs).unwrap()[1].1.to_vec()
    };
    let real = serial(&der(&samples.join("device-cert.pem")));
    assert_eq!(serial(&device).len(), real.len());
    // Sixteen random bytes, and a zero before them when the first is above 7f.
    assert!(matches!(serial(&attestation).len(), 15..=17));
}

#[test]
fn openssl_verifies_the_chain_up_to_the_published_root() {
    let (bench, device, attestation) =
        simulated("2.4.1", "", Algorithm::EcP256, Capability::SIGN_ECDSA);
    let dir = tempfile::tempdir().unwrap();
    let roles: Vec<String> = bench
        .vendor
        .iter()
        .map(|published| serde_json::to_value(published.role).unwrap().to_string())
        .collect();
    assert_eq!(roles, [r#""yubihsm-root""#, r#""yubihsm-issuer""#]);
    let write = |name: &str, text: String| std::fs::write(dir.path().join(name), text).unwrap();
    let pem = |der: &[u8]| {
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    };
    write("root.pem", bench.vendor[0].pem.clone());
    write("between.pem", bench.vendor[1].pem.clone() + &pem(&device));
    write("key.pem", pem(&attestation));
    let done = Command::new("openssl")
        .current_dir(dir.path())
        .args(["verify", "-CAfile", "root.pem"])
        .args(["-untrusted", "between.pem", "key.pem"])
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}
