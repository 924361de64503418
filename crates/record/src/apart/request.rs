//! The request: the ceremony up to a head, and who is asked for what.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{ANSWER, Object, REQUEST, canonical, names_format, refused, strict};
use crate::{
    bundle::{self, Files, is_plain},
    ceremony::{State, audited, enrolment::Enrolment, trust::VENDOR},
    rules::roster::Handle,
    transcript::{Chain, Event, Time},
};
use keymoot_core::{Rule, Violation, digest::Digest, text::excerpt};

/// The format name of a request.
pub const FORMAT: &str = "keymoot-request-1";
/// The largest request, in bytes.
pub const LARGEST: usize = 8 << 20;
/// The folder of the ceremony's inputs.
pub const INPUTS: &str = "inputs";

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Who is asked for what, until when.
    pub asks: Asks,
    /// Plan, inputs and transcript by their paths in the ceremony's folder.
    #[serde(with = "texts")]
    pub files: Files,
    format: String,
    /// The files that the transcript names.
    #[serde(with = "super::objects")]
    pub objects: BTreeMap<Digest, Vec<u8>>,
}

/// Who is asked for what, until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asks {
    /// Names the ceremony.
    pub ceremony: String,
    /// The head that the transcript ends with.
    pub head: Digest,
    /// The step that awaits the holders.
    pub step: String,
    /// Their handles, in the order of their seats.
    pub to: Vec<Handle>,
    /// When the answers are due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// Files by their paths, in base64.
mod texts {
    use super::Files;
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde::{Deserialize as _, Deserializer, Serializer, de};
    use std::collections::BTreeMap;

    pub(super) fn serialize<S: Serializer>(files: &Files, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(
            files
                .iter()
                .map(|(path, bytes)| (path, STANDARD.encode(bytes))),
        )
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Files, D::Error> {
        let files = BTreeMap::<String, String>::deserialize(from)?;
        let decoded = files.into_iter().map(|(path, text)| {
            let bytes = STANDARD.decode(text).map_err(de::Error::custom)?;
            Ok((path, bytes))
        });
        decoded.collect()
    }
}

const AGAIN: &str = "ask the administrator for the file again, and compare the words of its digest";

impl Request {
    /// Reads a request. Only the exact bytes that [`Request::bytes`] writes are accepted.
    ///
    /// # Errors
    /// A [`Violation`] of REQUEST-READ.
    pub fn read(bytes: &[u8]) -> Result<Self, Violation> {
        let unread = |why: String| match names_format(bytes, ANSWER) {
            true => Violation::new(
                Rule::RequestRead,
                "the file is an answer, and not a request",
                "name the file that `keymoot request` wrote with -o",
            ),
            false => Violation::new(
                Rule::RequestRead,
                format!("the file is no request: {}", refused(bytes, REQUEST, why)),
                match names_format(bytes, REQUEST) {
                    true => AGAIN.to_owned(),
                    false => format!(
                        "name the file that `keymoot request` wrote with -o; if it is that, {AGAIN}"
                    ),
                },
            ),
        };
        if bytes.len() > LARGEST {
            return Err(unread(format!("it is larger than {LARGEST} bytes")));
        }
        let request: Self = strict(bytes).map_err(unread)?;
        if request.format != FORMAT {
            return Err(unread(format!("its format is not {FORMAT}")));
        }
        match request.files.keys().find(|path| !is_known(path)) {
            Some(path) => Err(unread(format!("it holds the file {}", excerpt(path)))),
            None => Ok(request),
        }
    }

    /// The file.
    ///
    /// # Errors
    /// In words, when it is too large.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        let bytes = canonical(self)?;
        match bytes.len() > LARGEST {
            true => Err(format!("the request is larger than {LARGEST} bytes")),
            false => Ok(bytes),
        }
    }

    /// The request to these holders, of a ceremony whose transcript ends here. `vendor` are the
    /// certificates of a rehearsal's simulated vendor, by their names.
    ///
    /// # Errors
    /// In words, when the ceremony has no head or an object is missing.
    pub fn of(
        state: &State,
        chain: &Chain,
        objects: &dyn Fn(&Digest) -> Option<Vec<u8>>,
        vendor: &Files,
        (to, until): (&[Handle], Option<Time>),
    ) -> Result<Self, String> {
        let opening = state
            .opening
            .as_ref()
            .ok_or("the ceremony was not opened")?;
        let step = state.current().ok_or("every step is done")?;
        let last = (chain.entries().len() as u64).saturating_sub(1);
        let transcript = chain.bytes_through(last);
        let plan = &state.plan.files;
        let mut files = Files::from([
            ("policy.toml".to_owned(), plan.policy.clone().into_bytes()),
            ("roster.toml".to_owned(), plan.roster.clone().into_bytes()),
            ("script.toml".to_owned(), plan.script.clone().into_bytes()),
            ("transcript.jsonl".to_owned(), transcript),
        ]);
        files.extend(bundle::replaced(state));
        let inputs = plan.inputs.iter();
        files.extend(inputs.map(|(path, bytes)| (format!("{INPUTS}/{path}"), bytes.clone())));
        let vendor = vendor.iter();
        files.extend(vendor.map(|(path, bytes)| (format!("{VENDOR}/{path}"), bytes.clone())));
        Ok(Self {
            asks: Asks {
                ceremony: opening.ceremony.clone(),
                head: chain.head(),
                step: step.id.clone(),
                to: to.to_vec(),
                until,
            },
            files,
            format: FORMAT.to_owned(),
            objects: named(state, chain)
                .into_iter()
                .map(|digest| object(digest, objects))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn object(digest: Digest, objects: &dyn Fn(&Digest) -> Option<Vec<u8>>) -> Result<Object, String> {
    let found = objects(&digest).filter(|bytes| Digest::of(bytes) == digest);
    let missing = || format!("the object {digest} is missing or was altered");
    found.map(|bytes| (digest, bytes)).ok_or_else(missing)
}

/// The objects that the events so far name, except inputs. A file that is sealed to a
/// holder is for that holder alone, and is left out.
fn named(state: &State, chain: &Chain) -> BTreeSet<Digest> {
    let programs = state.programs.iter().map(|(_, program)| program.sbom);
    let of_enrolment = |e: &Enrolment| [Some(e.attestation), Some(e.device), e.statement];
    let seats = state.seats.iter();
    let enrolments = seats
        .clone()
        .flat_map(|seat| seat.published().flat_map(of_enrolment));
    let proofs = seats.map(|seat| seat.proof);
    let documents = state.documents.values().map(|proposal| proposal.file);
    let seal = state
        .sealed
        .iter()
        .flat_map(|seal| seal.attachments.values());
    let answers = state.answers.iter().map(|given| given.statement);
    let readings = chain
        .with_branches()
        .filter_map(|entry| match &entry.event {
            Event::LogRead { log, sent, .. } => Some(audited::Reading {
                log: *log,
                sent: *sent,
            }),
            _ => None,
        });
    programs
        .chain(enrolments.chain(proofs).flatten())
        .chain(documents)
        .chain(seal.copied())
        .chain(answers)
        .chain(readings.flat_map(|reading| [reading.log, reading.sent]))
        .filter(|digest| state.plan.object(digest).is_none())
        .collect()
}

/// Whether a request may contain a file at this path. The holder's machine writes it to its disk.
fn is_known(path: &str) -> bool {
    if [
        "policy.toml",
        "roster.toml",
        "script.toml",
        "transcript.jsonl",
    ]
    .contains(&path)
    {
        return true;
    }
    let folders = [INPUTS, VENDOR, "amendments"];
    folders.iter().any(|folder| {
        let below = path
            .strip_prefix(folder)
            .and_then(|path| path.strip_prefix('/'));
        below.is_some_and(|below| below.split('/').count() <= 8 && below.split('/').all(is_plain))
    })
}
