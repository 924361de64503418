//! Evidence of YubiHSM 2s: genuine, and signed as it should be with a
//! shape, a role or a fact that no genuine one has.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::lookalike::{KEY_EXTENSIONS, Lookalike, Recipe, UNIT_EXTENSIONS};
use crate::program::{attest, data, proven, refused, vectors};

const ROOT: &str = "094a3ac493c2bdcd65a54bdf40190f52bb03f7156397a3fc69d8aa9a392fb724";

fn committed() -> [PathBuf; 2] {
    ["key-0x0003-ed25519.pem", "device-cert.pem"].map(|file| data("yubihsm-34331133").join(file))
}

fn judged(vendor: &Lookalike, recipe: &Recipe) -> Vec<String> {
    let [attestation, device] = vendor.evidence(recipe);
    refused(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        &vendor.vendor_dir(),
    ])
}

fn believed(vendor: &Lookalike, recipe: &Recipe) -> serde_json::Value {
    let [attestation, device] = vendor.evidence(recipe);
    proven(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        &vendor.vendor_dir(),
    ])
}

#[test]
fn a_genuine_ed25519_key_is_proven_with_the_facts_it_states() {
    let [key, device] = committed();
    let report = proven(&[&key, &device, Path::new("--public-key"), &key]);
    assert_eq!(
        report["device"],
        json!({
            "family": "yubihsm",
            "serial": 34_331_133,
            "firmware": "2.4.1",
            "form_factor": null,
            "fips": false,
            "cspn": false,
        })
    );
    let spki = report["key"]["spki_sha256"].as_str().unwrap().to_owned();
    assert_eq!(
        report["key"],
        json!({
            "algorithm": "Ed25519",
            "spki_sha256": spki,
            "origin": "generated",
            "exportable": false,
            "object_id": 3,
            "label": "",
            "domains": [1],
            "capabilities": ["sign-eddsa"],
        })
    );
    let roles: Vec<_> = report["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["role"].as_str().unwrap())
        .collect();
    assert_eq!(
        roles,
        [
            "key-attestation",
            "device",
            "yubihsm-issuer",
            "yubihsm-root"
        ]
    );
    assert_eq!(report["advisories"], json!([]));
}

#[test]
fn genuine_keys_of_a_ceremony_are_proven_with_the_facts_they_state() {
    let Some(folder) = vectors("yubihsm/psf-13200460", 2) else {
        return;
    };
    let device = folder.join("device-cert.pem");
    for (file, object, label, spki) in [
        (
            "key-0x0003-root.pem",
            3,
            "tuf-root",
            "90634d67f428e909ca7581d22d61ca9eb0ec18e53ff8df2a99762a6bb9392d69",
        ),
        (
            "key-0x0004-targets.pem",
            4,
            "tuf-targets",
            "82224b9d8fba4a1f7f55c04faa554c8de13f48303260107c23164c677b6cf1d6",
        ),
    ] {
        let key = folder.join(file);
        let report = proven(&[&key, &device, Path::new("--public-key"), &key]);
        assert_eq!(report["device"]["serial"], 13_200_460);
        assert_eq!(report["device"]["firmware"], "2.1.2");
        assert_eq!(report["key"]["algorithm"], "P-384");
        assert_eq!(report["key"]["object_id"], object);
        assert_eq!(report["key"]["label"], label);
        assert_eq!(report["key"]["spki_sha256"], spki);
        assert_eq!(report["key"]["origin"], "generated");
        assert_eq!(report["key"]["domains"], json!([1]));
        assert_eq!(report["key"]["capabilities"], json!(["sign-ecdsa"]));
        assert_eq!(report["advisories"][0]["id"], "YSA-2024-03");
        let last = report["chain"].as_array().unwrap().last().unwrap();
        assert_eq!(last["sha256"], ROOT);
    }
    let [root, targets] = ["key-0x0003-root.pem", "key-0x0004-targets.pem"];
    assert_eq!(
        refused(&[
            &folder.join(root),
            &device,
            Path::new("--public-key"),
            &folder.join(targets)
        ]),
        ["DEVICE-KEY"]
    );
    assert_eq!(
        refused(&[&folder.join(root), &committed()[1]]),
        ["DEVICE-CONSISTENT", "DEVICE-CHAIN"],
        "the certificate of another unit"
    );
}

#[test]
fn people_read_the_facts_of_a_yubihsm() {
    let [key, device] = committed();
    let output = attest(&[&key, &device, Path::new("--public-key"), &key]);
    let text = String::from_utf8(output.stdout).unwrap();
    insta::assert_snapshot!(text.replace(&key.display().to_string(), "KEYCERT"));
}

#[test]
fn a_vendor_with_the_same_names_and_other_keys_is_refused() {
    let vendor = Lookalike::of_yubihsms();
    let recipe = Recipe::yubihsm();
    let [attestation, device] = vendor.evidence(&recipe);
    assert_eq!(refused(&[&attestation, &device]), ["DEVICE-CHAIN"]);
    let report = believed(&vendor, &recipe);
    assert_eq!(report["vendor"]["compiled_in"], false);
    assert_eq!(report["key"]["label"], "tuf-root");
}

#[test]
fn each_family_is_trusted_through_its_own_issuers_alone() {
    let yubihsms = Lookalike::of_yubihsms();
    assert_eq!(judged(&yubihsms, &Recipe::default()), ["DEVICE-CHAIN"]);
    for yubikeys in [
        Lookalike::vendor(),
        Lookalike::of_5_7_4("Yubico PIV Attestation B 1", 1),
    ] {
        assert_eq!(judged(&yubikeys, &Recipe::yubihsm()), ["DEVICE-CHAIN"]);
    }
}

#[test]
fn an_entry_in_the_manifest_is_enough_for_the_newest_units() {
    for intermediate in [true, false] {
        let vendor = Lookalike::of_newest_yubihsms("YubiHSM Attestation B2 1", intermediate);
        believed(&vendor, &Recipe::yubihsm());
        let [attestation, device] = vendor.evidence(&Recipe::yubihsm());
        assert_eq!(
            refused(&[
                &attestation,
                &device,
                Path::new("--vendor-dir"),
                &vendor.vendor_dir_without_issuer(),
            ]),
            ["DEVICE-CHAIN"]
        );
    }
}

#[test]
fn an_issuer_of_another_application_is_no_issuer_of_yubihsms() {
    let vendor = Lookalike::of_newest_yubihsms("Yubico FIDO Attestation B 1", true);
    assert_eq!(judged(&vendor, &Recipe::yubihsm()), ["DEVICE-TRUST"]);
}

/// A key's attestation with one thing replaced.
fn with(from: &str, to: &str) -> Recipe {
    assert!(KEY_EXTENSIONS.contains(from), "{from}");
    Recipe {
        slot_extensions: KEY_EXTENSIONS.replace(from, to),
        ..Recipe::yubihsm()
    }
}

#[test]
fn a_key_attestation_of_another_shape_is_refused() {
    let vendor = Lookalike::of_yubihsms();
    let arc = "1.3.6.1.4.1.41482.4.";
    let without = |n: &str| {
        let kept = KEY_EXTENSIONS
            .lines()
            .filter(|line| !line.starts_with(&format!("{arc}{n}=")));
        Recipe {
            slot_extensions: kept.map(|line| format!("{line}\n")).collect(),
            ..Recipe::yubihsm()
        }
    };
    for n in ["1", "2", "3", "4", "5", "6", "9"] {
        assert_eq!(
            judged(&vendor, &without(n)),
            ["DEVICE-EVIDENCE"],
            "without {n}"
        );
    }
    let more = |line: &str| Recipe {
        slot_extensions: format!("{KEY_EXTENSIONS}{line}\n"),
        ..Recipe::yubihsm()
    };
    let reversed = Recipe {
        slot_extensions: KEY_EXTENSIONS
            .lines()
            .rev()
            .map(|line| format!("{line}\n"))
            .collect(),
        ..Recipe::yubihsm()
    };
    for (name, recipe) in [
        ("a critical extension", more("1.2.3.4=critical,DER:00")),
        ("an extension of somebody else", more("1.2.3.4=DER:00")),
        ("basicConstraints", more("basicConstraints=CA:FALSE")),
        (
            "the device certificate's FIPS",
            more(&format!("{arc}10=DER:020105")),
        ),
        ("another order", reversed),
        (
            "a critical extension of the vendor",
            with("4.3=", "4.3=critical,"),
        ),
        ("raw firmware", with("0403020401", "020401")),
        ("a short firmware", with("0403020401", "04020204")),
        ("a serial of zero", with("020401020304", "020100")),
        ("an unknown origin", with("03020001", "03020005")),
        ("no origin", with("03020001", "03020000")),
        ("an origin with unused bits", with("03020001", "03020101")),
        ("a short mask of domains", with("0303000001", "03020001")),
        (
            "short capabilities",
            with("0309000000000000000080", "03080000000000000080"),
        ),
        (
            "capabilities as named bits",
            with("0309000000000000000080", "03020780"),
        ),
        ("an id of four bytes", with("020103", "020400010003")),
        ("a negative id", with("020103", "020183")),
        ("a label of another type", with("0c0874", "130874")),
        ("a label cut short", with("0c0874", "0c0974")),
        (
            "a label that is no text",
            with("0c087475662d726f6f74", "0c02fffe"),
        ),
        (
            "a name of another form",
            Recipe {
                slot_name: "YubiHSM Attestation id:3",
                ..Recipe::yubihsm()
            },
        ),
        (
            "a curve nobody has",
            Recipe {
                slot_key: "EC -pkeyopt ec_paramgen_curve:secp256k1",
                ..Recipe::yubihsm()
            },
        ),
        (
            "another digest",
            Recipe {
                slot_digest: "sha512",
                ..Recipe::yubihsm()
            },
        ),
    ] {
        assert_eq!(judged(&vendor, &recipe), ["DEVICE-EVIDENCE"], "{name}");
    }
}

#[test]
fn facts_of_both_families_in_one_certificate_are_refused() {
    let vendor = Lookalike::of_yubihsms();
    let recipe = Recipe {
        slot_extensions: format!("{KEY_EXTENSIONS}1.3.6.1.4.1.41482.3.8=DER:0302\n"),
        ..Recipe::yubihsm()
    };
    assert_eq!(judged(&vendor, &recipe), ["DEVICE-EVIDENCE"]);
}

#[test]
fn a_device_certificate_of_another_shape_is_refused() {
    let vendor = Lookalike::of_yubihsms();
    let with = |from: &str, to: &str| Recipe {
        device_extensions: UNIT_EXTENSIONS.replace(from, to),
        ..Recipe::yubihsm()
    };
    for (name, recipe) in [
        ("no authority", with("CA:TRUE,pathlen:0", "CA:FALSE")),
        (
            "no basicConstraints",
            with("basicConstraints=critical,CA:TRUE,pathlen:0\n", ""),
        ),
        (
            "no serial",
            with("1.3.6.1.4.1.41482.4.2=DER:020401020304\n", ""),
        ),
        ("a malformed firmware", with("0403020401", "020401")),
        (
            "a critical extension",
            with("basic", "1.2.3.4=critical,DER:00\nbasic"),
        ),
        (
            "another name",
            Recipe {
                device_name: "YubiHSM Attestation",
                ..Recipe::yubihsm()
            },
        ),
    ] {
        assert_eq!(judged(&vendor, &recipe), ["DEVICE-EVIDENCE"], "{name}");
    }
}

#[test]
fn an_early_unit_that_states_no_firmware_in_its_certificate_verifies() {
    let vendor = Lookalike::of_yubihsms();
    let device_extensions = UNIT_EXTENSIONS.replace("1.3.6.1.4.1.41482.4.1=DER:0403020401\n", "");
    believed(
        &vendor,
        &Recipe {
            device_extensions,
            ..Recipe::yubihsm()
        },
    );
}

#[test]
fn a_fips_unit_is_named_as_one() {
    let vendor = Lookalike::of_yubihsms();
    let report = believed(
        &vendor,
        &Recipe {
            device_extensions: format!("{UNIT_EXTENSIONS}1.3.6.1.4.1.41482.4.10=DER:020105\n"),
            ..Recipe::yubihsm()
        },
    );
    assert_eq!(report["device"]["fips"], true);
}

#[test]
fn one_device_has_one_serial_number() {
    let vendor = Lookalike::of_yubihsms();
    for recipe in [
        with("020401020304", "020401020305"),
        Recipe {
            device_extensions: UNIT_EXTENSIONS.replace("020401020304", "020401020305"),
            ..Recipe::yubihsm()
        },
        Recipe {
            device_name: "YubiHSM Attestation (16909061)",
            ..Recipe::yubihsm()
        },
    ] {
        assert_eq!(judged(&vendor, &recipe), ["DEVICE-CONSISTENT"]);
    }
}

#[test]
fn facts_that_no_device_states_together_are_refused() {
    let vendor = Lookalike::of_yubihsms();
    for recipe in [
        with("020103", "020104"),
        with("0303000001", "0303000000"),
        with("0403020401", "0403010900"),
    ] {
        assert_eq!(judged(&vendor, &recipe), ["DEVICE-CONSISTENT"]);
    }
}

#[test]
fn the_attestation_of_the_devices_own_key_is_no_fault_of_the_device() {
    let vendor = Lookalike::of_yubihsms();
    let recipe = Recipe {
        slot_name: "YubiHSM Attestation id:0x0000",
        ..with("020103", "020100")
    };
    assert_eq!(judged(&vendor, &recipe), ["DEVICE-EVIDENCE"]);
}

#[test]
fn a_key_that_was_not_generated_in_this_device_alone_is_refused() {
    let vendor = Lookalike::of_yubihsms();
    for origin in ["02", "10", "11", "12", "03", "13"] {
        let recipe = with("03020001", &format!("030200{origin}"));
        assert_eq!(judged(&vendor, &recipe), ["DEVICE-ORIGIN"], "{origin}");
    }
}

#[test]
fn a_key_that_may_leave_the_device_is_refused() {
    let vendor = Lookalike::of_yubihsms();
    let recipe = with("0309000000000000000080", "0309000000000000010080");
    assert_eq!(judged(&vendor, &recipe), ["DEVICE-EXPORTABLE"]);
}

#[test]
fn firmware_below_2_4_0_has_an_advisory() {
    let vendor = Lookalike::of_yubihsms();
    let report = believed(&vendor, &with("0403020401", "0403020301"));
    assert_eq!(report["advisories"][0]["id"], "YSA-2024-03");
}

#[test]
fn an_invisible_label_is_shown_and_not_obeyed() {
    let vendor = Lookalike::of_yubihsms();
    let report = believed(&vendor, &with("0c087475662d726f6f74", "0c031b5b4a"));
    assert_eq!(report["key"]["label"], "\\u{1b}[J");
}
