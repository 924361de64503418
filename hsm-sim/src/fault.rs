//! Faults on demand: which command, counted from the moment the plan was given, goes wrong, and how.

use std::str::FromStr;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The device is pulled out before it sees the command.
    Unplug,
    /// The device carries the command out and is pulled out before it can answer.
    UnplugAfter,
    /// Every byte of the answer's data is changed (of the status word when there is no data).
    Corrupt,
    /// The second half of the answer's data is missing; the status word stays.
    Truncate,
    /// The answer's data has bytes behind it that do not belong there.
    Long,
    /// The first byte of the answer's data, a tag as a rule, is changed.
    Tag,
    /// The second byte of the answer's data, a length as a rule, is changed.
    Length,
    /// The last byte of the answer's data is changed: of a public key a coordinate, so that it is no
    /// point of its curve, of a signature or a certificate the signature.
    Last,
    /// The command is carried out with the key of another slot, 9A, which has one for this once: a
    /// signature or an attestation that is whole, and of another key.
    OtherSlot,
    /// The answer has no bytes at all, not even a status word.
    Empty,
    /// The answer is its status word alone.
    Bare,
    /// The device answers this status word instead of carrying the command out.
    Error(u16),
    /// No answer, until the device is pulled out or the program goes away.
    Hang,
}

impl Kind {
    /// What becomes of an answer; faults that are not about the answer leave it alone.
    #[must_use]
    pub fn spoil(self, mut answer: Vec<u8>) -> Vec<u8> {
        let data = answer.len().saturating_sub(2);
        match self {
            Self::Corrupt => {
                let end = if data == 0 { answer.len() } else { data };
                for byte in answer.iter_mut().take(end) {
                    *byte ^= 0xa5;
                }
            }
            Self::Long => drop(answer.splice(data..data, [0x5a; 16])),
            Self::Tag => answer.iter_mut().take(data.min(1)).for_each(|b| *b ^= 1),
            Self::Length => answer
                .iter_mut()
                .take(data)
                .skip(1)
                .take(1)
                .for_each(|b| *b ^= 1),
            Self::Last => answer
                .iter_mut()
                .take(data)
                .rev()
                .take(1)
                .for_each(|b| *b ^= 1),
            Self::Truncate => drop(answer.drain(data / 2..data)),
            Self::Bare => drop(answer.drain(..data)),
            Self::Empty => answer.clear(),
            Self::Unplug | Self::UnplugAfter | Self::OtherSlot | Self::Error(_) | Self::Hang => {}
        }
        answer
    }
}

/// One fault of a plan, with the commands it still lets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    device: Option<usize>,
    kind: Kind,
    remaining: u32,
}

/// A list of faults, each of which strikes once. See [`GRAMMAR`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan(Vec<Rule>);

/// The grammar of a plan, for `--help` and for the error when a plan does not follow it.
pub const GRAMMAR: &str = "PLAN is a comma-separated list of [DEVICE:]FAULT@N, where N counts commands (APDUs) from now \
(from 1), those of DEVICE or of any device, and FAULT is one of: unplug, unplug-after, corrupt, truncate, long, tag, length, last, \
empty, bare, other-slot, error (written error@N=6F00), hang. Example: 2:unplug@12,corrupt@20";

/// A plan that does not follow the grammar.
#[derive(Debug, thiserror::Error)]
#[error("the fault {0:?} is not understood. {GRAMMAR}")]
pub struct BadPlan(String);

impl FromStr for Plan {
    type Err = BadPlan;

    fn from_str(text: &str) -> Result<Self, BadPlan> {
        text.split(',')
            .map(str::trim)
            .filter(|rule| !rule.is_empty())
            .map(|rule| Rule::parse(rule).ok_or_else(|| BadPlan(rule.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        let (device, fault) = match text.split_once(':') {
            Some((device, fault)) => (Some(device.parse().ok().filter(|n| *n > 0)?), fault),
            None => (None, text),
        };
        let (name, at) = fault.split_once('@')?;
        let (at, word) = match at.split_once('=') {
            Some((at, word)) => (at, Some(u16::from_str_radix(word, 16).ok()?)),
            None => (at, None),
        };
        let kind = match (name, word) {
            ("unplug", None) => Kind::Unplug,
            ("unplug-after", None) => Kind::UnplugAfter,
            ("corrupt", None) => Kind::Corrupt,
            ("truncate", None) => Kind::Truncate,
            ("long", None) => Kind::Long,
            ("tag", None) => Kind::Tag,
            ("length", None) => Kind::Length,
            ("last", None) => Kind::Last,
            ("other-slot", None) => Kind::OtherSlot,
            ("empty", None) => Kind::Empty,
            ("bare", None) => Kind::Bare,
            ("hang", None) => Kind::Hang,
            ("error", Some(word)) => Kind::Error(word),
            _ => return None,
        };
        let remaining = at.parse().ok().filter(|n| *n > 0)?;
        Some(Self {
            device,
            kind,
            remaining,
        })
    }
}

impl Plan {
    /// Adds the faults of `other`; those that name no device are for `device`, when one is given.
    pub fn add(&mut self, mut other: Self, device: Option<usize>) {
        for rule in &mut other.0 {
            rule.device = rule.device.or(device);
        }
        self.0.append(&mut other.0);
    }

    /// Forgets every fault still to come.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether nothing is left to go wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts one command to `device` (from 1), and says what goes wrong with it.
    pub fn strike(&mut self, device: usize) -> Option<Kind> {
        for rule in &mut self.0 {
            if rule.device.is_none_or(|only| only == device) {
                rule.remaining -= 1;
            }
        }
        let struck = self.0.iter().position(|rule| rule.remaining == 0)?;
        let kind = self.0.remove(struck).kind;
        // Two faults planned for one command: the first listed wins, and neither strikes later.
        self.0.retain(|rule| rule.remaining > 0);
        Some(kind)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_once_at_its_command() {
        let mut plan: Plan = "unplug@3".parse().unwrap();
        let struck: Vec<_> = (0..5).map(|_| plan.strike(1)).collect();
        assert_eq!(struck, [None, None, Some(Kind::Unplug), None, None]);
    }

    #[test]
    fn a_fault_for_one_device_counts_only_that_devices_commands() {
        let mut plan: Plan = "2:error@2=6F00".parse().unwrap();
        assert_eq!(plan.strike(1), None);
        assert_eq!(plan.strike(2), None);
        assert_eq!(plan.strike(1), None);
        assert_eq!(plan.strike(2), Some(Kind::Error(0x6f00)));
    }

    #[test]
    fn what_is_not_in_the_grammar_is_refused_with_the_grammar() {
        for text in [
            "unplug",
            "unplug@0",
            "burn@1",
            "0:hang@1",
            "error@1",
            "hang@1=9000",
            "unplug@x",
        ] {
            let error = text.parse::<Plan>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("FAULT@N"), "{error}");
        }
    }

    #[test]
    fn spoiled_answers_keep_or_lose_what_their_names_say() {
        let answer = vec![1, 2, 3, 4, 0x90, 0];
        assert_eq!(Kind::Truncate.spoil(answer.clone()), [1, 2, 0x90, 0]);
        assert_eq!(Kind::Bare.spoil(answer.clone()), [0x90, 0]);
        assert!(Kind::Empty.spoil(answer.clone()).is_empty());
        assert_eq!(Kind::Tag.spoil(answer.clone()), [0, 2, 3, 4, 0x90, 0]);
        assert_eq!(Kind::Length.spoil(answer.clone()), [1, 3, 3, 4, 0x90, 0]);
        assert_eq!(Kind::Last.spoil(answer.clone()), [1, 2, 3, 5, 0x90, 0]);
        assert_eq!(Kind::Last.spoil(vec![0x90, 0]), [0x90, 0]);
        assert_eq!(Kind::Long.spoil(answer.clone()).len(), answer.len() + 16);
        assert_eq!(Kind::Corrupt.spoil(answer)[4..], [0x90, 0]);
        assert_eq!(Kind::Corrupt.spoil(vec![0x90, 0]), [0x35, 0xa5]);
    }
}
