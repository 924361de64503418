//! The statement of enrolment, which a new key signs to prove that its holder
//! possesses it.
//!
//! A DSSE envelope with a payload type of its own, so that it can never be taken
//! for metadata or for another statement. It carries the ceremony's name and the
//! transcript's head, so that it cannot be moved to another ceremony or to
//! another point of this one.

use super::state::{Enrolment, Opening};
use crate::{
    digest::Digest,
    rules::{Violation, roster::Handle},
    tuf::{
        PublicKey,
        dsse::{Envelope, EnvelopeSignature, pae},
        json::{self, Json},
    },
};

/// The payload type of a statement of enrolment.
pub const ENROLMENT: &str = "application/vnd.keymoot.enrolment+json";

/// The payload type of a manifest that holders close a bundle with.
pub const MANIFEST: &str = "application/vnd.keymoot.manifest+json";

/// The payload of a statement of enrolment, in canonical form.
#[must_use]
pub fn enrolment(
    opening: &Opening,
    head: &Digest,
    handle: &Handle,
    enrolment: &Enrolment,
) -> Vec<u8> {
    json::canonical(&Json::object([
        ("attestation", enrolment.attestation.to_string().into()),
        ("ceremony", opening.ceremony.as_str().into()),
        ("device", enrolment.device.to_string().into()),
        ("firmware", enrolment.firmware.as_str().into()),
        ("handle", handle.as_str().into()),
        ("head", head.to_string().into()),
        ("mode", opening.mode.name().into()),
        ("serial", u64::from(enrolment.serial).into()),
        ("spki", hex::encode(&enrolment.spki).into()),
    ]))
}

/// The bytes that are signed for a payload of a type.
#[must_use]
pub fn signed_bytes(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    pae(payload_type, payload)
}

/// The statement with its signature, as it is kept and published.
#[must_use]
pub fn envelope(payload_type: &str, payload: Vec<u8>, keyid: &str, signature: Vec<u8>) -> Vec<u8> {
    let envelope = Envelope {
        payload_type: payload_type.to_owned(),
        payload,
        signatures: vec![EnvelopeSignature {
            keyid: keyid.to_owned(),
            sig: signature,
        }],
    };
    envelope.to_json().into_bytes()
}

/// Checks a statement of enrolment as it was published: its payload is exactly
/// what this enrolment at this head states, and its one signature is by the
/// enrolled key.
///
/// # Errors
/// A [`Violation`] of KEY-POSSESSION.
pub fn check_enrolment(
    statement: &[u8],
    opening: &Opening,
    head: &Digest,
    handle: &Handle,
    enrolled: &Enrolment,
) -> Result<(), Violation> {
    let fault = |what: String| {
        Violation::new(
            "KEY-POSSESSION",
            format!(
                "the enrolment statement of {handle}, device {}: {what}",
                enrolled.serial
            ),
            "do not count on this key; enrol the holder again",
        )
    };
    let envelope = Envelope::parse(statement, 1 << 16).map_err(|error| fault(error.to_string()))?;
    if envelope.to_json().as_bytes() != statement {
        return Err(fault("it is not written as this program writes it".into()));
    }
    if envelope.payload_type != ENROLMENT
        || envelope.payload != enrolment(opening, head, handle, enrolled)
    {
        return Err(fault("it states something else than what happened".into()));
    }
    let key = PublicKey::from_spki_der(&enrolled.spki).map_err(|error| fault(error.to_string()))?;
    match envelope.signatures.as_slice() {
        [one] if key.verify_twice(&envelope.signed_bytes(), &one.sig).is_ok() => Ok(()),
        _ => Err(fault("it is not signed by the enrolled key".into())),
    }
}
