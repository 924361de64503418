//! The files of a bundle, made from the sealed transcript.

use std::{collections::BTreeSet, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    Files, amendments, answered, audits,
    error::ContentsError,
    is_plain,
    layout::{
        ATTESTATIONS, INPUTS, REPORT_HTML, REPORT_MARKDOWN, REPOSITORIES, TUF_CRATES, TUF_ROOT,
        UNFINISHED,
    },
    programs,
};
use crate::{
    ceremony::{
        State,
        enrolment::Enrolment,
        previous::PREVIOUS,
        propose::CRATES_ROOT,
        script::Document,
        verify::{self, Delegators},
    },
    report,
    rules::{
        roster::Handle,
        scenario::{REVOKED, TARGETS},
    },
    transcript::{Chain, Event, Mode},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{digest::Digest, text::excerpt};
use keymoot_tuf::PublicKey;

/// The folder of the statements of a ceremony without documents.
const STATEMENTS: &str = "statements";
/// The folder of the files that a rehearsal attaches.
const REHEARSAL: &str = "rehearsal";

/// Every file of the bundle except the manifest and its signatures. Events after
/// the seal change nothing: the sealed part of the transcript is folded again. In a live
/// ceremony the report reads devices' evidence by the keys of `vendor`.
///
/// # Errors
/// [`ContentsError`] when the transcript is not sealed, or an object that it
/// speaks of is missing or altered.
pub fn contents(
    state: &State,
    chain: &Chain,
    objects: &dyn Fn(&Digest) -> Option<Vec<u8>>,
    vendor: &TrustStore,
) -> Result<Files, ContentsError> {
    let seal = state
        .sealed
        .clone()
        .ok_or_else(|| fault("its transcript is not sealed"))?;
    let transcript = chain.bytes_through(seal.seq);
    let sealed = Chain::read(&transcript).map_err(|error| fault(&error.to_string()))?;
    let state = State::fold(Arc::clone(state.origin()), &sealed)
        .map_err(|error| fault(&error.to_string()))?;
    let object = |digest: &Digest, what: &str| {
        objects(digest)
            .filter(|bytes| Digest::of(bytes) == *digest)
            .ok_or_else(|| fault(&format!("{what} is missing or was altered")))
    };

    let mut files = Files::new();
    let plan = &state.plan.files;
    files.insert("transcript.jsonl".to_owned(), transcript);
    for (name, text) in [
        ("script.toml", &plan.script),
        ("policy.toml", &plan.policy),
        ("roster.toml", &plan.roster),
    ] {
        files.insert(name.to_owned(), text.clone().into_bytes());
    }
    files.extend(amendments::replaced(&state));
    for (_, program) in &state.programs {
        let bill = object(&program.sbom, "a bill of materials")?;
        files.insert(programs::path(program), bill);
    }
    for (path, bytes) in &plan.inputs {
        files.insert(format!("{INPUTS}/{path}"), bytes.clone());
    }
    for seat in &state.seats {
        for enrolled in seat.published() {
            let Some(statement) = enrolled.statement else {
                continue;
            };
            let folder = enrolment_folder(&seat.handle, enrolled);
            let mut file = |name: &str, bytes| files.insert(format!("{folder}/{name}"), bytes);
            let attestation = object(&enrolled.attestation, "an attestation")?;
            let device = object(&enrolled.device, "a device certificate")?;
            let key = PublicKey::from_spki_der(&enrolled.spki)
                .map_err(|error| fault(&error.to_string()))?;
            file("attestation.pem", certificate_pem(&attestation));
            file("device.pem", certificate_pem(&device));
            file("key.pem", key.pem().into_bytes());
            file(
                "enrolment.json",
                object(&statement, "a statement of enrolment")?,
            );
        }
        if let Some((enrolled, proof)) = seat.enrolled().zip(seat.proof) {
            let path = format!("{STATEMENTS}/{}/{}.json", seat.handle, enrolled.serial);
            files.insert(path, object(&proof, "a statement")?);
        }
    }
    for given in &state.answers {
        let statement = object(&given.statement, "the statement over an answer")?;
        files.insert(answered::path(given), statement);
    }
    for (path, digest) in audits::files(sealed.entries()) {
        let bytes = object(&digest, &path)?;
        files.insert(path, bytes);
    }
    if state.ended.is_some() {
        unfinished(&state, objects, &mut files).map_err(|why| fault(&why))?;
    } else {
        repositories(&state, objects, &mut files).map_err(|why| fault(&why))?;
    }
    let revoked = state.revoked();
    if !state.signs_revoked() && !revoked.keys().is_empty() && state.ended.is_none() {
        files.insert(REVOKED.to_owned(), revoked.bytes());
    }
    let attached = seal.attachments.iter();
    let attached = attached.map(|(path, digest)| (path.clone(), path, digest));
    for (to, path, digest) in attached.chain(earlier(&state, &sealed)) {
        if !may_be_attached(path, &state) {
            return Err(fault(&format!(
                "\"{}\" is not for a seal to attach",
                excerpt(path)
            )));
        }
        files.insert(to, object(digest, path)?);
    }
    let account =
        report::Account::of(&state, &sealed, objects, vendor).map_err(|why| fault(&why))?;
    files.insert(REPORT_HTML.to_owned(), account.html().into_bytes());
    files.insert(REPORT_MARKDOWN.to_owned(), account.markdown().into_bytes());
    Ok(files)
}

/// What earlier seals attached, where each file is kept, and the path that it had. A request between
/// such a seal and the last one contains it, so a verifier needs it to make the request again.
fn earlier<'c>(state: &State, sealed: &'c Chain) -> Vec<(String, &'c String, &'c Digest)> {
    let last_asked = state.requests.last().map_or(0, |asked| asked.seq);
    let seal = state.sealed.iter();
    let last: BTreeSet<_> = seal.flat_map(|seal| seal.attachments.values()).collect();
    let mut kept = Vec::new();
    let entries = sealed.entries().iter();
    for entry in entries.filter(|entry| entry.seq < last_asked) {
        let Event::Sealed { attachments } = &entry.event else {
            continue;
        };
        let changed = attachments
            .iter()
            .filter(|(_, digest)| !last.contains(digest));
        for (path, digest) in changed {
            let below = path.strip_prefix(REHEARSAL).unwrap_or_default();
            kept.push((
                format!("{REHEARSAL}/sealed-{}{below}", entry.seq),
                path,
                digest,
            ));
        }
    }
    kept
}

/// Both repositories for publication: the previous files, and over them those that
/// this ceremony signed.
fn repositories(
    state: &State,
    objects: &verify::Objects<'_>,
    files: &mut Files,
) -> Result<(), String> {
    for (path, bytes) in &state.plan.files.inputs {
        let previous = path
            .strip_prefix(PREVIOUS)
            .and_then(|path| path.strip_prefix('/'))
            .filter(|path| path.starts_with("tuf-root/") || path.starts_with("tuf-crates/"));
        if let Some(path) = previous {
            files.insert(format!("{REPOSITORIES}/{path}"), bytes.clone());
        }
    }
    if !state.documents.is_empty() {
        let delegators = Delegators::of(state, objects)?;
        for &document in state.documents.keys() {
            let signed = verify::signed_files(state, document, &delegators, objects)?;
            files.extend(
                signed
                    .into_iter()
                    .map(|(path, bytes)| (format!("{TUF_ROOT}/{path}"), bytes)),
            );
        }
    }
    if state.documents.contains_key(&Document::Targets) {
        let signed = state.authorised().into_iter();
        files.extend(signed.map(|(path, bytes)| (format!("{TUF_ROOT}/{TARGETS}/{path}"), bytes)));
    }
    if state.documents.contains_key(&Document::Crates)
        && let Some(root) = state.plan.crates_root()
    {
        // The file that crates.json signs is at the path where clients of tuf-root look.
        files.insert(format!("{TUF_ROOT}/{TARGETS}/{CRATES_ROOT}"), root.to_vec());
    }
    for (path, bytes) in state.plan.crates_files() {
        files.insert(format!("{TUF_CRATES}/{path}"), bytes);
    }
    Ok(())
}

/// The documents of a ceremony that ended without its purpose, with the signatures that they have.
/// Nothing here is to be published: there are no repositories.
fn unfinished(
    state: &State,
    objects: &verify::Objects<'_>,
    files: &mut Files,
) -> Result<(), String> {
    if state.documents.is_empty() {
        return Ok(());
    }
    let delegators = Delegators::of(state, objects)?;
    for &document in state.documents.keys() {
        let signed = verify::signed_files(state, document, &delegators, objects)?;
        let paths = signed.into_iter();
        files.extend(paths.map(|(path, bytes)| (format!("{UNFINISHED}/{path}"), bytes)));
    }
    Ok(())
}

/// Whether a seal may attach a file at this path: a rehearsal its simulated
/// devices, and a live ceremony nothing. Otherwise the author of a transcript
/// could put any file instead of one that follows from it.
fn may_be_attached(path: &str, state: &State) -> bool {
    let rehearsal = state
        .opening
        .as_ref()
        .is_some_and(|opening| opening.mode == Mode::Rehearsal);
    let mut parts = path.split('/');
    rehearsal && parts.next() == Some(REHEARSAL) && parts.clone().count() > 0 && parts.all(is_plain)
}

/// The folder of an enrolment in a bundle: `attestations/<handle>/<serial>`.
#[must_use]
pub fn enrolment_folder(handle: &Handle, enrolment: &Enrolment) -> String {
    format!("{ATTESTATIONS}/{handle}/{}", enrolment.serial)
}

/// A certificate as PEM (RFC 7468), 64 characters a line.
fn certificate_pem(der: &[u8]) -> Vec<u8> {
    let encoded = STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = tail;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem.into_bytes()
}

fn fault(what: &str) -> ContentsError {
    ContentsError::of(what)
}
