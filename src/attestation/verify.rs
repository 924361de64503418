//! From evidence to verified facts.

use super::advisory::{Advisory, affecting};
use super::certificate::{Certificate, time_text};
use super::consistency::contradictions;
use super::device_facts::{Firmware, FormFactor, PinPolicy, Slot, TouchPolicy};
use super::key_algorithm::KeyAlgorithm;
use super::piv::{self, DeviceStatement, SlotStatement};
use super::trust::{Anchor, TrustStore};
use super::violation::{CHAIN, KEY, VALIDITY, Violation};
use crate::digest::Digest;

/// What a YubiKey hands out to prove where a key was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The DER of the slot's attestation certificate.
    pub attestation: Vec<u8>,
    /// The DER of the device certificate, read out of slot F9.
    pub device: Vec<u8>,
}

/// Facts about a key that a vendor's key vouches for. Only [`verify`] makes one.
#[derive(Debug, Clone)]
pub struct VerifiedAttestation {
    spki: Vec<u8>,
    slot: SlotStatement,
    device: DeviceStatement,
    chain: Vec<Link>,
}

/// One certificate of a verified chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The subject's name, escaped for showing.
    pub subject: String,
    /// The digest of its DER.
    pub sha256: Digest,
    /// What it is: `slot-attestation`, `device`, or the vendor's role.
    pub role: String,
}

impl VerifiedAttestation {
    /// The attested public key, as the DER of its SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The attested key's algorithm.
    #[must_use]
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.slot.algorithm
    }

    /// The slot the key is in.
    #[must_use]
    pub fn slot(&self) -> Slot {
        self.slot.slot
    }

    /// The device's serial number, the one thing that identifies it (the F9
    /// key is shared by a batch). Absent on some firmware 4.3.
    #[must_use]
    pub fn serial(&self) -> Option<u32> {
        self.slot.serial
    }

    /// The device's firmware when the key was attested. The F9 certificate may
    /// state another and is not asked.
    #[must_use]
    pub fn firmware(&self) -> Firmware {
        self.slot.firmware
    }

    /// The device's shape; absent before the YubiKey 5.
    #[must_use]
    pub fn form_factor(&self) -> Option<FormFactor> {
        self.slot.form_factor
    }

    /// Whether the device is a FIPS model, by its form factor or its F9 certificate.
    #[must_use]
    pub fn fips(&self) -> bool {
        self.device.fips || self.slot.form_factor.is_some_and(FormFactor::fips)
    }

    /// Whether the F9 certificate marks a CSPN model.
    #[must_use]
    pub fn cspn(&self) -> bool {
        self.device.cspn
    }

    /// When the device asks for the PIN.
    #[must_use]
    pub fn pin_policy(&self) -> PinPolicy {
        self.slot.pin_policy
    }

    /// When the device waits for a touch.
    #[must_use]
    pub fn touch_policy(&self) -> TouchPolicy {
        self.slot.touch_policy
    }

    /// The certificates from the key's up to the vendor's root.
    #[must_use]
    pub fn chain(&self) -> &[Link] {
        &self.chain
    }

    /// The vendor's advisories for such a key in such a device.
    #[must_use]
    pub fn advisories(&self) -> Vec<Advisory> {
        affecting(self.firmware(), self.form_factor(), self.algorithm())
    }

    /// Whether the attested key is this one, byte for byte. All else in this
    /// module is worth nothing without it.
    ///
    /// # Errors
    /// DEVICE-KEY.
    pub fn attests(&self, spki: &[u8]) -> Result<(), Violation> {
        if self.spki == spki {
            return Ok(());
        }
        Err(Violation::new(
            KEY,
            format!(
                "the attested key is not the given one: the SHA-256 of the attested key is {}, of the given key {}",
                Digest::of(&self.spki),
                Digest::of(spki)
            ),
            "attest the slot that holds the key in question, on the device that holds it",
        ))
    }
}

/// Verifies evidence against a vendor's keys.
///
/// With `now` (Unix time, in seconds) the certificates must be valid at that
/// moment: pass the moment the evidence was taken, not the moment it is read
/// again. Without it validity is not judged. The module's documentation says
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
    if let Some(mistake) = piv::mistaken(&attestation, &device) {
        return Err(vec![mistake]);
    }
    let slot = piv::slot_statement(&attestation);
    let statement = piv::device_statement(&device);
    let path = issuers(&attestation, &device, store);

    let mut violations = Vec::new();
    if let Ok(slot) = &slot {
        violations.extend(contradictions(slot));
    }
    let issuers = path.as_deref().unwrap_or_default();
    violations.extend(validity(&attestation, &device, issuers, now));
    let (slot, statement, path) = match (slot, statement, path) {
        (Ok(slot), Ok(statement), Ok(path)) if violations.is_empty() => (slot, statement, path),
        (slot, statement, path) => {
            let found = [slot.err(), statement.err(), path.err()];
            violations.splice(0..0, found.into_iter().flatten().flatten());
            return Err(violations);
        }
    };

    let own =
        [(&attestation, "slot-attestation"), (&device, "device")].map(|(certificate, role)| Link {
            subject: certificate.subject_text(),
            sha256: certificate.digest(),
            role: role.to_owned(),
        });
    let vendors = path.iter().map(|anchor| Link {
        subject: anchor.subject_text.clone(),
        sha256: anchor.digest,
        role: anchor.role.to_string(),
    });
    Ok(VerifiedAttestation {
        spki: attestation.public_key().raw.to_vec(),
        slot,
        device: statement,
        chain: own.into_iter().chain(vendors).collect(),
    })
}

fn parse(evidence: &Evidence) -> Result<(Certificate<'_>, Certificate<'_>), Vec<Violation>> {
    let parsed = |name: &str, der| {
        Certificate::parse(der).map_err(|what| Violation::evidence(format!("{name} {what}")))
    };
    match (
        parsed("the slot attestation", evidence.attestation.as_slice()),
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
    attestation: &Certificate<'_>,
    device: &Certificate<'_>,
    store: &'s TrustStore,
) -> Result<Vec<&'s Anchor>, Vec<Violation>> {
    let mut violations = Vec::new();
    if attestation.issuer() != device.subject() {
        violations.push(Violation::new(
            CHAIN,
            format!(
                "the slot attestation is issued by \"{}\", the device certificate is \"{}\"",
                attestation.issuer_text(),
                device.subject_text()
            ),
            "give the F9 certificate of the device that made the attestation",
        ));
    } else if !attestation.signed_by(device.public_key()) {
        violations.push(Violation::new(
            CHAIN,
            "the slot attestation is not signed by the key of the device certificate",
            "give the F9 certificate of the device that made the attestation, read at the same time",
        ));
    }
    match device_issuer(device, store) {
        Ok(anchor) if violations.is_empty() => Ok(store.path(anchor).collect()),
        Ok(_) => Err(violations),
        Err(violation) => {
            violations.push(violation);
            Err(violations)
        }
    }
}

fn device_issuer<'s>(
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
        .find(|anchor| anchor.role.signs_yubikeys() && anchor.signed(device))
    {
        return Ok(anchor);
    }
    let issuer = device.issuer_text();
    let vendor = crate::text::escape(store.name());
    let what = match named.first() {
        None => format!(
            "the device certificate is issued by \"{issuer}\", which is not a key of {vendor} for PIV"
        ),
        Some(anchor) if !anchor.role.signs_yubikeys() => {
            format!(
                "the device certificate is issued by \"{issuer}\", whose role is {} and not PIV",
                anchor.role
            )
        }
        Some(_) => {
            format!("the device certificate names \"{issuer}\", whose key has not signed it")
        }
    };
    Err(Violation::new(
        CHAIN,
        what,
        "use a device with the vendor's own F9 certificate: one whose F9 was replaced, or a simulated one, cannot \
         prove where its keys were made",
    ))
}

fn validity(
    attestation: &Certificate<'_>,
    device: &Certificate<'_>,
    issuers: &[&Anchor],
    now: Option<i64>,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    if attestation.validity() != device.validity() {
        violations.push(Violation::new(
            VALIDITY,
            "the slot attestation's validity is not copied from the device certificate, as a device does",
            "give the F9 certificate of the device that made the attestation, read at the same time",
        ));
    }
    let Some(now) = now else {
        return violations;
    };
    let own = [attestation, device]
        .map(|certificate| (certificate.subject_text(), certificate.validity()));
    // A root is a pinned key: what its certificate says of dates binds nobody.
    let intermediates = issuers
        .split_last()
        .map_or(&[][..], |(_, below)| below)
        .iter()
        .map(|a| (a.subject_text.clone(), a.validity));
    for (subject, (first, last)) in own.into_iter().chain(intermediates) {
        if !(first..=last).contains(&now) {
            violations.push(Violation::new(
                VALIDITY,
                format!(
                    "\"{subject}\" is valid from {} to {}, and the evidence is judged for {}",
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
