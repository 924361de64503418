//! Requests to holders apart, and the recorded answers.

use std::collections::BTreeSet;

use super::turn::Purpose;
use crate::{
    rules::roster::Handle,
    transcript::{Program, Time},
};
use keymoot_core::{Verdict, digest::Digest};

/// The most requests of a ceremony: a verifier makes each of them again, as large as a bundle,
/// before any signature counts.
pub const MOST_REQUESTS: usize = 100;

/// A request to holders apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The digest of its file.
    pub request: Digest,
    /// The head that it ends with.
    pub head: Digest,
    /// The number of the first entry of every answer to it.
    pub seq: u64,
    /// The step in which it was asked, by its place in the script.
    pub step: usize,
    /// The holders who are asked.
    pub to: Vec<Handle>,
    /// When the answers are due.
    pub until: Option<Time>,
    /// The holders who have answered or declined.
    pub replied: BTreeSet<Handle>,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
}

impl Asked {
    /// The holders whose answer is still awaited.
    pub fn open(&self) -> impl Iterator<Item = &Handle> {
        let asked = self.to.iter().filter(|_| !self.withdrawn);
        asked.filter(|holder| !self.replied.contains(*holder))
    }
}

/// A recorded answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The number of the entry that contains it.
    pub seq: u64,
    /// The statement over it: a DSSE envelope.
    pub statement: Digest,
    /// The digest of the branch's last entry.
    pub branch: Digest,
    /// The branch's first entries: program, machine and request.
    pub apart: Apart,
    /// Whether it came late.
    pub late: bool,
}

/// A holder's turn apart, as its branch records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    /// The holder.
    pub holder: Handle,
    /// Its purpose.
    pub purpose: Purpose,
    /// The digest of the request's file.
    pub request: Digest,
    /// The head that the request ends with.
    pub base: Digest,
    /// The programs that recorded the branch; the last one runs now.
    pub programs: Vec<Program>,
    /// The expectations that the request was verified against.
    pub expected: String,
    /// The digest of the root that the holder trusted before.
    pub trusted_root: Option<Digest>,
    /// The verdicts on the holder's machine; `None` until it is checked, and again after
    /// an interruption.
    pub machine: Option<Vec<Verdict>>,
    /// The second channel over which the request's words were compared, empty if nobody did;
    /// `None` until the request is read.
    pub compared: Option<String>,
    /// The device that was announced to sign the statement.
    pub serial: Option<u32>,
    /// The statement, on the holder's side.
    pub statement: Option<Digest>,
    /// Whether the device is out again and the turn is over, on the holder's side.
    pub done: bool,
}

impl Apart {
    /// The rules that the holder's machine violates.
    #[must_use]
    pub fn violated(&self) -> Vec<Verdict> {
        Verdict::violated(self.machine.as_deref().unwrap_or_default())
    }
}
