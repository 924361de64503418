//! The statement of enrolment, which a new key signs to prove that its holder
//! possesses it.
//!
//! A DSSE envelope with a payload type of its own, so that it can never be taken
//! for metadata or for another statement. It carries the ceremony's name and the
//! transcript's head, so that it cannot be moved to another ceremony or to
//! another point of this one.

use super::{enrolment::Enrolment, opening::Opening, requests::Apart, script::Scenario};
use crate::rules::roster::Handle;
use keymoot_attestation::Family;
use keymoot_core::{
    Outcome, Rule, Verdict, Violation,
    digest::Digest,
    json::{self, Json},
};
use keymoot_tuf::{
    KeyId, PublicKey,
    dsse::{Envelope, EnvelopeSignature, pae},
    low_s,
};

/// How a statement names the family of YubiHSM 2s. That of YubiKeys is left unsaid.
const YUBIHSM: &str = "yubihsm";

/// The payload type of a statement of enrolment.
pub const ENROLMENT: &str = "application/vnd.keymoot.enrolment+json";

/// The payload type of a manifest that holders close a bundle with.
pub const MANIFEST: &str = "application/vnd.keymoot.manifest+json";

/// The id of a key that no root may name, in closing signatures of a ceremony that ended without
/// its purpose, and in answers: the SHA-256 of its SubjectPublicKeyInfo.
#[must_use]
pub fn key_without_root(enrolled: &Enrolment) -> KeyId {
    KeyId::new(enrolled.key().to_string())
}

/// The payload of a statement of enrolment, in canonical form. `formerly` is the handle under which
/// the same key was enrolled before, where the holder's account was renamed.
#[must_use]
pub fn enrolment(
    opening: &Opening,
    head: &Digest,
    handle: &Handle,
    formerly: Option<&Handle>,
    enrolment: &Enrolment,
) -> Vec<u8> {
    let mut payload = vec![
        ("attestation", enrolment.attestation.to_string().into()),
        ("ceremony", opening.ceremony.as_str().into()),
        ("device", enrolment.device.to_string().into()),
        ("firmware", enrolment.firmware.as_str().into()),
        ("handle", handle.as_str().into()),
        ("head", head.to_string().into()),
        ("mode", opening.mode.name().into()),
        ("serial", u64::from(enrolment.serial).into()),
        ("spki", hex::encode(&enrolment.spki).into()),
    ];
    if enrolment.family == Family::YubiHsm {
        payload.push(("family", YUBIHSM.into()));
    }
    if let Some(formerly) = formerly {
        payload.push(("formerly", formerly.as_str().into()));
    }
    json::canonical(&Json::object(payload))
}

/// The payload type of a presence proof.
pub const HEARTBEAT: &str = "application/vnd.keymoot.heartbeat+json";

/// The payload type of a statement that the quorum is lost.
pub const QUORUM_LOST: &str = "application/vnd.keymoot.quorum-lost+json";

/// The payload type of the statement that holders sign in a scenario without
/// documents.
#[must_use]
pub fn proof_type(scenario: Scenario) -> &'static str {
    match scenario {
        Scenario::QuorumLost => QUORUM_LOST,
        _ => HEARTBEAT,
    }
}

/// The payload of such a statement, in canonical form: the key, and the root that
/// names it.
#[must_use]
pub fn proof(
    opening: &Opening,
    head: &Digest,
    handle: &Handle,
    enrolment: &Enrolment,
    root: &Digest,
) -> Vec<u8> {
    json::canonical(&Json::object([
        ("ceremony", opening.ceremony.as_str().into()),
        ("handle", handle.as_str().into()),
        ("head", head.to_string().into()),
        ("mode", opening.mode.name().into()),
        ("root", root.to_string().into()),
        ("serial", u64::from(enrolment.serial).into()),
        ("spki", hex::encode(&enrolment.spki).into()),
    ]))
}

/// The first format whose closing signatures and statements are low-S.
const LOW_S_SINCE: u32 = 2;

/// Whether two implementations accept a signature on a statement or on the manifest and, from
/// format 2 on, whether it is low-S, because anybody can write the high-S form, too.
#[must_use]
pub fn is_signed(key: &PublicKey, message: &[u8], signature: &[u8], format: u32) -> bool {
    let is_low = low_s(signature).is_none_or(|low| low == signature);
    (is_low || format < LOW_S_SINCE) && key.verify_twice(message, signature).is_ok()
}

/// The payload type of the statement over an answer of a holder apart.
pub const ANSWER: &str = "application/vnd.keymoot.answer+json";

/// A rule's outcome, as statements write it.
pub(crate) fn says(verdict: &Verdict) -> &'static str {
    match verdict.outcome {
        Outcome::Held => "held",
        Outcome::Violated => "violated",
        Outcome::NotAsked => "not-asked",
    }
}

/// The payload of such a statement, in canonical form: which request was answered, by which
/// branch, and with which program on which machine. `branch` is the digest of the branch's last
/// entry.
#[must_use]
pub fn answer(opening: &Opening, apart: &Apart, branch: &Digest, key: &Enrolment) -> Vec<u8> {
    let program = apart.programs.last().map(|program| program.sha256);
    let machine = apart.machine.iter().flatten();
    let machine = machine.map(|verdict| (verdict.rule.id().to_owned(), Json::from(says(verdict))));
    json::canonical(&Json::object([
        ("branch", branch.to_string().into()),
        ("ceremony", opening.ceremony.as_str().into()),
        (
            "compared",
            apart.compared.as_deref().unwrap_or_default().into(),
        ),
        ("handle", apart.holder.as_str().into()),
        ("head", apart.base.to_string().into()),
        ("machine", Json::Object(machine.collect())),
        ("mode", opening.mode.name().into()),
        (
            "program",
            program
                .map(|program| program.to_string())
                .unwrap_or_default()
                .into(),
        ),
        ("request", apart.request.to_string().into()),
        ("serial", u64::from(key.serial).into()),
        ("spki", hex::encode(&key.spki).into()),
    ]))
}

/// Checks the statement over an answer: its payload is exactly the one for its branch, and its
/// one signature is by this key, and under one of these key ids. No key signs the id.
///
/// # Errors
/// A [`Violation`] of ANSWER-SIGNED.
pub fn check_answer(
    statement: &[u8],
    payload: &[u8],
    holder: &Handle,
    key: &Enrolment,
    keyids: &[KeyId],
) -> Result<(), Violation> {
    let signed = check_signed(statement, LOW_S_SINCE, ANSWER, payload, key);
    let named = signed.and_then(|keyid| match keyids.contains(&KeyId::new(keyid)) {
        true => Ok(()),
        false => Err("it names another key".to_owned()),
    });
    named.map_err(|why| {
        Violation::new(
            Rule::AnswerSigned,
            format!("the statement over the answer of {holder}: {why}"),
            "do not count this answer; ask the holder for the file again",
        )
    })
}

/// Checks such a statement as it was published, like [`check_enrolment`].
///
/// # Errors
/// A [`Violation`] of KEY-POSSESSION.
pub fn check_proof(
    statement: &[u8],
    format: u32,
    payload_type: &str,
    payload: &[u8],
    handle: &Handle,
    enrolled: &Enrolment,
) -> Result<(), Violation> {
    let signed = check_signed(statement, format, payload_type, payload, enrolled);
    signed.map(drop).map_err(|why| {
        Violation::new(
            Rule::KeyPossession,
            format!(
                "the statement of {handle}, device {}: {why}",
                enrolled.serial
            ),
            "do not count on this key",
        )
    })
}

/// Checks that a statement is written as this program writes it, states this payload, and is
/// signed by the key. Returns the key id that it names.
fn check_signed(
    statement: &[u8],
    format: u32,
    payload_type: &str,
    payload: &[u8],
    enrolled: &Enrolment,
) -> Result<String, String> {
    let envelope = Envelope::parse(statement, 1 << 16).map_err(|error| error.to_string())?;
    if envelope.to_json().as_bytes() != statement {
        return Err("it is not in the form that this program writes".to_owned());
    }
    if envelope.payload_type != payload_type || envelope.payload != payload {
        return Err("it does not match what happened".to_owned());
    }
    let key = PublicKey::from_spki_der(&enrolled.spki).map_err(|error| error.to_string())?;
    match envelope.signatures.as_slice() {
        [one] if is_signed(&key, &envelope.signed_bytes(), &one.sig, format) => {
            Ok(one.keyid.clone())
        }
        _ => Err("it is not signed by the enrolled key".to_owned()),
    }
}

/// The content of a published statement of enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The holder
    pub handle: Handle,
    /// The name under which the same key was enrolled before
    pub formerly: Option<Handle>,
    /// Device, key and evidence
    pub enrolment: Enrolment,
    /// `live` or `rehearsal`
    pub mode: String,
}

/// Reads a statement of enrolment of an earlier ceremony. That it is whole and
/// signed by the key that it states is checked. Only that ceremony's bundle can show that it
/// names its point in that ceremony's transcript.
///
/// # Errors
/// In words, what is wrong with it.
pub fn read_enrolment(statement: &[u8]) -> Result<Stated, String> {
    let envelope = Envelope::parse(statement, 1 << 16).map_err(|error| error.to_string())?;
    if envelope.to_json().as_bytes() != statement || envelope.payload_type != ENROLMENT {
        return Err("its statement is not in the form that this program writes".to_owned());
    }
    let payload = json::parse(&envelope.payload, envelope.payload.len())
        .map_err(|error| format!("its statement: {error}"))?;
    if json::canonical(&payload) != envelope.payload {
        return Err("its statement is not in canonical form".to_owned());
    }
    let stated = stated(&payload, Digest::of(statement))
        .map_err(|error| format!("its statement: {error}"))?;
    let key = PublicKey::from_spki_der(&stated.enrolment.spki)
        .map_err(|error| format!("its key: {error}"))?;
    match envelope.signatures.as_slice() {
        [one] if key.verify_twice(&envelope.signed_bytes(), &one.sig).is_ok() => Ok(stated),
        _ => Err("its statement is not signed by its key".to_owned()),
    }
}

fn stated(payload: &Json, statement: Digest) -> Result<Stated, json::Misfit> {
    let at = json::At::top(payload, "payload");
    let digest = |name: &str| {
        let place = at.member(name)?;
        Digest::from_hex(place.string()?).ok_or_else(|| place.misfit("no SHA-256"))
    };
    let handle = |place: json::At<'_>| {
        Handle::try_from(place.string()?.to_owned()).map_err(|why| place.misfit(why))
    };
    let spki = at.member("spki")?;
    let family = match at.find("family")? {
        None => Family::YubiKey,
        Some(family) if family.string()? == YUBIHSM => Family::YubiHsm,
        Some(family) => return Err(family.misfit("no family of devices")),
    };
    Ok(Stated {
        handle: handle(at.member("handle")?)?,
        formerly: at.find("formerly")?.map(handle).transpose()?,
        enrolment: Enrolment {
            serial: at.member("serial")?.unsigned()?,
            family,
            firmware: at.member("firmware")?.string()?.to_owned(),
            spki: hex::decode(spki.string()?).map_err(|_| spki.misfit("not hexadecimal"))?,
            attestation: digest("attestation")?,
            device: digest("device")?,
            statement: Some(statement),
            escrow: None,
        },
        mode: at.member("mode")?.string()?.to_owned(),
    })
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
    formerly: Option<&Handle>,
    enrolled: &Enrolment,
) -> Result<(), Violation> {
    let payload = enrolment(opening, head, handle, formerly, enrolled);
    let signed = check_signed(statement, opening.format, ENROLMENT, &payload, enrolled);
    signed.map(drop).map_err(|why| {
        Violation::new(
            Rule::KeyPossession,
            format!(
                "the enrolment statement of {handle}, device {}: {why}",
                enrolled.serial
            ),
            "do not count this key; enrol the holder again",
        )
    })
}
