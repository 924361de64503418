//! A branch: the entries of one holder's turn away from the table, chained onto the head that a
//! request names. The entry `answered` of the transcript contains it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::Value;

use super::{ChainError, Entry, chain};
use keymoot_core::digest::Digest;

/// Entries that follow one another; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch(Vec<Entry>);

impl Branch {
    /// A branch of these entries.
    ///
    /// # Errors
    /// [`ChainError::Broken`] when there is none, or one does not follow the one before it.
    pub fn of(entries: Vec<Entry>) -> Result<Self, ChainError> {
        let first = entries.first().ok_or_else(|| ChainError::Broken {
            line: 1,
            why: "the branch is empty".to_owned(),
        })?;
        let (mut head, mut seq) = (first.prev, first.seq);
        for entry in &entries {
            if entry.prev != head || entry.seq != seq {
                return Err(ChainError::Broken {
                    line: entry.seq.saturating_add(1),
                    why: "the entry of the branch does not follow the one before it".to_owned(),
                });
            }
            head = entry.digest();
            seq = seq.saturating_add(1);
        }
        Ok(Self(entries))
    }

    /// The entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The head that the branch follows, and the number of its first entry.
    #[must_use]
    pub fn base(&self) -> (Digest, u64) {
        self.0
            .first()
            .map_or((Digest::of(b""), 0), |first| (first.prev, first.seq))
    }

    /// The digest of its last entry.
    #[must_use]
    pub fn head(&self) -> Digest {
        self.0.last().map_or_else(|| Digest::of(b""), Entry::digest)
    }
}

impl Serialize for Branch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lines = self
            .0
            .iter()
            .map(|entry| serde_json::from_slice(entry.line()));
        let lines: Vec<Value> = lines
            .collect::<Result<_, _>>()
            .map_err(ser::Error::custom)?;
        lines.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Branch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let lines = Vec::<Value>::deserialize(deserializer)?;
        // Each branch would be read once for each unknown member of the one around it.
        if lines
            .iter()
            .any(|line| line["event"].get("branch").is_some())
        {
            return Err(de::Error::custom("the branch has a branch in it"));
        }
        let entries = lines
            .iter()
            .map(|line| chain::parse(line.to_string().as_bytes(), 0))
            .collect::<Result<Vec<_>, _>>()
            .map_err(de::Error::custom)?;
        Self::of(entries).map_err(de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Chain, Event, Time};
    use super::*;

    fn chain(notes: &[&str]) -> Chain {
        let mut chain = Chain::default();
        for text in notes {
            let event = Event::Note {
                text: (*text).to_owned(),
            };
            let entry = chain
                .next(event, Time::from_unix(1_700_000_000).unwrap())
                .unwrap();
            chain.push(entry).unwrap();
        }
        chain
    }

    #[test]
    fn a_branch_reads_back_as_it_was_written_and_keeps_unknown_members() {
        let chain = chain(&["a", "b", "c"]);
        let branch = Branch::of(chain.entries()[1..].to_vec()).unwrap();
        let text = serde_json::to_string(&branch).unwrap();
        assert_eq!(serde_json::from_str::<Branch>(&text).unwrap(), branch);
        assert_eq!(branch.head(), chain.head());
        assert_eq!(branch.base(), (chain.entries()[0].digest(), 1));
        let one = text.replace("\"text\":\"c\"", "\"text\":\"c\",\"zz\":1");
        let read: Branch = serde_json::from_str(&one).unwrap();
        assert_eq!(read.entries()[1].unknown_members(), ["/zz"]);
        assert_eq!(serde_json::to_value(&read).unwrap().to_string(), one);
    }

    #[test]
    fn a_branch_in_a_branch_is_refused_before_it_is_read() {
        let text = serde_json::to_string(&Branch::of(chain(&["a"]).entries().to_vec()).unwrap());
        let within = text
            .unwrap()
            .replace("\"text\":\"a\"", "\"text\":\"a\",\"branch\":[null]");
        let refused = serde_json::from_str::<Branch>(&within).unwrap_err();
        assert!(
            refused.to_string().contains("has a branch in it"),
            "{refused}"
        );
    }

    #[test]
    fn entries_that_do_not_follow_one_another_are_no_branch() {
        let chain = chain(&["a", "b", "c"]);
        let entries = chain.entries();
        for wrong in [
            vec![],
            vec![entries[0].clone(), entries[2].clone()],
            vec![entries[1].clone(), entries[0].clone()],
        ] {
            assert!(Branch::of(wrong).is_err());
        }
    }
}
