//! The hash chain: making its lines and reading them back.

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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::handle::Handle;

    fn time(seconds: i64) -> Time {
        Time::from_unix(1_700_000_000 + seconds).unwrap()
    }

    fn written(events: &[Event]) -> (Chain, Vec<u8>) {
        let (mut chain, mut bytes) = (Chain::default(), Vec::new());
        for (n, event) in events.iter().enumerate() {
            let entry = chain.next(event.clone(), time(n as i64)).unwrap();
            bytes.extend(entry.line());
            bytes.push(b'\n');
            chain.push(entry).unwrap();
        }
        (chain, bytes)
    }

    fn notes() -> Vec<Event> {
        ["one", "two \"quoted\" \\ back", "drei – ü 🔑"]
            .map(|text| Event::Note {
                text: text.to_owned(),
            })
            .to_vec()
    }

    #[test]
    fn a_transcript_reads_back_as_it_was_written() {
        let (chain, bytes) = written(&notes());
        assert_eq!(Chain::read(&bytes).unwrap(), chain);
        assert_eq!(chain.bytes_through(2), bytes);
    }

    #[test]
    fn a_line_has_the_documented_form() {
        let (_, bytes) = written(&[Event::Left {}]);
        let empty = Digest::of(b"");
        let expected = format!(
            "{{\"event\":{{\"kind\":\"left\"}},\"prev\":\"{empty}\",\"seq\":0,\"time\":\"2023-11-14T22:13:20Z\"}}\n"
        );
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn the_members_of_an_event_are_sorted() {
        let event = Event::DeviceConfirmed {
            holder: Handle::try_from("holder-1".to_owned()).unwrap(),
            serial: 1,
        };
        let entry = Chain::default().next(event, time(0)).unwrap();
        let line = String::from_utf8(entry.line().to_vec()).unwrap();
        let members = "{\"holder\":\"holder-1\",\"kind\":\"device-confirmed\",\"serial\":1}";
        assert!(line.contains(members), "{line}");
    }

    #[test]
    fn every_flipped_bit_breaks_the_chain_or_moves_the_head() {
        let (chain, bytes) = written(&notes());
        for position in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[position] ^= 1;
            assert!(Chain::read(&changed).map_or(true, |read| read.head() != chain.head()));
        }
    }

    #[test]
    fn a_removed_duplicated_or_swapped_line_is_found() {
        let (_, bytes) = written(&notes());
        let lines: Vec<&[u8]> = bytes.split_inclusive(|&b| b == b'\n').collect();
        for order in [vec![1, 2], vec![0, 2], vec![0, 0, 1, 2], vec![0, 2, 1]] {
            let changed = order.iter().map(|&n| lines[n]).collect::<Vec<_>>().concat();
            assert!(
                matches!(Chain::read(&changed), Err(ChainError::Broken { .. })),
                "{order:?}"
            );
        }
    }

    #[test]
    fn a_torn_last_line_is_not_taken_for_a_broken_one() {
        let (_, bytes) = written(&notes());
        let cut = &bytes[..bytes.len() - 5];
        assert_eq!(Chain::read(cut), Err(ChainError::Torn { line: 3 }));
        let (chain, torn) = Chain::recover(cut).unwrap();
        assert_eq!((chain.entries().len(), torn.is_empty()), (2, false));
    }

    #[test]
    fn cut_at_any_byte_a_transcript_is_torn_in_that_line_or_ends_with_the_one_before() {
        let (_, bytes) = written(&notes());
        for end in 0..bytes.len() {
            let cut = &bytes[..end];
            let whole = cut.iter().filter(|&&b| b == b'\n').count() as u64;
            match Chain::read(cut) {
                Ok(chain) => {
                    assert!(cut.is_empty() || cut.ends_with(b"\n"), "at {end}");
                    assert_eq!(chain.entries().len() as u64, whole, "at {end}");
                }
                Err(error) => assert_eq!(error, ChainError::Torn { line: whole + 1 }, "at {end}"),
            }
        }
    }

    #[test]
    fn a_last_line_whose_blocks_were_not_all_written_is_torn() {
        let (_, bytes) = written(&notes());
        let last = bytes.len()
            - bytes
                .split_inclusive(|&b| b == b'\n')
                .next_back()
                .unwrap()
                .len();
        for hole in [last..last + 40, last + 40..bytes.len(), last..bytes.len()] {
            let mut changed = bytes.clone();
            changed[hole.clone()].fill(0);
            let (chain, torn) = Chain::recover(&changed).unwrap();
            assert_eq!(chain.entries().len(), 2, "{hole:?}");
            assert_eq!(torn, &changed[last..], "{hole:?}");
            assert_eq!(Chain::read(&changed), Err(ChainError::Torn { line: 3 }));
        }
    }

    #[test]
    fn a_line_with_zeros_before_another_is_altered_and_not_torn() {
        let (_, bytes) = written(&notes());
        let mut changed = bytes.clone();
        changed[10..20].fill(0);
        let error = Chain::recover(&changed).unwrap_err();
        assert!(
            matches!(error, ChainError::Broken { line: 1, .. }),
            "{error}"
        );
    }

    #[test]
    fn an_event_with_a_control_character_is_not_written() {
        let event = Event::Note {
            text: "a\nb".to_owned(),
        };
        assert_eq!(
            Chain::default().next(event, time(0)),
            Err(ChainError::Control)
        );
    }

    /// A transcript of one line, whose event has this beside its kind.
    fn with(members: &str) -> Vec<u8> {
        let (_, bytes) = written(&[Event::Resumed {
            cut: 0,
            program: Box::new(super::super::Program {
                name: "keymoot 9".to_owned(),
                sha256: Digest::of(b"program"),
                sbom: Digest::of(b"bill"),
            }),
            another: false,
            settings: None,
        }]);
        let text = String::from_utf8(bytes).unwrap();
        text.replace("\"cut\":0", members).into_bytes()
    }

    #[test]
    fn unknown_members_of_an_event_are_kept_and_shown() {
        for (members, unknown) in [
            ("\"cut\":0,\"extra\":{\"a\":[1]}", "/extra"),
            ("\"cut\":0,\"extra/~\":null", "/extra~1~0"),
        ] {
            let bytes = with(members);
            let chain = Chain::read(&bytes).unwrap();
            let [entry] = chain.entries() else { panic!() };
            assert_eq!(entry.unknown_members(), [unknown]);
            assert!(entry.sentence().ends_with(&format!("program: {unknown}")));
            assert_eq!(chain.bytes_through(0), bytes);
            assert_eq!(chain.head(), Digest::of(&bytes[..bytes.len() - 1]));
        }
        let bytes = String::from_utf8(with("\"cut\":0")).unwrap();
        let bytes = bytes
            .replace("\"name\"", "\"more\":1,\"name\"")
            .into_bytes();
        let chain = Chain::read(&bytes).unwrap();
        assert_eq!(chain.entries()[0].unknown_members(), ["/program/more"]);
        assert_eq!(chain.bytes_through(0), bytes);
    }

    #[test]
    fn a_known_member_is_written_in_one_way() {
        for members in [
            "\"another\":false,\"cut\":0",
            "\"cut\":0,\"cut\":0",
            "\"cut\":0.0",
            "\"extra\":1,\"cut\":0",
            "\"cut\": 0",
        ] {
            assert!(Chain::read(&with(members)).is_err(), "{members}");
        }
    }

    #[test]
    fn unknown_members_of_a_line_are_refused() {
        let (_, bytes) = written(&[Event::Left {}]);
        let text = String::from_utf8(bytes).unwrap();
        let text = text.replace("\"prev\"", "\"more\":1,\"prev\"");
        assert!(Chain::read(text.as_bytes()).is_err());
    }
}
