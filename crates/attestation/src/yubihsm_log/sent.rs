//! What keymoot sent to a device, and whether the device's log shows it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::entry::{LogEntry, Named};

/// A command that was sent to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// Its code.
    pub command: u8,
    /// The authentication key of the session it was sent in; none outside one.
    pub session_key: Option<u16>,
    /// The object it is about, where it is about one.
    pub target: Option<u16>,
    /// Its outcome.
    pub outcome: Outcome,
    /// Whether the device was known to log commands of this kind by then. If
    /// not, there may be an entry or none.
    pub logged: bool,
}

/// The outcome of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The device performed it.
    Done,
    /// The device refused it with this code.
    Refused(u8),
    /// No answer came: the device may have performed it or not.
    Unknown,
}

/// The command with which a session begins, and the one that completes it.
const CREATE_SESSION: u8 = 0x03;
const AUTHENTICATE_SESSION: u8 = 0x04;
/// The code with which a device with a full log refuses.
const LOG_FULL: u8 = 0x0a;

impl Sent {
    fn must_be_logged(&self) -> bool {
        self.logged && !matches!(self.outcome, Outcome::Unknown | Outcome::Refused(LOG_FULL))
    }

    fn is_told_by(&self, entry: &LogEntry) -> bool {
        self.command == entry.command()
            && self
                .session_key
                .is_none_or(|key| key == entry.session_key())
            && self.target.is_none_or(|target| target == entry.target())
            && match self.outcome {
                Outcome::Done => entry.result() == self.command | 0x80,
                Outcome::Refused(code) => entry.result() == code,
                Outcome::Unknown => true,
            }
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Named(self.command))?;
        match self.target {
            Some(target) => write!(f, " of 0x{target:04x}"),
            None => Ok(()),
        }
    }
}

/// Whether the entries show the commands, one for one, except `unlogged`
/// sessions that found no room: a device with a full log opens sessions all the
/// same, or else nobody could read it.
///
/// Commands that need not be there make more than one reading possible; all are
/// followed at once. The error says where the last of them ends.
pub(super) fn account(entries: &[LogEntry], sent: &[Sent], unlogged: usize) -> Result<(), String> {
    let mut readings = Readings::beginning(sent, unlogged);
    for entry in entries {
        readings = readings.after(entry)?;
    }
    readings.end()
}

/// Every reading that is possible so far: by how many commands are accounted for,
/// the numbers of unlogged sessions that this may have taken.
struct Readings<'s> {
    sent: &'s [Sent],
    unlogged: usize,
    reached: Vec<BTreeSet<usize>>,
}

impl<'s> Readings<'s> {
    fn beginning(sent: &'s [Sent], unlogged: usize) -> Self {
        let mut readings = Self::none(sent, unlogged);
        if let Some(start) = readings.reached.first_mut() {
            start.insert(0);
        }
        readings.skip()
    }

    fn none(sent: &'s [Sent], unlogged: usize) -> Self {
        Self {
            sent,
            unlogged,
            reached: vec![BTreeSet::new(); sent.len() + 1],
        }
    }

    /// Commands that may be missing in the log may be skipped.
    fn skip(mut self) -> Self {
        for (n, command) in self.sent.iter().enumerate() {
            let here = self.reached.get(n).cloned().unwrap_or_default();
            let passed: BTreeSet<usize> = match command.command {
                _ if !command.must_be_logged() => here,
                CREATE_SESSION if self.unlogged > 0 => here,
                AUTHENTICATE_SESSION => here
                    .into_iter()
                    .map(|taken| taken + 1)
                    .filter(|taken| *taken <= self.unlogged)
                    .collect(),
                _ => continue,
            };
            if let Some(next) = self.reached.get_mut(n + 1) {
                next.extend(passed);
            }
        }
        self
    }

    fn after(&self, entry: &LogEntry) -> Result<Self, String> {
        let mut next = Self::none(self.sent, self.unlogged);
        for (n, command) in self.sent.iter().enumerate() {
            if let (Some(here), Some(after)) = (self.reached.get(n), next.reached.get_mut(n + 1))
                && command.is_told_by(entry)
            {
                after.extend(here);
            }
        }
        if entry.is_start() {
            // People pull devices out; the log records that, and no command causes it.
            for (after, here) in next.reached.iter_mut().zip(&self.reached) {
                after.extend(here);
            }
        }
        match next.reached.iter().all(BTreeSet::is_empty) {
            true => Err(self.parted(entry)),
            false => Ok(next.skip()),
        }
    }

    fn end(&self) -> Result<(), String> {
        match self.reached.last() {
            Some(taken) if taken.contains(&self.unlogged) => Ok(()),
            Some(taken) if !taken.is_empty() => Err(format!(
                "the log reports {} sessions that it could not log, and keymoot opened another number",
                self.unlogged
            )),
            _ => {
                let missing = self.rest().first().map(ToString::to_string);
                Err(format!(
                    "the log does not show a command that was sent: {}",
                    missing.unwrap_or_default()
                ))
            }
        }
    }

    /// The unexplained part in the reading that explains the most.
    fn rest(&self) -> &'s [Sent] {
        let furthest = self.reached.iter().rposition(|taken| !taken.is_empty());
        self.sent.get(furthest.unwrap_or(0)..).unwrap_or_default()
    }

    /// The fault at an entry that no reading explains.
    fn parted(&self, entry: &LogEntry) -> String {
        let rest = self.rest();
        match rest.first() {
            Some(wanted) if rest.iter().any(|later| later.is_told_by(entry)) => {
                format!("the log does not show a command that was sent: {wanted} (before {entry})")
            }
            Some(wanted) => format!(
                "the log has a command that keymoot did not send: {entry} (expected: {wanted})"
            ),
            None => format!("the log has a command that keymoot did not send: {entry}"),
        }
    }
}
