//! From evidence to verified facts.

use super::certificate::{Certificate, time_text};
use super::consistency::contradictions;
use super::device_facts::{Firmware, FormFactor};
use super::facts::{Link, Specifics, VerifiedAttestation, YubiHsmFacts, YubiKeyFacts};
use super::family::{self, Family};
use super::key_algorithm::KeyAlgorithm;
use super::trust::{Anchor, TrustStore};
use super::{piv, rsa, yubihsm};
use keymoot_core::{Rule, Violation};

/// The evidence of a device about the origin of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The DER of the certificate that the device made for the key.
    pub attestation: Vec<u8>,
    /// The DER of the device certificate: of a YubiKey, out of slot F9; of a
    /// YubiHSM 2, opaque object 0.
    pub device: Vec<u8>,
}

/// Verifies evidence against a vendor's keys.
///
/// With `now` (Unix time, in seconds) the certificates must be valid at that
/// moment: pass the moment the evidence was taken, not the moment it is read
/// again. Without it validity is not checked. The module's documentation says
/// how and why.
///
/// # Errors
/// Every violation found, at least one, each with its rule.
pub fn verify(
    evidence: &Evidence,
    store: &TrustStore,
    now: Option<i64>,
) -> Result<VerifiedAttestation, Vec<Violation>> {
    let (attestation, device) = parse(evidence)?;
    let family = family::of(&attestation, &device).map_err(|violation| vec![violation])?;
    let mistaken = match family {
        Family::YubiKey => piv::mistaken(&attestation, &device),
        Family::YubiHsm => yubihsm::mistaken(&attestation, &device),
    };
    if let Some(mistake) = mistaken {
        return Err(vec![mistake]);
    }
    let path = issuers(family, &attestation, &device, store);
    let stated = match family {
        Family::YubiKey => yubikey(&attestation, &device, path.as_deref().ok()),
        Family::YubiHsm => yubihsm(&attestation, &device),
    };
    let issuers = path.as_deref().unwrap_or_default();
    let validity = validity(family, &attestation, &device, issuers, now);
    let (stated, path) = match (stated, path) {
        (Ok(stated), Ok(path)) if validity.is_empty() => (stated, path),
        (stated, path) => {
            let stated = stated.err().unwrap_or_default();
            let path = path.err().unwrap_or_default();
            return Err([stated, path, validity].concat());
        }
    };

    let own = [
        (&attestation, family.attestation_role()),
        (&device, "device"),
    ]
    .map(|(certificate, role)| Link {
        subject: certificate.subject_text(),
        sha256: certificate.digest(),
        role: role.to_owned(),
    });
    let vendors = path.iter().map(|anchor| anchor.link());
    Ok(VerifiedAttestation {
        spki: attestation.public_key().raw.to_vec(),
        algorithm: stated.algorithm,
        serial: stated.serial,
        firmware: stated.firmware,
        fips: stated.fips,
        specifics: stated.specifics,
        chain: own.into_iter().chain(vendors).collect(),
    })
}

/// Verifies the certificate of a device that has no key yet, and returns its chain to a
/// root. Only an attestation proves that the device has the certificate's key.
///
/// # Errors
/// The first violation found.
pub fn verify_device(
    certificate: &[u8],
    family: Family,
    store: &TrustStore,
    now: Option<i64>,
) -> Result<Vec<Link>, Violation> {
    let device = Certificate::parse(certificate)
        .map_err(|what| crate::violation::evidence(format!("the device certificate {what}")))?;
    if let Some(weakness) = rsa::weakness(device.public_key()) {
        return Err(weak_key("the device certificate", weakness));
    }
    let anchor = device_issuer(family, &device, store)?;
    let path: Vec<_> = store.path(anchor).collect();
    let dates = dates(&[&device], &path, now);
    if let Some(violation) = dates.into_iter().next() {
        return Err(violation);
    }
    let own = Link {
        subject: device.subject_text(),
        sha256: device.digest(),
        role: "device".to_owned(),
    };
    let vendors = path.iter().map(|anchor| anchor.link());
    Ok(std::iter::once(own).chain(vendors).collect())
}

fn weak_key(name: &str, weakness: impl std::fmt::Display) -> Violation {
    Violation::new(
        Rule::DeviceChain,
        format!("the key in {name} {weakness}: others can sign with it"),
        "take another device, and keep this one for an investigation",
    )
}

/// The statements of the two certificates, before their signatures are verified.
struct Stated {
    algorithm: KeyAlgorithm,
    serial: Option<u32>,
    firmware: Firmware,
    fips: bool,
    specifics: Specifics,
}

fn yubikey(
    attestation: &Certificate<'_>,
    device: &Certificate<'_>,
    path: Option<&[&Anchor]>,
) -> Result<Stated, Vec<Violation>> {
    let slot = piv::slot_statement(attestation);
    // Without a path the evidence is refused for that, and no hierarchy demands constraints.
    let unconstrained = path
        .and_then(<[_]>::first)
        .is_none_or(|issuer| issuer.role.leaves_devices_unconstrained());
    let device = piv::device_statement(device, unconstrained);
    let root = path.and_then(<[_]>::last).copied();
    let contradictions = match &slot {
        Ok(slot) => contradictions(slot, device.as_ref().ok(), root),
        Err(_) => Vec::new(),
    };
    match (slot, device) {
        (Ok(slot), Ok(device)) if contradictions.is_empty() => Ok(Stated {
            algorithm: slot.algorithm,
            serial: slot.serial,
            firmware: slot.firmware,
            fips: device.fips || slot.form_factor.is_some_and(FormFactor::fips),
            specifics: Specifics::YubiKey(YubiKeyFacts {
                slot: slot.slot,
                pin_policy: slot.pin_policy,
                touch_policy: slot.touch_policy,
                form_factor: slot.form_factor,
                cspn: device.cspn,
            }),
        }),
        (slot, device) => Err(all(slot.err(), device.err(), contradictions)),
    }
}

fn yubihsm(
    attestation: &Certificate<'_>,
    device: &Certificate<'_>,
) -> Result<Stated, Vec<Violation>> {
    let key = yubihsm::key_statement(attestation);
    let device = yubihsm::device_statement(device);
    let judged = match &key {
        Ok(key) => yubihsm::judged(key, device.as_ref().ok()),
        Err(_) => Vec::new(),
    };
    match (key, device) {
        (Ok(key), Ok(device)) if judged.is_empty() => Ok(Stated {
            algorithm: key.algorithm,
            serial: Some(key.serial),
            firmware: key.firmware,
            fips: device.fips,
            specifics: Specifics::YubiHsm(YubiHsmFacts {
                object: key.object,
                label: key.label,
                domains: key.domains,
                capabilities: key.capabilities,
                origin: key.origin,
            }),
        }),
        (key, device) => Err(all(key.err(), device.err(), judged)),
    }
}

fn all(
    key: Option<Vec<Violation>>,
    device: Option<Vec<Violation>>,
    judged: Vec<Violation>,
) -> Vec<Violation> {
    [key.unwrap_or_default(), device.unwrap_or_default(), judged].concat()
}

fn parse(evidence: &Evidence) -> Result<(Certificate<'_>, Certificate<'_>), Vec<Violation>> {
    let parsed = |name: &str, der| {
        Certificate::parse(der).map_err(|what| crate::violation::evidence(format!("{name} {what}")))
    };
    match (
        parsed("the attestation", evidence.attestation.as_slice()),
        parsed("the device certificate", evidence.device.as_slice()),
    ) {
        (Ok(attestation), Ok(device)) => Ok((attestation, device)),
        (attestation, device) => Err([attestation.err(), device.err()]
            .into_iter()
            .flatten()
            .collect()),
    }
}

/// Follows names and signatures from the key to a root: the vendor's keys on
/// the way, the device's issuer first.
fn issuers<'s>(
    family: Family,
    attestation: &Certificate<'_>,
    device: &Certificate<'_>,
    store: &'s TrustStore,
) -> Result<Vec<&'s Anchor>, Vec<Violation>> {
    let mut violations = Vec::new();
    if attestation.issuer() != device.subject() {
        violations.push(Violation::new(
            Rule::DeviceChain,
            format!(
                "{} is issued by \"{}\", the device certificate is \"{}\"",
                family.attestation_name(),
                attestation.issuer_text(),
                device.subject_text()
            ),
            format!(
                "give {} of the device that made the attestation",
                family.device_certificate()
            ),
        ));
    } else if !attestation.signed_by(device.public_key()) {
        violations.push(Violation::new(
            Rule::DeviceChain,
            format!(
                "{} is not signed by the key of the device certificate",
                family.attestation_name()
            ),
            same_time(family),
        ));
    }
    for (name, certificate) in [
        (family.attestation_name(), attestation),
        ("the device certificate", device),
    ] {
        if let Some(weakness) = rsa::weakness(certificate.public_key()) {
            violations.push(weak_key(name, weakness));
        }
    }
    match device_issuer(family, device, store) {
        Ok(anchor) if violations.is_empty() => Ok(store.path(anchor).collect()),
        Ok(_) => Err(violations),
        Err(violation) => {
            violations.push(violation);
            Err(violations)
        }
    }
}

fn device_issuer<'s>(
    family: Family,
    device: &Certificate<'_>,
    store: &'s TrustStore,
) -> Result<&'s Anchor, Violation> {
    let named: Vec<&Anchor> = store
        .anchors()
        .iter()
        .filter(|anchor| anchor.subject == device.issuer())
        .collect();
    if let Some(anchor) = named
        .iter()
        .find(|anchor| anchor.role.signs(family) && anchor.signed(device))
    {
        return Ok(anchor);
    }
    let issuer = device.issuer_text();
    let vendor = keymoot_core::text::excerpt(store.name());
    let what = match named.first() {
        None => format!(
            "the device certificate is issued by \"{issuer}\", which is not a key of {vendor} for a {family}"
        ),
        Some(anchor) if !anchor.role.signs(family) => {
            format!(
                "the device certificate is issued by \"{issuer}\", whose role is {} and not to sign a {family}",
                anchor.role
            )
        }
        Some(_) => {
            format!("the device certificate names \"{issuer}\", whose key has not signed it")
        }
    };
    Err(Violation::new(
        Rule::DeviceChain,
        what,
        match family {
            Family::YubiKey => {
                "use a device with the vendor's own F9 certificate: one whose F9 was replaced, or a simulated one, \
                 cannot prove where its keys were made"
            }
            Family::YubiHsm => {
                "use a device with the vendor's own certificate: another one, or that of a simulated device, cannot \
                 prove where its keys were made"
            }
        },
    ))
}

fn same_time(family: Family) -> String {
    format!(
        "give {} of the device that made the attestation, read at the same time",
        family.device_certificate()
    )
}

fn validity(
    family: Family,
    attestation: &Certificate<'_>,
    device: &Certificate<'_>,
    issuers: &[&Anchor],
    now: Option<i64>,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    if attestation.validity() != device.validity() {
        violations.push(Violation::new(
            Rule::DeviceValidity,
            format!(
                "{}'s validity is not copied from the device certificate, as a device does",
                family.attestation_name()
            ),
            same_time(family),
        ));
    }
    violations.extend(dates(&[attestation, device], issuers, now));
    violations
}

/// DEVICE-VALIDITY of certificates and of their issuers at a moment, where one is given.
fn dates(
    certificates: &[&Certificate<'_>],
    issuers: &[&Anchor],
    now: Option<i64>,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    let Some(now) = now else {
        return violations;
    };
    let own = certificates
        .iter()
        .map(|certificate| (certificate.subject_text(), certificate.validity()));
    // A root is a pinned key: the dates of its certificate do not count.
    let intermediates = issuers
        .split_last()
        .map_or(&[][..], |(_, below)| below)
        .iter()
        .map(|a| (a.subject_text.clone(), a.validity));
    for (subject, (first, last)) in own.chain(intermediates) {
        if !(first..=last).contains(&now) {
            violations.push(Violation::new(
                Rule::DeviceValidity,
                format!(
                    "\"{subject}\" is valid from {} to {}, and the evidence is checked for {}",
                    time_text(first),
                    time_text(last),
                    time_text(now)
                ),
                "check the clock: genuine certificates are valid for decades",
            ));
        }
    }
    violations
}
