//! Verifying the documents that holders have signed.

use std::collections::BTreeMap;

use super::{script::Document, state::State};
use crate::{
    digest::Digest,
    rules::{Verdict, Violation},
    tuf::{self, KeyId, dialect::tuf_on_ci},
};

/// A proposed document as it was kept, without signatures.
///
/// # Errors
/// In words, when it is missing, was altered or cannot be read.
pub fn proposal(
    state: &State,
    document: Document,
    objects: &dyn Fn(&Digest) -> Option<Vec<u8>>,
) -> Result<tuf::Document, String> {
    let proposal = state
        .documents
        .get(&document)
        .ok_or("it was never proposed")?;
    let file = objects(&proposal.file).ok_or("its proposal is missing")?;
    if Digest::of(&file) != proposal.file {
        return Err("its proposal was altered".to_owned());
    }
    let parsed = tuf::Document::parse(&file, file.len()).map_err(|error| error.to_string())?;
    if parsed.digest() == proposal.signed {
        Ok(parsed)
    } else {
        Err("its proposal is not the one whose digest was recorded".to_owned())
    }
}

/// A signed document's file, put together from the proposal and the signatures.
///
/// # Errors
/// In words, when the proposal is missing or cannot be read.
pub fn signed_file(
    state: &State,
    document: Document,
    objects: &dyn Fn(&Digest) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, String> {
    let signed = proposal(state, document, objects)?;
    let signatures: BTreeMap<KeyId, Vec<u8>> = state
        .seats
        .iter()
        .filter_map(|seat| seat.signatures.get(&document))
        .map(|signature| (KeyId::new(signature.keyid.clone()), signature.bytes.clone()))
        .collect();
    Ok(tuf_on_ci::assemble(signed.signed(), &signatures))
}

/// What the SIGNATURE rules say of every signed document: each file is put
/// together, read back from its bytes, and verified.
#[must_use]
pub fn signed_documents(
    state: &State,
    objects: &dyn Fn(&Digest) -> Option<Vec<u8>>,
) -> Vec<Verdict> {
    state
        .documents
        .keys()
        .flat_map(|&document| match signed_file(state, document, objects) {
            Ok(file) => check_file(state, document, &file),
            Err(why) => vec![fault(document, &why)],
        })
        .collect()
}

fn fault(document: Document, why: &str) -> Verdict {
    Violation::new(
        "SIGNATURE-QUORUM",
        format!("{}: {why}", document.name()),
        "stop: do not publish it. Have it signed in a new ceremony",
    )
    .into()
}

fn check_file(state: &State, document: Document, file: &[u8]) -> Vec<Verdict> {
    let parsed = match tuf::Document::parse(file, file.len()) {
        Ok(parsed) => parsed,
        Err(error) => return vec![fault(document, &error.to_string())],
    };
    let twice = twice(state, document, &parsed);
    let quorum = match tuf::verify_root(None, parsed) {
        Ok(root) => Verdict::held(
            "SIGNATURE-QUORUM",
            format!("{}: {}", document.name(), root.by_itself()),
        ),
        Err(error) => fault(document, &error.to_string()),
    };
    vec![twice, quorum]
}

/// SIGNATURE-TWICE: two implementations accept every signature by an enrolled key.
fn twice(state: &State, document: Document, parsed: &tuf::Document) -> Verdict {
    let message = parsed.signed_bytes();
    let signed = state
        .seats
        .iter()
        .filter_map(|seat| Some((seat, seat.enrolled()?, seat.signatures.get(&document)?)));
    let (mut good, mut bad) = (0, Vec::new());
    for (seat, enrolled, signature) in signed {
        let key = tuf::PublicKey::from_spki_der(&enrolled.spki);
        match key.is_ok_and(|key| key.verify_twice(message, &signature.bytes).is_ok()) {
            true => good += 1,
            false => bad.push(seat.handle.to_string()),
        }
    }
    Verdict::unless(
        "SIGNATURE-TWICE",
        !bad.is_empty(),
        || {
            format!(
                "{}: two implementations accept each of {good} signatures",
                document.name()
            )
        },
        || {
            format!(
                "{}: not accepted are the signatures of {}",
                document.name(),
                bad.join(", ")
            )
        },
        "stop: do not publish it. Have it signed in a new ceremony",
    )
}
