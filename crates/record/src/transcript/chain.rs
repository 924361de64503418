//! The hash chain: making its lines and reading them back.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize, Serializer, ser::Error as _};
use serde_json::Value;

use super::{Event, Time, unknown};
use keymoot_core::{digest::Digest, text::excerpt};

/// The longest line accepted, in bytes: no event comes near it.
const LONGEST_LINE: usize = 1 << 20;

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The event.
    pub event: Event,
    /// The digest of the previous line without its newline; of nothing, for the first.
    pub prev: Digest,
    /// The line's number, from 0.
    pub seq: u64,
    /// The time, by the machine's clock.
    pub time: Time,
    /// Where the event has members that are unknown here: JSON pointers (RFC 6901).
    unknown: Vec<String>,
    /// The line without its newline: as it was read, or as it is to be written.
    line: Vec<u8>,
    digest: Digest,
}

/// A line, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<E> {
    event: E,
    prev: Digest,
    seq: u64,
    time: Time,
}

/// The members of the line, with those that are unknown here.
impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let line: Value = serde_json::from_slice(&self.line).map_err(S::Error::custom)?;
        line.serialize(serializer)
    }
}

impl Entry {
    /// The event in a sentence that is safe to show. It names the members that this program
    /// does not know.
    #[must_use]
    pub fn sentence(&self) -> String {
        let said = self.event.sentence();
        match self.unknown_members() {
            [] => said,
            members => {
                let members: Vec<_> = members.iter().map(|member| excerpt(member)).collect();
                format!("{said}; not known to this program: {}", members.join(", "))
            }
        }
    }

    /// Where the event has members that this program does not know: JSON pointers (RFC 6901),
    /// foreign text.
    #[must_use]
    pub fn unknown_members(&self) -> &[String] {
        &self.unknown
    }

    /// The entry's line in the transcript, without its newline.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// The digest of the entry's line: the chain's head when it is the last.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// Why a transcript is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// A line does not continue the chain.
    #[error("line {line} of the transcript does not follow from the line before it: {why}")]
    Broken {
        /// The line, from 1.
        line: u64,
        /// The fault.
        why: String,
    },
    /// The last line has no end.
    #[error("the last line of the transcript, line {line}, is torn")]
    Torn {
        /// The line, from 1.
        line: u64,
    },
    /// An event cannot be written.
    #[error("an event holds a control character and cannot be written on one line")]
    Control,
}

/// A chain of entries and its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    entries: Vec<Entry>,
    head: Digest,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            head: Digest::of(b""),
        }
    }
}

impl Chain {
    /// The digest of the last line; of nothing, for an empty chain.
    #[must_use]
    pub fn head(&self) -> Digest {
        self.head
    }

    /// The entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries, each answer of a holder apart followed by those of its branch.
    pub fn with_branches(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().flat_map(|entry| {
            let branch = match &entry.event {
                Event::Answered { branch, .. } => branch.entries(),
                _ => &[],
            };
            std::iter::once(entry).chain(branch)
        })
    }

    /// The entries from this number on.
    #[must_use]
    pub fn since(&self, seq: u64) -> &[Entry] {
        let from = usize::try_from(seq).unwrap_or(usize::MAX);
        self.entries.get(from..).unwrap_or_default()
    }

    /// Makes the next entry. The chain is unchanged until [`Chain::push`]: an entry that is
    /// not yet on the disk does not count.
    ///
    /// # Errors
    /// [`ChainError::Control`] when the event holds a control character.
    pub fn next(&self, event: Event, time: Time) -> Result<Entry, ChainError> {
        let (prev, seq) = (self.head, self.entries.len() as u64);
        let recorded = serde_json::to_value(&event).map_err(|_| ChainError::Control)?;
        let line = line(&recorded, prev, seq, time)?;
        Ok(Entry {
            event,
            prev,
            seq,
            time,
            unknown: Vec::new(),
            digest: Digest::of(&line),
            line,
        })
    }

    /// Takes in an entry made by [`Chain::next`].
    ///
    /// # Errors
    /// [`ChainError::Broken`] when it does not continue this chain.
    pub fn push(&mut self, entry: Entry) -> Result<(), ChainError> {
        let number = self.entries.len() as u64;
        let broken = |why: &str| ChainError::Broken {
            line: number + 1,
            why: why.to_owned(),
        };
        if entry.seq != number {
            return Err(broken("its number is not the next one"));
        }
        if entry.prev != self.head {
            return Err(broken("it names another line as the one before it"));
        }
        self.head = entry.digest;
        self.entries.push(entry);
        Ok(())
    }

    /// Reads a whole transcript.
    ///
    /// # Errors
    /// [`ChainError::Broken`] at the first line that is not exactly what this
    /// module writes or that does not follow; [`ChainError::Torn`] when the last
    /// line has no newline.
    pub fn read(bytes: &[u8]) -> Result<Self, ChainError> {
        let (chain, rest) = Self::recover(bytes)?;
        if rest.is_empty() {
            Ok(chain)
        } else {
            Err(ChainError::Torn {
                line: chain.entries.len() as u64 + 1,
            })
        }
    }

    /// Reads a transcript whose last line may be torn; returns that line's bytes
    /// as well, empty when there is none. A torn line has no end, or has
    /// zero bytes: a disk may have written the end of a line before other blocks of it
    /// when the power failed.
    ///
    /// # Errors
    /// [`ChainError::Broken`], as for [`Chain::read`]: a line that is complete is
    /// never treated as torn.
    pub fn recover(bytes: &[u8]) -> Result<(Self, &[u8]), ChainError> {
        let mut chain = Self::default();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|&b| b == b'\n') {
            let (text, tail) = rest.split_at(end);
            let tail = tail.get(1..).unwrap_or_default();
            if tail.is_empty() && text.contains(&0) {
                break;
            }
            chain.push(parse(text, chain.entries.len() as u64 + 1)?)?;
            rest = tail;
        }
        Ok((chain, rest))
    }

    /// The chain's bytes up to and including the entry with this number.
    #[must_use]
    pub fn bytes_through(&self, seq: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for entry in self.entries.iter().take_while(|entry| entry.seq <= seq) {
            bytes.extend_from_slice(&entry.line);
            bytes.push(b'\n');
        }
        bytes
    }
}

/// The line of an event, without the newline.
///
/// serde_json's compact form with its members sorted is the canonical form of
/// JSON where no control character occurs, and none may.
fn line(event: &Value, prev: Digest, seq: u64, time: Time) -> Result<Vec<u8>, ChainError> {
    if holds_control(event) {
        return Err(ChainError::Control);
    }
    let line = Line {
        event,
        prev,
        seq,
        time,
    };
    serde_json::to_vec(&line).map_err(|_| ChainError::Control)
}

fn holds_control(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().any(char::is_control),
        Value::Array(items) => items.iter().any(holds_control),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.chars().any(char::is_control) || holds_control(value)),
        _ => false,
    }
}

/// Reads one line. Only the exact bytes that [`line`] writes are accepted, so
/// that no two transcripts say the same thing; members of an event that are unknown here are kept.
pub(super) fn parse(text: &[u8], number: u64) -> Result<Entry, ChainError> {
    let broken = |why: String| ChainError::Broken { line: number, why };
    if text.len() > LONGEST_LINE {
        return Err(broken(format!("it is longer than {LONGEST_LINE} bytes")));
    }
    let unread = |error: serde_json::Error| broken(excerpt(&error.to_string()));
    let Line {
        event: recorded,
        prev,
        seq,
        time,
    }: Line<Value> = serde_json::from_slice(text).map_err(unread)?;
    let event = Event::deserialize(&recorded).map_err(unread)?;
    let unknown = unknown::members(&recorded, &event).map_err(|why| broken(excerpt(&why)))?;
    if line(&recorded, prev, seq, time)? != text {
        return Err(broken("it is not in canonical form".to_owned()));
    }
    Ok(Entry {
        event,
        prev,
        seq,
        time,
        unknown,
        line: text.to_vec(),
        digest: Digest::of(text),
    })
}
