//! What a folder for `--vendor-dir` may hold: each certificate in a role that
//! it fits, and nothing that bypasses the roles.

use std::path::{Path, PathBuf};

use crate::lookalike::{EXPONENT_3, Lookalike, Recipe, vendor_dir};
use crate::program::{attest, data, proven, refusal, refused, vectors};

fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("attestations")
        .join(path)
}

fn judged(certificates: &[(&str, &Path)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let [attestation, device] = sample();
    refused(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        &vendor_dir(folder.path(), certificates),
    ])
}

fn sample() -> [PathBuf; 2] {
    ["slot-9c-attestation.pem", "f9-device.pem"]
        .map(|file| data("attval-yk5-root263751").join(file))
}

#[test]
fn the_shipped_folder_serves_as_one() {
    let [attestation, device] = sample();
    let report = proven(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        &shipped(""),
    ]);
    assert_eq!(report["vendor"]["name"], "Yubico");
    assert_eq!(
        report["vendor"]["compiled_in"], false,
        "a folder is never taken for the compiled-in keys"
    );
}

#[test]
fn an_issuer_of_another_application_fits_no_role() {
    const NEVER: [&str; 3] = [
        "yubico-fido-attestation-b-1.pem",
        "yubico-opgp-attestation-b-1.pem",
        "yubico-piv-preview-ca-2.pem",
    ];
    const ROLES: [&str; 4] = [
        "piv-issuer",
        "piv-root",
        "attestation-root",
        "attestation-intermediate",
    ];
    let Some(folder) = vectors("never-trust", NEVER.len() * ROLES.len()) else {
        return;
    };
    let root = shipped("roots/yubico-attestation-root-1.pem");
    let intermediate = shipped("intermediates/yubico-attestation-intermediate-b-1.pem");
    for file in NEVER {
        for role in ROLES {
            let rules = judged(&[
                ("attestation-root", &root),
                ("attestation-intermediate", &intermediate),
                (role, &folder.join(file)),
            ]);
            assert!(
                rules.iter().all(|rule| rule == "DEVICE-TRUST"),
                "{file} as {role}: {rules:?}"
            );
        }
    }
}

#[test]
fn devices_are_trusted_through_the_issuers_of_their_application_alone() {
    let vendor = Lookalike::of_5_7_4("Yubico PIV Attestation B 1", 1);
    let [attestation, device] = vendor.evidence(&Recipe::default());
    let report = proven(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        &vendor.vendor_dir(),
    ]);
    let roles: Vec<&str> = report["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["role"].as_str().unwrap())
        .collect();
    let expected = [
        "slot-attestation",
        "device",
        "piv-issuer",
        "attestation-intermediate",
        "attestation-root",
    ];
    assert_eq!(roles, expected);

    let without_issuer = vendor.vendor_dir_without_issuer();
    let rules = refused(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        &without_issuer,
    ]);
    assert_eq!(
        rules,
        ["DEVICE-CHAIN"],
        "the root and the intermediate alone vouch for nothing"
    );
}

#[test]
fn an_issuer_of_another_name_or_depth_does_not_become_one_of_devices() {
    for (name, depth) in [
        ("Yubico OPGP Attestation B 1", 1),
        ("Yubico PIV Attestation B 1", 0),
    ] {
        let vendor = Lookalike::of_5_7_4(name, depth);
        let [attestation, device] = vendor.evidence(&Recipe::default());
        let rules = refused(&[
            &attestation,
            &device,
            Path::new("--vendor-dir"),
            &vendor.vendor_dir(),
        ]);
        assert_eq!(rules, ["DEVICE-TRUST"], "{name}, path length {depth}");
    }
}

#[test]
fn a_yubihsm_issuer_does_not_attest_a_yubikey() {
    let root = shipped("roots/yubico-yubihsm-root-ca.pem");
    let issuer = shipped("intermediates/yubico-yubihsm-6742036-sub-ca.pem");
    assert_eq!(
        judged(&[("yubihsm-root", &root), ("yubihsm-issuer", &issuer)]),
        ["DEVICE-CHAIN"]
    );
}

#[test]
fn the_genuine_root_in_a_role_that_does_not_sign_devices_attests_none() {
    let root = shipped("roots/yubico-piv-root-ca-263751.pem");
    assert_eq!(judged(&[("attestation-root", &root)]), ["DEVICE-CHAIN"]);
}

#[test]
fn an_issuer_without_the_certificates_above_it_is_refused() {
    let issuer = shipped("intermediates/yubico-piv-attestation-b-1.pem");
    assert_eq!(judged(&[("piv-issuer", &issuer)]), ["DEVICE-TRUST"]);
}

#[test]
fn an_intermediate_is_not_a_root() {
    let issuer = shipped("intermediates/yubico-piv-attestation-b-1.pem");
    assert_eq!(judged(&[("piv-root", &issuer)]), ["DEVICE-TRUST"]);
}

#[test]
fn an_issuer_whose_key_has_the_exponent_3_is_refused() {
    let vendor = Lookalike::of_5_7_4("Yubico PIV Attestation B 1", 1)
        .with_issuer_key("Yubico PIV Attestation B 1", EXPONENT_3);
    let [attestation, device] = vendor.evidence(&Recipe::default());
    let rules = refused(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        &vendor.vendor_dir(),
    ]);
    assert_eq!(rules, ["DEVICE-TRUST"]);
}

#[test]
fn either_of_two_certificates_of_one_root_key_is_trusted() {
    let vendor = Lookalike::vendor();
    let [attestation, device] = vendor.evidence(&Recipe::default());
    let both = vendor.vendor_dir_with_the_root_twice();
    proven(&[&attestation, &device, Path::new("--vendor-dir"), &both]);
}

#[test]
fn one_key_in_two_roles_is_refused() {
    let root = shipped("roots/yubico-piv-root-ca-263751.pem");
    assert_eq!(
        judged(&[("piv-root", &root), ("attestation-root", &root)]),
        ["DEVICE-TRUST"]
    );
}

#[test]
fn a_device_certificate_is_no_authority_of_the_vendor() {
    let [_, device] = sample();
    assert!(judged(&[("piv-root", &device)]).contains(&"DEVICE-TRUST".to_owned()));
}

#[test]
fn an_unknown_role_or_field_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let [attestation, device] = sample();
    for (manifest, named) in [
        (
            "vendor = \"x\"\ncertificate = []\nsurprise = 1\n",
            "surprise",
        ),
        (
            "vendor = \"x\"\n[[certificate]]\nfile = \"a\"\nrole = \"fido\"\nsha256 = \"\"\nspki_sha256 = \"\"\n",
            "fido",
        ),
    ] {
        std::fs::write(folder.path().join("vendor.toml"), manifest).unwrap();
        let text = refusal(&[
            &attestation,
            &device,
            Path::new("--vendor-dir"),
            folder.path(),
        ]);
        assert!(
            text.contains("DEVICE-TRUST") && text.contains(named),
            "{text}"
        );
    }
}

#[test]
fn an_empty_folder_is_not_a_violation() {
    let folder = tempfile::tempdir().unwrap();
    let [attestation, device] = sample();
    let output = attest(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        folder.path(),
    ]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_list_of_the_vendors_keys_is_read_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let [attestation, device] = sample();
    let list = folder.path().join("vendor.toml");
    std::fs::write(&list, format!("#{}\n", "x".repeat(70_000))).unwrap();
    let output = attest(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        folder.path(),
    ]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("vendor.toml is larger than 65536 bytes"),
        "{said}"
    );
}
