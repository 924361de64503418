//! The certificates of the simulated vendor have the structure of real ones, and verify with
//! OpenSSL.

use crate::common::bench::Bench;
use base64::Engine;
use hsm_sim::tlv::{list, split};
use std::path::Path;
use std::process::Command;

fn sample(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    let text: String = std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

/// Tags, object identifiers, booleans and numbers of elements; of other values only their kind, and
/// of an extension's content its length.
fn skeleton(bytes: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    describe(bytes, 0, &mut lines);
    lines
}

fn describe(bytes: &[u8], depth: usize, lines: &mut Vec<String>) {
    for (tag, value) in list(bytes).unwrap() {
        let detail = match tag {
            0x01 | 0x06 => hex::encode(value),
            0x04 => format!("{} bytes", value.len()),
            _ => String::new(),
        };
        lines.push(
            format!("{:depth$}{tag:02x} {detail}", "")
                .trim_end()
                .to_owned(),
        );
        if tag & 0x20 != 0 {
            describe(value, depth + 1, lines);
        }
    }
}

fn pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

#[test]
fn a_slot_attestation_has_the_structure_of_a_real_one() {
    for firmware in ["5.4.3", "5.7.4"] {
        let mut bench = Bench::new(firmware);
        bench.generate(0x9c, 3, 2);
        for real in [
            "attval-yk5-root263751/slot-9c-attestation.pem",
            "gopiv-yk5-root263751/slot-9a-attestation.pem",
        ] {
            assert_eq!(
                skeleton(&bench.attest(0x9c)),
                skeleton(&sample(real)),
                "{firmware} {real}"
            );
        }
    }
}

#[test]
fn a_batch_certificate_has_the_structure_of_a_real_one() {
    for firmware in ["5.4.3", "5.7.4"] {
        let certificate = Bench::new(firmware).f9_certificate();
        assert_eq!(
            skeleton(&certificate),
            skeleton(&sample("attval-yk5-root263751/f9-device.pem")),
            "{firmware}"
        );
    }
}

#[test]
fn a_version_4_attestation_differs_from_the_sample_only_by_the_serial_number_it_adds() {
    let mut bench = Bench::new("4.3.7");
    bench.generate(0x9a, 2, 1);
    let mut ours = skeleton(&bench.attest(0x9a));
    let serial = ours
        .iter()
        .position(|line| line.ends_with("2b0601040182c40a0307"))
        .unwrap();
    ours.drain(serial - 1..serial + 2);
    assert_eq!(
        ours,
        skeleton(&sample("gopiv-yk4-u2froot/slot-9a-attestation.pem"))
    );
}

#[test]
fn a_version_4_batch_certificate_does_not_claim_to_be_an_authority() {
    let real = skeleton(&sample("gopiv-yk4-u2froot/f9-device.pem"));
    // That sample's issuer is written as a PrintableString, by a root that is not simulated.
    let real: Vec<_> = real.iter().map(|line| line.replace("13", "0c")).collect();
    assert_eq!(skeleton(&Bench::new("4.3.7").f9_certificate()), real);
}

#[test]
fn the_attested_facts_are_those_of_the_device_and_its_key() {
    let mut bench = Bench::new("5.7.4");
    let point = bench.generate(0x9c, 3, 2);
    let text = hex::encode(bench.attest(0x9c));
    for (what, expected) in [
        ("firmware", "060a2b0601040182c40a03030403050704".to_owned()),
        (
            "serial number",
            format!("060a2b0601040182c40a030704060204{:08x}", bench.serial),
        ),
        ("policies", "060a2b0601040182c40a030804020302".to_owned()),
        ("form factor", "060a2b0601040182c40a0309040101".to_owned()),
        ("public key", hex::encode(point)),
        ("subject", hex::encode("YubiKey PIV Attestation 9c")),
    ] {
        assert!(text.contains(&expected), "{what}: {expected} in {text}");
    }
}

#[test]
fn a_device_of_the_fips_series_says_so_in_form_factor_and_batch_certificate() {
    let mut bench = Bench::new("5.4.3-fips");
    bench.generate(0x9c, 3, 2);
    assert!(hex::encode(bench.attest(0x9c)).contains("060a2b0601040182c40a0309040181"));
    assert!(hex::encode(bench.f9_certificate()).contains("060a2b0601040182c40a030a0403020103"));
}

#[test]
fn two_attestations_of_one_key_differ_in_their_serial_number() {
    let mut bench = Bench::new("5.7.4");
    bench.generate(0x9c, 3, 2);
    assert_ne!(bench.attest(0x9c), bench.attest(0x9c));
}

#[test]
fn both_chains_verify_with_openssl_up_to_a_root_named_simulated() {
    for (firmware, authorities) in [("5.4.3", 1), ("5.7.4", 3)] {
        let mut bench = Bench::new(firmware);
        bench.generate(0x9c, 3, 2);
        assert_eq!(bench.vendor.len(), authorities);
        let dir = tempfile::tempdir().unwrap();
        let all: String = bench
            .vendor
            .iter()
            .map(|published| published.pem.as_str())
            .collect();
        std::fs::write(dir.path().join("vendor.pem"), all).unwrap();
        std::fs::write(dir.path().join("f9.pem"), pem(&bench.f9_certificate())).unwrap();
        std::fs::write(dir.path().join("slot.pem"), pem(&bench.attest(0x9c))).unwrap();
        let arguments = [
            "verify",
            "-show_chain",
            "-CAfile",
            "vendor.pem",
            "-untrusted",
            "f9.pem",
            "slot.pem",
        ];
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(dir.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.contains("slot.pem: OK"),
            "{firmware}: {output:?}"
        );
        assert_eq!(text.matches("SIMULATED").count(), authorities, "{text}");
    }
}

#[test]
fn one_batch_certificate_is_shared_by_devices_of_one_firmware() {
    let models = ["5.7.4", "5.7.4", "5.4.3"].map(|firmware| firmware.parse().unwrap());
    let store = hsm_sim::yubikey::device::Store::open(None, Some(7), 3, &models).unwrap();
    let keys: Vec<_> = store
        .devices()
        .iter()
        .map(|device| &device.piv.keys[&0xf9])
        .collect();
    assert!(keys[0] == keys[1] && keys[1] != keys[2]);
}

#[test]
fn the_real_samples_can_be_read_at_all() {
    let bytes = sample("gopiv-yk5-root263751/f9-device.pem");
    assert_eq!(
        split(&bytes).map(|(tag, _, rest)| (tag, rest.len())),
        Some((0x30, 0))
    );
}
