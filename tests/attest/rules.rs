//! The demands of a ceremony on a proven key: whole evidence, by a
//! vendor that the test trusts, of a key that PIN and touch protect too little.

use std::fs;

use keymoot_attestation::{Evidence, Family, certificate_der, public_key_der};
use keymoot_record::rules::{
    evidence::{self, Claim},
    policy::Policy,
};
use testkit::vendor::trusted;

use crate::lookalike::{KEY_EXTENSIONS, Lookalike, Recipe, SLOT_EXTENSIONS};

/// The serial number in the recipes.
const SERIAL: u32 = 0x0102_0304;

/// The rules that an enrolment with such evidence violates.
fn violated(vendor: &Lookalike, recipe: &Recipe, family: Family, serial: u32) -> Vec<String> {
    violated_by(vendor, recipe, family, serial, "")
}

/// The same with more in the policy.
fn violated_by(
    vendor: &Lookalike,
    recipe: &Recipe,
    family: Family,
    serial: u32,
    more: &str,
) -> Vec<String> {
    let files = vendor.evidence(recipe).map(|file| fs::read(file).unwrap());
    let spki = public_key_der(&files[0]).unwrap();
    let [attestation, device] = files.map(|file| certificate_der(&file).unwrap());
    let trust = trusted(&vendor.vendor_dir());
    // Lower than the shipped one, so that the rules about single models are the ones that refuse.
    let policy =
        include_str!("../../ceremony-scripts/policy.toml").replace("\"5.7.4\"", "\"5.7.0\"");
    let policy = policy + more;
    let claim = Claim {
        evidence: &Evidence {
            attestation,
            device,
        },
        spki: &spki,
        serial,
        family,
        taken: None,
        others: &[],
    };
    let (verdicts, _) = evidence::enrolment(&claim, &trust, &Policy::parse(&policy).unwrap());
    let violated = verdicts.into_iter().filter(|verdict| verdict.is_violated());
    violated.map(|verdict| verdict.rule.to_string()).collect()
}

fn of_yubikey(slot_extensions: String) -> Recipe {
    Recipe {
        slot_extensions,
        ..Recipe::default()
    }
}

#[test]
fn a_key_that_asks_for_pin_and_touch_at_every_signature_violates_nothing() {
    let found = violated(
        &Lookalike::vendor(),
        &Recipe::default(),
        Family::YubiKey,
        SERIAL,
    );
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_policy_may_let_holders_bring_keys_that_ask_for_less() {
    let vendor = Lookalike::vendor();
    for (policies, adopt, rules) in [
        ("0202", ["once", "always"], vec![]),
        ("0202", ["always", "cached"], vec!["DEVICE-PIN"]),
        ("0303", ["once", "cached"], vec![]),
        ("0303", ["once", "always"], vec!["DEVICE-TOUCH"]),
        (
            "0101",
            ["once", "cached"],
            vec!["DEVICE-PIN", "DEVICE-TOUCH"],
        ),
    ] {
        let recipe = of_yubikey(SLOT_EXTENSIONS.replace("DER:0302", &format!("DER:{policies}")));
        let [pin, touch] = adopt;
        let more = format!("\n[device.adopt]\npin = \"{pin}\"\ntouch = \"{touch}\"\n");
        let found = violated_by(&vendor, &recipe, Family::YubiKey, SERIAL, &more);
        assert_eq!(found, rules, "{policies} {adopt:?}");
    }
}

#[test]
fn a_key_that_signs_without_a_pin_or_without_a_touch_is_refused() {
    let vendor = Lookalike::vendor();
    // PIN: 1 never, 2 once, 3 always; touch: 1 never, 2 always, 3 cached.
    for (policies, rules) in [
        ("0102", vec!["DEVICE-PIN"]),
        ("0202", vec!["DEVICE-PIN"]),
        ("0301", vec!["DEVICE-TOUCH"]),
        ("0303", vec!["DEVICE-TOUCH"]),
        ("0101", vec!["DEVICE-PIN", "DEVICE-TOUCH"]),
    ] {
        let recipe = of_yubikey(SLOT_EXTENSIONS.replace("DER:0302", &format!("DER:{policies}")));
        let found = violated(&vendor, &recipe, Family::YubiKey, SERIAL);
        assert_eq!(found, rules, "{policies}");
    }
}

#[test]
fn a_key_in_another_slot_is_refused() {
    let recipe = Recipe {
        slot_name: "YubiKey PIV Attestation 9a",
        ..Recipe::default()
    };
    let found = violated(&Lookalike::vendor(), &recipe, Family::YubiKey, SERIAL);
    assert_eq!(found, ["DEVICE-SLOT"]);
}

#[test]
fn a_yubikey_bio_that_leaks_is_refused_although_the_policy_asks_for_less() {
    let vendor = Lookalike::vendor();
    for (firmware, form_factor, rules) in [
        ("050701", "06", &["DEVICE-FIRMWARE"][..]),
        ("050701", "07", &["DEVICE-FIRMWARE"]),
        ("050702", "07", &[]),
        ("050701", "03", &[]),
    ] {
        let slot_extensions = SLOT_EXTENSIONS
            .replace("DER:050704", &format!("DER:{firmware}"))
            .replace("3.9=DER:03", &format!("3.9=DER:{form_factor}"));
        let found = violated(
            &vendor,
            &of_yubikey(slot_extensions),
            Family::YubiKey,
            SERIAL,
        );
        assert_eq!(found, rules, "{firmware} {form_factor}");
    }
}

#[test]
fn the_evidence_of_another_device_than_the_one_at_the_table_is_refused() {
    let found = violated(&Lookalike::vendor(), &Recipe::default(), Family::YubiKey, 7);
    assert_eq!(found, ["DEVICE-SERIAL"]);
}

#[test]
fn a_key_that_not_every_client_reads_is_refused() {
    let recipe = Recipe {
        slot_key: "EC -pkeyopt ec_paramgen_curve:P-384",
        ..Recipe::default()
    };
    let found = violated(&Lookalike::vendor(), &recipe, Family::YubiKey, SERIAL);
    assert_eq!(found, ["KEY-ALGORITHM"]);
}

#[test]
fn a_key_of_a_yubihsm_with_more_rights_than_it_needs_is_refused() {
    let vendor = Lookalike::of_yubihsms();
    let honest = violated(&vendor, &Recipe::yubihsm(), Family::YubiHsm, SERIAL);
    assert!(honest.is_empty(), "{honest:?}");
    for (narrow, wide) in [
        // Capabilities: sign-eddsa as well; domains: the second as well.
        ("0309000000000000000080", "0309000000000000000180"),
        ("0303000001", "0303000003"),
    ] {
        assert!(KEY_EXTENSIONS.contains(narrow));
        let recipe = Recipe {
            slot_extensions: KEY_EXTENSIONS.replace(narrow, wide),
            ..Recipe::yubihsm()
        };
        let found = violated(&vendor, &recipe, Family::YubiHsm, SERIAL);
        assert_eq!(found, ["DEVICE-RIGHTS"], "{wide}");
    }
}
