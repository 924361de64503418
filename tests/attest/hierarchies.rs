//! A hierarchy attests only its own firmware, with sound keys. The bounds
//! are those of the shipped `vendor.toml`, the keys those of a lookalike of the same shape.

use std::path::{Path, PathBuf};

use crate::lookalike::{DEVICE_EXTENSIONS, EXPONENT_3, Lookalike, Recipe, SLOT_EXTENSIONS};
use crate::program::{proven, refused};

const PIV_ROOT: &str = "roots/yubico-piv-root-ca-263751.pem";
const U2F_ROOT: &str = "roots/yubico-u2f-root-ca-457200631.pem";
const ATTESTATION_ROOT: &str = "roots/yubico-attestation-root-1.pem";

/// A vendor of the shape of each hierarchy, and the root whose bounds it gets.
fn hierarchies() -> [(Lookalike, &'static str); 3] {
    [
        (Lookalike::vendor(), PIV_ROOT),
        (Lookalike::with_short_root(), U2F_ROOT),
        (newer(), ATTESTATION_ROOT),
    ]
}

fn newer() -> Lookalike {
    Lookalike::of_5_7_4("Yubico PIV Attestation B 1", 1)
}

/// What the shipped `vendor.toml` says of the firmware under a root.
fn range(root: &str) -> String {
    let shipped = include_str!("../../attestations/vendor.toml");
    let (_, entry) = shipped.split_once(root).unwrap();
    let (entry, _) = entry.split_once("[[certificate]]").unwrap();
    let line = entry
        .lines()
        .find_map(|line| line.strip_prefix("firmware = "));
    line.unwrap().to_owned()
}

/// A YubiKey whose certificates both state this firmware, in hexadecimal.
fn of_firmware(firmware: &str) -> Recipe {
    let stated = |extensions: &str| extensions.replace("DER:050704", &format!("DER:{firmware}"));
    let mut slot_extensions = stated(SLOT_EXTENSIONS);
    if firmware.starts_with("04") {
        slot_extensions = slot_extensions.replace("1.3.6.1.4.1.41482.3.9=DER:03\n", "");
    }
    Recipe {
        device_extensions: stated(DEVICE_EXTENSIONS),
        slot_extensions,
        ..Recipe::default()
    }
}

fn believed(vendor: &Lookalike, folder: &Path, recipe: &Recipe) {
    let [attestation, device] = vendor.evidence(recipe);
    proven(&[&attestation, &device, Path::new("--vendor-dir"), folder]);
}

fn violated(vendor: &Lookalike, folder: &Path, recipe: &Recipe) -> Vec<String> {
    let [attestation, device] = vendor.evidence(recipe);
    refused(&[&attestation, &device, Path::new("--vendor-dir"), folder])
}

fn under(vendor: &Lookalike, root: &str) -> PathBuf {
    vendor.vendor_dir_of_firmware(&range(root))
}

#[test]
fn each_hierarchy_is_trusted_for_its_own_firmware_alone() {
    let hierarchies = hierarchies().map(|(vendor, root)| (under(&vendor, root), vendor, root));
    for (firmware, roots) in [
        ("040307", &[PIV_ROOT, U2F_ROOT][..]),
        ("050000", &[PIV_ROOT]),
        ("050703", &[PIV_ROOT]),
        ("050704", &[ATTESTATION_ROOT]),
        ("050800", &[ATTESTATION_ROOT]),
    ] {
        for (folder, vendor, root) in &hierarchies {
            if roots.contains(root) {
                believed(vendor, folder, &of_firmware(firmware));
            } else {
                let rules = violated(vendor, folder, &of_firmware(firmware));
                assert_eq!(rules, ["DEVICE-CONSISTENT"], "{firmware} under {root}");
            }
        }
    }
}

#[test]
fn a_device_certificate_of_another_generation_than_the_key_is_refused() {
    let vendor = Lookalike::vendor();
    let recipe = Recipe {
        device_extensions: "1.3.6.1.4.1.41482.3.3=DER:040301\n".to_owned(),
        ..Recipe::default()
    };
    let rules = violated(&vendor, &vendor.vendor_dir(), &recipe);
    assert_eq!(rules, ["DEVICE-CONSISTENT"]);
}

#[test]
fn a_device_certificate_of_another_firmware_of_the_generation_verifies() {
    let vendor = Lookalike::vendor();
    let recipe = Recipe {
        device_extensions: of_firmware("050206").device_extensions,
        ..of_firmware("050403")
    };
    believed(&vendor, &under(&vendor, PIV_ROOT), &recipe);
}

#[test]
fn a_5ci_of_firmware_5_2_4_without_basic_constraints_verifies() {
    let vendor = Lookalike::vendor();
    let recipe = of_firmware("050204");
    let recipe = Recipe {
        device_extensions: "1.3.6.1.4.1.41482.3.3=DER:050204\n".to_owned(),
        slot_extensions: recipe.slot_extensions.replace("3.9=DER:03", "3.9=DER:05"),
        ..recipe
    };
    believed(&vendor, &under(&vendor, PIV_ROOT), &recipe);
}

#[test]
fn under_the_newer_root_a_device_without_basic_constraints_is_refused() {
    let vendor = newer();
    let recipe = Recipe {
        device_extensions: "1.3.6.1.4.1.41482.3.3=DER:050704\n".to_owned(),
        ..Recipe::default()
    };
    let rules = violated(&vendor, &under(&vendor, ATTESTATION_ROOT), &recipe);
    assert_eq!(rules, ["DEVICE-EVIDENCE"]);
}

#[test]
fn a_device_whose_key_can_be_factored_is_refused() {
    let vendor = Lookalike::vendor().with_factorable_device_key();
    let rules = violated(&vendor, &vendor.vendor_dir(), &Recipe::default());
    assert_eq!(rules, ["DEVICE-CHAIN"]);
}

#[test]
fn a_device_whose_key_has_the_exponent_3_is_refused() {
    let vendor = Lookalike::vendor().with_device_key(EXPONENT_3);
    let rules = violated(&vendor, &vendor.vendor_dir(), &Recipe::default());
    assert_eq!(rules, ["DEVICE-CHAIN"]);
}

#[test]
fn an_attested_key_with_the_exponent_3_is_refused() {
    let vendor = Lookalike::vendor();
    let recipe = Recipe {
        slot_key: EXPONENT_3,
        ..Recipe::default()
    };
    let rules = violated(&vendor, &vendor.vendor_dir(), &recipe);
    assert_eq!(rules, ["DEVICE-CHAIN"]);
}

#[test]
fn the_firmware_of_yubikeys_does_not_bind_yubihsms_under_the_same_root() {
    let vendor = Lookalike::of_newest_yubihsms("YubiHSM Attestation B2 1", true);
    let folder = under(&vendor, ATTESTATION_ROOT);
    believed(&vendor, &folder, &Recipe::yubihsm());
}

#[test]
fn a_vendor_that_bounds_no_firmware_is_trusted_for_any() {
    let vendor = Lookalike::vendor();
    believed(&vendor, &vendor.vendor_dir(), &of_firmware("050704"));
    believed(&vendor, &vendor.vendor_dir(), &of_firmware("050403"));
}
