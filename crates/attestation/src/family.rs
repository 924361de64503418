//! Which vendor format evidence is in. The certificates' extensions decide it.
//! keymoot never tries one format after the other, which would hide what
//! is wrong with evidence of the first.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::certificate::Certificate;
use keymoot_core::{Rule, Violation};

/// The families of devices whose evidence can be checked.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// YubiKeys, by the attestation of their PIV application.
    #[default]
    YubiKey,
    /// YubiHSM 2s.
    YubiHsm,
}

impl Family {
    /// Whether it is that of YubiKeys, which files leave out.
    #[must_use]
    pub fn is_yubikey(&self) -> bool {
        *self == Self::YubiKey
    }

    /// The vendor's arc of extensions, with its last dot.
    pub(super) const fn arc(self) -> &'static str {
        match self {
            Self::YubiKey => "1.3.6.1.4.1.41482.3.",
            Self::YubiHsm => "1.3.6.1.4.1.41482.4.",
        }
    }

    /// The name of the key's certificate in messages.
    pub(super) const fn attestation_name(self) -> &'static str {
        match self {
            Self::YubiKey => "the slot attestation",
            Self::YubiHsm => "the key attestation",
        }
    }

    /// The key's certificate, as the role of a link of the chain.
    pub(super) const fn attestation_role(self) -> &'static str {
        match self {
            Self::YubiKey => "slot-attestation",
            Self::YubiHsm => "key-attestation",
        }
    }

    /// Where the device keeps its certificate.
    pub(super) const fn device_certificate(self) -> &'static str {
        match self {
            Self::YubiKey => "the F9 certificate",
            Self::YubiHsm => "the device certificate (opaque object 0)",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::YubiKey => "YubiKey",
            Self::YubiHsm => "YubiHSM 2",
        })
    }
}

/// The family that both certificates belong to by their extensions. A pair
/// without any of the vendor's extensions is checked as a YubiKey's, and is
/// refused as that.
///
/// # Errors
/// DEVICE-EVIDENCE where the two do not belong together.
pub(super) fn of(
    attestation: &Certificate<'_>,
    device: &Certificate<'_>,
) -> Result<Family, Violation> {
    match (stated(attestation)?, stated(device)?) {
        (Some(key), Some(device)) if key != device => Err(Violation::new(
            Rule::DeviceEvidence,
            format!(
                "the first certificate is evidence of a {key}, the second of a {device}: they are not a pair"
            ),
            "give the key's attestation and the device certificate of one and the same device",
        )),
        (Some(family), _) | (None, Some(family)) => Ok(family),
        (None, None) => Ok(Family::YubiKey),
    }
}

fn stated(certificate: &Certificate<'_>) -> Result<Option<Family>, Violation> {
    let carries = |family: Family| {
        certificate
            .extensions()
            .iter()
            .any(|extension| extension.oid.to_id_string().starts_with(family.arc()))
    };
    match (carries(Family::YubiKey), carries(Family::YubiHsm)) {
        (true, true) => Err(crate::violation::evidence(format!(
            "\"{}\" states facts of a YubiKey and of a YubiHSM 2, which no device is at once",
            certificate.subject_text()
        ))),
        (true, false) => Ok(Some(Family::YubiKey)),
        (false, true) => Ok(Some(Family::YubiHsm)),
        (false, false) => Ok(None),
    }
}
