//! The certificate authorities of the simulated vendor, and who signs whom.

use super::certificate::COMMON_NAME;
use super::der::name;
use crate::yubikey::plate::Firmware;
use serde::{Deserialize, Serialize};

/// A certificate authority of the simulated vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Root of the old shape; signs F9 certificates itself.
    PivRoot,
    /// Root of the new shape.
    AttestationRoot,
    /// Between the new root and its issuers.
    AttestationIntermediate,
    /// Signs F9 certificates in the new shape.
    PivIssuer,
    /// Root of YubiHSMs.
    YubihsmRoot,
    /// Signs YubiHSMs' device certificates.
    YubihsmIssuer,
}

/// The name of an authority.
pub(super) fn subject(role: Role) -> Vec<u8> {
    let text = match role {
        Role::PivRoot => "SIMULATED PIV Root CA Serial 1",
        Role::AttestationRoot => "SIMULATED Attestation Root 1",
        Role::AttestationIntermediate => "SIMULATED Attestation Intermediate B 1",
        Role::PivIssuer => "SIMULATED PIV Attestation B2 1",
        Role::YubihsmRoot => "SIMULATED YubiHSM Root CA",
        Role::YubihsmIssuer => "SIMULATED YubiHSM 1 Sub-CA",
    };
    name(&[(COMMON_NAME, text)])
}

/// Who signs F9 of this firmware, and who signs that, up to the root.
pub(super) fn chain(firmware: Firmware) -> &'static [Role] {
    if firmware >= Firmware::new(5, 7, 4) {
        &[
            Role::PivIssuer,
            Role::AttestationIntermediate,
            Role::AttestationRoot,
        ]
    } else {
        &[Role::PivRoot]
    }
}

/// Who signs the certificate of this authority; a root signs its own.
pub(super) fn parent(role: Role) -> Role {
    match role {
        Role::PivIssuer => Role::AttestationIntermediate,
        Role::AttestationIntermediate | Role::AttestationRoot => Role::AttestationRoot,
        Role::PivRoot => Role::PivRoot,
        Role::YubihsmIssuer | Role::YubihsmRoot => Role::YubihsmRoot,
    }
}
