//! The rules on an enrolment's evidence, and on the key that it attests.

use super::{
    Verdict, Violation,
    device::{firmware, subjects},
    policy::{AdoptedPin, AdoptedTouch, Policy},
};
use crate::transcript::Time;
use keymoot_attestation as attestation;
use keymoot_attestation::{
    Capabilities, Evidence, Family, KeyAlgorithm, PinPolicy, Slot, Specifics, TouchPolicy,
    TrustStore, VerifiedAttestation, YubiHsmFacts, YubiKeyFacts,
};
use keymoot_core::Rule;

/// An enrolment to verify.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The device's certificates.
    pub evidence: &'a Evidence,
    /// The key that goes into root.json: SubjectPublicKeyInfo, DER.
    pub spki: &'a [u8],
    /// The serial number read from the device and off its case.
    pub serial: u32,
    /// The family of the device at the table.
    pub family: Family,
    /// When the evidence was taken; `None` where an earlier ceremony checked that.
    pub taken: Option<Time>,
    /// The other enrolled keys, with their holders and devices.
    pub others: &'a [(String, u32, Vec<u8>)],
}

/// Every rule on an enrolment's evidence, and the facts if it leads to the vendor.
#[must_use]
pub fn enrolment(
    claim: &Claim<'_>,
    trust: &TrustStore,
    policy: &Policy,
) -> (Vec<Verdict>, Option<VerifiedAttestation>) {
    let facts = match attestation::verify(claim.evidence, trust, claim.taken.map(Time::unix)) {
        Ok(facts) => facts,
        Err(violations) => return (violations.into_iter().map(Verdict::from).collect(), None),
    };
    let mut verdicts = vec![
        Verdict::held(
            Rule::DeviceEvidence,
            "the evidence is one slot attestation and one device certificate",
        ),
        chain(&facts),
        Verdict::held(
            Rule::DeviceConsistent,
            "the facts in the certificates are consistent",
        ),
        Verdict::held(
            Rule::DeviceValidity,
            "the certificates were valid when keymoot read them",
        ),
        match facts.attests(claim.spki) {
            Ok(()) => Verdict::held(
                Rule::DeviceKey,
                "the attested key is the one that goes into root.json, byte for byte",
            ),
            Err(violation) => violation.into(),
        },
    ];
    let serial = facts.serial();
    verdicts.push(Verdict::unless(
        Rule::DeviceSerial,
        serial != Some(claim.serial),
        || {
            format!(
                "the attested serial number is {}, the one on the case",
                claim.serial
            )
        },
        || match serial {
            Some(other) => format!(
                "the attestation is of device {other}, not of {}",
                claim.serial
            ),
            None => "the attestation names no serial number".to_owned(),
        },
        "take another device, and keep this one for an investigation",
    ));
    match facts.specifics() {
        _ if facts.family() != claim.family => verdicts.push(
            Violation::new(
                Rule::DeviceEvidence,
                format!(
                    "the evidence is that of a {}, and the device is a {}",
                    facts.family(),
                    claim.family
                ),
                "attest the key on the device at the table",
            )
            .into(),
        ),
        Specifics::YubiKey(stated) => verdicts.extend(yubikey(stated, policy)),
        Specifics::YubiHsm(stated) => verdicts.extend(yubihsm(&facts, stated)),
    }
    let form = match facts.specifics() {
        Specifics::YubiKey(stated) => stated.form_factor,
        Specifics::YubiHsm(_) => None,
    };
    verdicts.push(firmware(facts.family(), facts.firmware(), form, policy));
    verdicts.extend(key(claim, &facts));
    (verdicts, Some(facts))
}

fn yubikey(stated: &YubiKeyFacts, policy: &Policy) -> [Verdict; 3] {
    let adopts = policy.device.adopt;
    let is_once = stated.pin_policy == PinPolicy::Once
        && adopts.is_some_and(|adopt| adopt.pin == AdoptedPin::Once);
    let is_cached = stated.touch_policy == TouchPolicy::Cached
        && adopts.is_some_and(|adopt| adopt.touch == AdoptedTouch::Cached);
    [
        Verdict::unless(
            Rule::DeviceSlot,
            stated.slot != Slot::SIGNATURE,
            || "the key is in the signature slot, 9c".to_owned(),
            || format!("the key is in slot {}", stated.slot),
            "generate the key in slot 9c",
        ),
        Verdict::unless(
            Rule::DevicePin,
            stated.pin_policy != PinPolicy::Always && !is_once,
            || {
                match is_once {
                true => "the device asks for the PIN once a session, as the policy allows for a key that its holder brings".to_owned(),
                false => "the device asks for the PIN at every signature".to_owned(),
            }
            },
            || format!("the PIN policy is \"{}\"", stated.pin_policy),
            "generate the key with PIN policy always",
        ),
        Verdict::unless(
            Rule::DeviceTouch,
            stated.touch_policy != TouchPolicy::Always && !is_cached,
            || {
                match is_cached {
                true => "the device asks for a touch, and not again for 15 seconds, as the policy allows for a key that its holder brings".to_owned(),
                false => "the device asks for a touch at every signature".to_owned(),
            }
            },
            || format!("the touch policy is \"{}\"", stated.touch_policy),
            "generate the key with touch policy always",
        ),
    ]
}

fn yubihsm(facts: &VerifiedAttestation, stated: &YubiHsmFacts) -> [Verdict; 3] {
    let narrow = stated.capabilities == Capabilities::SIGN_ECDSA && stated.domains.bits() == 1;
    [
        Verdict::held(Rule::DeviceOrigin, "the key was generated in the device"),
        match facts.stays_inside() {
            Ok(()) => Verdict::held(Rule::DeviceExportable, "the key cannot leave the device"),
            Err(violation) => violation.into(),
        },
        Verdict::unless(
            Rule::DeviceRights,
            !narrow,
            || "the key can sign with ECDSA and nothing else, in domain 1 alone".to_owned(),
            || {
                format!(
                    "the key has more rights or domains than it needs: {}; domains {}",
                    stated.capabilities, stated.domains
                )
            },
            "generate a key that can sign with ECDSA alone, in domain 1 alone",
        ),
    ]
}

fn chain(facts: &VerifiedAttestation) -> Verdict {
    Verdict::held(
        Rule::DeviceChain,
        format!(
            "generated in the device, by the vendor's word: {}",
            subjects(facts.chain())
        ),
    )
}

fn key(claim: &Claim<'_>, facts: &VerifiedAttestation) -> [Verdict; 2] {
    let shared = claim
        .others
        .iter()
        .find(|(_, serial, spki)| spki == claim.spki || *serial == claim.serial);
    [
        Verdict::unless(
            Rule::KeyAlgorithm,
            facts.algorithm() != KeyAlgorithm::P256,
            || "the key is ECDSA on P-256, which every client reads".to_owned(),
            || {
                let more = match (facts.family(), facts.algorithm()) {
                    (Family::YubiHsm, KeyAlgorithm::Ed25519) => {
                        "; a YubiHSM 2 also signs with Ed25519 only what fits one message of 2 kilobytes, and a root document does not"
                    }
                    _ => "",
                };
                format!(
                    "the key is {}, which not every client reads{more}",
                    facts.algorithm()
                )
            },
            "generate a P-256 key",
        ),
        match shared {
            None => Verdict::held(
                Rule::KeyDistinct,
                "no other holder has this key or this device",
            ),
            Some((handle, serial, _)) => Violation::new(
                Rule::KeyDistinct,
                format!("{handle} has enrolled the same key or device ({serial})"),
                "each holder brings a device of their own",
            )
            .into(),
        },
    ]
}
