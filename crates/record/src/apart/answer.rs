//! The answer: one holder's turn apart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ANSWER, REQUEST, canonical, names_format, refused, strict};
use crate::{
    rules::{is_line, roster::Handle},
    transcript::{Branch, Chain, Event},
};
use keymoot_core::{Rule, Violation, digest::Digest};

/// The format that an answer names.
pub const FORMAT: &str = "keymoot-answer-1";
/// The largest answer, in bytes, as a file.
pub const LARGEST: usize = 256 << 10;

/// An answer. A member that is unknown here would not be written again, so [`Answer::read`] refuses
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Names the ceremony.
    pub ceremony: String,
    format: String,
    /// The holder.
    pub holder: Handle,
    /// The content.
    #[serde(flatten)]
    pub says: Says,
    /// The digest of the request's file.
    pub request: Digest,
}

/// The content of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Says {
    /// The holder took the turn.
    Turn(Box<Turn>),
    /// The holder declines. Nothing proves who wrote it.
    Declines {
        /// The reason.
        declined: String,
    },
}

/// A turn apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Its entries.
    pub branch: Branch,
    /// The files that they name, and the statement.
    #[serde(with = "super::objects")]
    pub objects: BTreeMap<Digest, Vec<u8>>,
    /// The statement over the branch, a DSSE envelope.
    pub statement: Digest,
}

const AGAIN: &str = "ask the holder for the file again";

impl Answer {
    /// Reads an answer. Only the exact bytes that [`Answer::bytes`] writes are accepted.
    ///
    /// # Errors
    /// A [`Violation`] of ANSWER-READ.
    pub fn read(bytes: &[u8]) -> Result<Self, Violation> {
        let unread = |why: String| match names_format(bytes, REQUEST) {
            true => Violation::new(
                Rule::AnswerRead,
                "the file is a request, and not an answer",
                "name the file that `keymoot answer` wrote with -o",
            ),
            false => Violation::new(
                Rule::AnswerRead,
                format!("the file is no answer: {}", refused(bytes, ANSWER, why)),
                match names_format(bytes, ANSWER) {
                    true => AGAIN.to_owned(),
                    false => format!(
                        "name the file that `keymoot answer` wrote with -o, or a mail with its text form; if it is that, {AGAIN}"
                    ),
                },
            ),
        };
        if bytes.len() > LARGEST {
            return Err(unread(format!("it is larger than {LARGEST} bytes")));
        }
        let answer: Self = strict(bytes).map_err(unread)?;
        match &answer.says {
            _ if answer.format != FORMAT => Err(unread(format!("its format is not {FORMAT}"))),
            Says::Declines { declined } if !is_line(declined) => {
                Err(unread("its reason is too long".to_owned()))
            }
            _ => Ok(answer),
        }
    }

    /// The file.
    ///
    /// # Errors
    /// In words, when it cannot be written.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        canonical(self)
    }

    /// An answer.
    #[must_use]
    pub fn new(ceremony: String, holder: Handle, request: Digest, says: Says) -> Self {
        Self {
            ceremony,
            format: FORMAT.to_owned(),
            holder,
            says,
            request,
        }
    }

    /// The answer from a holder's own transcript, once the statement is signed.
    ///
    /// # Errors
    /// In words, what is missing.
    pub fn of(chain: &Chain, objects: &dyn Fn(&Digest) -> Option<Vec<u8>>) -> Result<Self, String> {
        let entries = chain.entries();
        let begun = entries.iter().find_map(|entry| match &entry.event {
            Event::AnswerBegun {
                holder, request, ..
            } => Some((entry.seq, holder, *request)),
            _ => None,
        });
        let signed = entries.iter().find_map(|entry| match &entry.event {
            Event::AnswerSigned { statement, .. } => Some((entry.seq, *statement)),
            _ => None,
        });
        let ceremony = entries.iter().find_map(|entry| match &entry.event {
            Event::Opened { ceremony, .. } => Some(ceremony.clone()),
            _ => None,
        });
        let (begun, signed) = begun.zip(signed).ok_or("the answer is not signed yet")?;
        let (from, holder, request) = begun;
        let (until, statement) = signed;
        let turn = chain
            .since(from)
            .iter()
            .take_while(|entry| entry.seq < until);
        let branch = Branch::of(turn.cloned().collect()).map_err(|error| error.to_string())?;
        let found = |digest: Digest| {
            let bytes =
                objects(&digest).ok_or_else(|| format!("the object {digest} is missing"))?;
            Ok::<_, String>((digest, bytes))
        };
        let named = named(&branch).into_iter().chain([statement]).map(found);
        Ok(Self::new(
            ceremony.ok_or("the ceremony was not opened")?,
            holder.clone(),
            request,
            Says::Turn(Box::new(Turn {
                objects: named.collect::<Result<_, _>>()?,
                branch,
                statement,
            })),
        ))
    }
}

/// The objects that the entries of a branch name and a bundle needs. A file sealed to the holder
/// stays with the holder.
pub(super) fn named(branch: &Branch) -> Vec<Digest> {
    let of_entry = branch.entries().iter().map(|entry| match &entry.event {
        Event::Attested {
            attestation,
            device,
            ..
        } => vec![*attestation, *device],
        Event::Enrolled { statement, .. } | Event::Proved { statement, .. } => vec![*statement],
        _ => Vec::new(),
    });
    of_entry.flatten().collect()
}
