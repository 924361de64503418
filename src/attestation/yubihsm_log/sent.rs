//! What was sent to a device, and whether its log tells of that.

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
    /// What came of it.
    pub outcome: Outcome,
    /// Whether the device was seen to log commands of this kind by then. Where
    /// it was not, an entry may be there or not.
    pub logged: bool,
}

/// What came of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// The device refused it with this code.
    Refused(u8),
    /// No answer came: it may have been done or not.
    Unknown,
}

impl Sent {
    fn must_be_logged(&self) -> bool {
        self.logged && self.outcome != Outcome::Unknown
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

/// Whether the entries tell of the commands, one for one. Commands that need not
/// be there make more than one reading possible; all are followed at once. The
/// error says where the last of them ends.
pub(super) fn account(entries: &[LogEntry], sent: &[Sent]) -> Result<(), String> {
    let mut accounted = vec![false; sent.len() + 1];
    if let Some(start) = accounted.first_mut() {
        *start = true;
    }
    skip(&mut accounted, sent);
    for entry in entries {
        let mut next = vec![false; sent.len() + 1];
        for (n, command) in sent.iter().enumerate() {
            if accounted.get(n) == Some(&true)
                && command.is_told_by(entry)
                && let Some(after) = next.get_mut(n + 1)
            {
                *after = true;
            }
        }
        if entry.is_start() {
            // People pull devices out; that is told, and nobody's command.
            next.iter_mut()
                .zip(&accounted)
                .for_each(|(next, before)| *next |= before);
        }
        if !next.contains(&true) {
            return Err(parted(entry, sent, &accounted));
        }
        skip(&mut next, sent);
        accounted = next;
    }
    match accounted.last() {
        Some(true) => Ok(()),
        _ => {
            let furthest = accounted.iter().rposition(|reached| *reached).unwrap_or(0);
            let missing = sent.get(furthest).map(ToString::to_string);
            Err(format!(
                "the log does not tell of a command that was sent: {}",
                missing.unwrap_or_default()
            ))
        }
    }
}

/// Commands that need not be in the log may be passed over.
fn skip(accounted: &mut [bool], sent: &[Sent]) {
    for (n, command) in sent.iter().enumerate() {
        if accounted.get(n) == Some(&true)
            && !command.must_be_logged()
            && let Some(after) = accounted.get_mut(n + 1)
        {
            *after = true;
        }
    }
}

/// What is wrong at an entry that no reading explains.
fn parted(entry: &LogEntry, sent: &[Sent], accounted: &[bool]) -> String {
    let reached = accounted.iter().rposition(|reached| *reached).unwrap_or(0);
    let rest = sent.get(reached..).unwrap_or_default();
    match rest.first() {
        Some(wanted) if rest.iter().any(|later| later.is_told_by(entry)) => {
            format!("the log does not tell of a command that was sent: {wanted} (before {entry})")
        }
        Some(wanted) => {
            format!("the log tells of something that was not sent: {entry} (expected: {wanted})")
        }
        None => format!("the log tells of something that was not sent: {entry}"),
    }
}
