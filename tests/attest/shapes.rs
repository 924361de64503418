//! Correctly signed evidence, by a vendor that the test trusts, in
//! a shape that no device gives it.

use std::path::Path;

use crate::lookalike::{DEVICE_EXTENSIONS, Lookalike, Recipe, SLOT_EXTENSIONS};
use crate::program::{proven, refusal, refused};

fn judged(vendor: &Lookalike, recipe: &Recipe) -> Vec<String> {
    let [attestation, device] = vendor.evidence(recipe);
    refused(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        &vendor.vendor_dir(),
    ])
}

#[test]
fn a_vendor_with_the_same_names_and_other_keys_is_refused() {
    let vendor = Lookalike::vendor();
    let [attestation, device] = vendor.evidence(&Recipe::default());
    assert_eq!(refused(&[&attestation, &device]), ["DEVICE-CHAIN"]);
}

#[test]
fn a_vendor_given_on_the_command_line_is_trusted_and_named() {
    let vendor = Lookalike::vendor();
    let [attestation, device] = vendor.evidence(&Recipe::default());
    let report = proven(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        &vendor.vendor_dir(),
    ]);
    assert_eq!(report["vendor"]["compiled_in"], false);
    assert_eq!(report["vendor"]["name"], "Lookalike");
    assert_eq!(report["device"]["serial"], 0x0102_0304);
}

#[test]
fn a_slot_attestation_of_another_shape_is_refused() {
    let vendor = Lookalike::vendor();
    let with = |line: &str| format!("{SLOT_EXTENSIONS}{line}\n");
    let without = |arc: &str| {
        let kept = SLOT_EXTENSIONS
            .lines()
            .filter(|line| !line.starts_with(&format!("1.3.6.1.4.1.41482.3.{arc}=")));
        kept.map(|line| format!("{line}\n")).collect::<String>()
    };
    let replaced = |from: &str, to: &str| {
        assert!(SLOT_EXTENSIONS.contains(from));
        SLOT_EXTENSIONS.replace(from, to)
    };
    let shapes = [
        ("a critical extension", with("1.2.3.4=critical,DER:00")),
        ("an extension of somebody else", with("1.2.3.4=DER:00")),
        ("basicConstraints", with("basicConstraints=CA:FALSE")),
        (
            "a critical extension of the vendor",
            replaced("3.9=", "3.9=critical,"),
        ),
        ("no firmware", without("3")),
        ("no policies", without("8")),
        ("a short firmware", replaced("050704", "0507")),
        ("a long policy", replaced("DER:0302", "DER:030200")),
        ("an unknown PIN policy", replaced("DER:0302", "DER:0602")),
        ("an unknown touch policy", replaced("DER:0302", "DER:0304")),
        (
            "a serial with trailing bytes",
            replaced("020401020304", "02040102030400"),
        ),
        (
            "a negative serial",
            replaced("020401020304", "020481020304"),
        ),
        ("a serial of zero", replaced("020401020304", "020100")),
        ("a long form factor", replaced("3.9=DER:03", "3.9=DER:0300")),
    ];
    for (name, slot_extensions) in shapes {
        let rules = judged(
            &vendor,
            &Recipe {
                slot_extensions,
                ..Recipe::default()
            },
        );
        assert_eq!(rules, ["DEVICE-EVIDENCE"], "{name}");
    }
}

#[test]
fn a_certificate_full_of_foreign_extensions_is_refused_in_few_words() {
    let vendor = Lookalike::vendor();
    let foreign: String = (0..500).map(|n| format!("1.2.3.{n}=DER:00\n")).collect();
    let long = format!("1.2{}=DER:00\n", ".4000000000".repeat(200));
    let [attestation, device] = vendor.evidence(&Recipe {
        slot_extensions: format!("{SLOT_EXTENSIONS}{long}{foreign}"),
        ..Recipe::default()
    });
    let text = refusal(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        &vendor.vendor_dir(),
    ]);
    assert!(
        text.contains("and 481 more, which no device writes"),
        "{text}"
    );
    assert!(text.len() < 2_000, "{text}");
}

#[test]
fn a_device_certificate_of_another_shape_is_refused() {
    let vendor = Lookalike::vendor();
    let shapes = [
        (
            "a critical extension",
            format!("{DEVICE_EXTENSIONS}1.2.3.4=critical,DER:00\n"),
        ),
        (
            "no authority",
            DEVICE_EXTENSIONS.replace("CA:TRUE,pathlen:0", "CA:FALSE"),
        ),
        (
            "no firmware",
            "basicConstraints=critical,CA:TRUE\n".to_owned(),
        ),
        (
            "another keyUsage",
            format!("{DEVICE_EXTENSIONS}keyUsage=critical,digitalSignature\n"),
        ),
    ];
    for (name, device_extensions) in shapes {
        let rules = judged(
            &vendor,
            &Recipe {
                device_extensions,
                ..Recipe::default()
            },
        );
        assert_eq!(rules, ["DEVICE-EVIDENCE"], "{name}");
    }
}

#[test]
fn a_device_certificate_of_another_name_is_refused() {
    let vendor = Lookalike::vendor();
    let rules = judged(
        &vendor,
        &Recipe {
            device_name: "Yubico U2F EE Serial 1",
            ..Recipe::default()
        },
    );
    assert_eq!(rules, ["DEVICE-EVIDENCE"]);
}

#[test]
fn a_slot_attestation_of_another_name_is_refused() {
    let vendor = Lookalike::vendor();
    for slot_name in [
        "YubiKey PIV Attestation f9",
        "YubiKey PIV Attestation 9C",
        "somebody",
    ] {
        let rules = judged(
            &vendor,
            &Recipe {
                slot_name,
                ..Recipe::default()
            },
        );
        assert_eq!(rules, ["DEVICE-EVIDENCE"], "{slot_name}");
    }
}

#[test]
fn an_old_device_without_constraints_under_a_short_root_verifies() {
    let vendor = Lookalike::with_short_root();
    let four = "1.3.6.1.4.1.41482.3.3=DER:040307\n";
    let [attestation, device] = vendor.evidence(&Recipe {
        device_extensions: four.to_owned(),
        slot_extensions: format!("{four}1.3.6.1.4.1.41482.3.8=DER:0302\n"),
        ..Recipe::default()
    });
    let report = proven(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        &vendor.vendor_dir(),
    ]);
    assert_eq!(report["device"]["serial"], serde_json::Value::Null);
}

#[test]
fn dates_that_are_not_copied_are_refused() {
    let vendor = Lookalike::vendor();
    let slot_dates = ("20160314000000Z", "20520417000001Z");
    let rules = judged(
        &vendor,
        &Recipe {
            slot_dates,
            ..Recipe::default()
        },
    );
    assert_eq!(rules, ["DEVICE-VALIDITY"]);
}

#[test]
fn another_signature_algorithm_is_refused() {
    let vendor = Lookalike::vendor();
    for slot_digest in ["sha1", "sha384", "sha512"] {
        let rules = judged(
            &vendor,
            &Recipe {
                slot_digest,
                ..Recipe::default()
            },
        );
        assert_eq!(rules, ["DEVICE-EVIDENCE"], "{slot_digest}");
    }
}

#[test]
fn a_key_that_no_device_generates_is_refused() {
    let vendor = Lookalike::vendor();
    for slot_key in ["EC -pkeyopt ec_paramgen_curve:secp256k1", "ED448"] {
        let rules = judged(
            &vendor,
            &Recipe {
                slot_key,
                ..Recipe::default()
            },
        );
        assert_eq!(rules, ["DEVICE-EVIDENCE"], "{slot_key}");
    }
}

#[test]
fn an_ed25519_key_needs_firmware_that_has_it() {
    let vendor = Lookalike::vendor();
    let newer = Recipe {
        slot_key: "ED25519",
        ..Recipe::default()
    };
    let [attestation, device] = vendor.evidence(&newer);
    let report = proven(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        &vendor.vendor_dir(),
    ]);
    assert_eq!(report["key"]["algorithm"], "Ed25519");

    let slot_extensions = SLOT_EXTENSIONS.replace("050704", "050603");
    let rules = judged(
        &vendor,
        &Recipe {
            slot_extensions,
            ..newer
        },
    );
    assert_eq!(rules, ["DEVICE-CONSISTENT"]);
}

#[test]
fn a_later_firmware_may_state_more_under_the_vendors_arc() {
    let vendor = Lookalike::vendor();
    let slot_extensions = format!("{SLOT_EXTENSIONS}1.3.6.1.4.1.41482.3.99=DER:00\n");
    let [attestation, device] = vendor.evidence(&Recipe {
        slot_extensions,
        ..Recipe::default()
    });
    proven(&[
        &attestation,
        &device,
        Path::new("--vendor-dir"),
        &vendor.vendor_dir(),
    ]);
}

#[test]
fn every_violation_is_shown_and_not_the_first_alone() {
    let vendor = Lookalike::vendor();
    let recipe = Recipe {
        device_name: "somebody",
        slot_extensions: String::from("1.3.6.1.4.1.41482.3.3=DER:050704\n1.2.3.4=DER:00\n"),
        ..Recipe::default()
    };
    let [attestation, device] = vendor.evidence(&recipe);
    let rules = refused(&[&attestation, &device]);
    assert_eq!(
        rules,
        [
            "DEVICE-EVIDENCE",
            "DEVICE-EVIDENCE",
            "DEVICE-EVIDENCE",
            "DEVICE-CHAIN"
        ]
    );
}
