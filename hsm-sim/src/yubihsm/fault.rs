//! Faults on demand: at which command something goes wrong, and what.

use std::str::FromStr;
use std::time::Duration;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The connection breaks off before the device sees the command.
    Drop,
    /// The device carries the command out, and the connection breaks off before the answer.
    DropAfter,
    /// The device is pulled out before it sees the command.
    Unplug,
    /// The device carries the command out, and is pulled out before it can answer.
    UnplugAfter,
    /// The answer's last byte is changed: in a session, that of its code.
    Mac,
    /// The answer says that it is longer than it is.
    Malformed,
    /// The second half of the answer is missing.
    Truncate,
    /// The device answers with this failure instead of carrying the command out.
    Error(u8),
    /// The answer comes so much later.
    Slow(Duration),
    /// The log is full from now on, as on a device nobody audited.
    LogFull,
}

impl Kind {
    /// What becomes of an answer; faults that are not about its bytes leave it alone.
    #[must_use]
    pub fn spoil(self, mut answer: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Mac => answer.iter_mut().rev().take(1).for_each(|byte| *byte ^= 1),
            Self::Malformed => answer.iter_mut().skip(1).take(2).for_each(|b| *b = 0xff),
            Self::Truncate => answer.truncate(answer.len() / 2),
            _ => {}
        }
        answer
    }
}

/// One fault of a plan, with the commands it still lets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    device: Option<usize>,
    kind: Kind,
    /// Only commands of this code count.
    code: Option<u8>,
    remaining: u32,
}

/// A list of faults, each of which strikes once. See [`GRAMMAR`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan(Vec<Rule>);

/// The grammar of a plan, for `--help` and for the error when a plan does not follow it.
pub const GRAMMAR: &str = "PLAN is a comma-separated list of [DEVICE:]FAULT@WHEN. WHEN is a number, counting messages from now (from 1) of DEVICE or \
of any device, or a command's code such as 0x46, counting only that command, inside a session or outside; 0x46#2 is the second one. FAULT is one of: drop, \
drop-after, unplug, unplug-after, mac, malformed, truncate, log-full, error (written error@WHEN=07), slow (written \
slow@WHEN=SECONDS). Example: drop-after@0x46,2:mac@12,slow@0x56#2=1.5";

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
        let (at, value) = match at.split_once('=') {
            Some((at, value)) => (at, Some(value)),
            None => (at, None),
        };
        let kind = match (name, value) {
            ("drop", None) => Kind::Drop,
            ("drop-after", None) => Kind::DropAfter,
            ("unplug", None) => Kind::Unplug,
            ("unplug-after", None) => Kind::UnplugAfter,
            ("mac", None) => Kind::Mac,
            ("malformed", None) => Kind::Malformed,
            ("truncate", None) => Kind::Truncate,
            ("log-full", None) => Kind::LogFull,
            ("error", Some(code)) => Kind::Error(u8::from_str_radix(code, 16).ok()?),
            ("slow", Some(seconds)) => {
                Kind::Slow(Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?)
            }
            _ => return None,
        };
        let (code, count) = match at.strip_prefix("0x") {
            Some(code) => {
                let (code, count) = code.split_once('#').unwrap_or((code, "1"));
                (Some(u8::from_str_radix(code, 16).ok()?), count)
            }
            None => (None, at),
        };
        Some(Self {
            device,
            kind,
            code,
            remaining: count.parse().ok().filter(|n| *n > 0)?,
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

    /// Counts one message to `device` (from 1) that brings this command, and says what goes wrong with it.
    pub fn strike(&mut self, device: usize, command: Option<u8>) -> Option<Kind> {
        for rule in &mut self.0 {
            if rule.device.is_none_or(|only| only == device)
                && rule.code.is_none_or(|only| command == Some(only))
            {
                rule.remaining -= 1;
            }
        }
        let struck = self.0.iter().position(|rule| rule.remaining == 0)?;
        let kind = self.0.remove(struck).kind;
        // Two faults planned for one message: the first listed wins, and neither strikes later.
        self.0.retain(|rule| rule.remaining > 0);
        Some(kind)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_at_a_command_counts_only_that_command() {
        let mut plan: Plan = "2:drop@0x46#2".parse().unwrap();
        let struck: Vec<_> = [(2, 0x46), (2, 0x56), (1, 0x46), (2, 0x46), (2, 0x46)]
            .into_iter()
            .map(|(device, code)| plan.strike(device, Some(code)))
            .collect();
        assert_eq!(struck, [None, None, None, Some(Kind::Drop), None]);
    }

    #[test]
    fn what_is_not_in_the_grammar_is_refused_with_the_grammar() {
        for text in [
            "drop",
            "drop@0",
            "burn@1",
            "0:mac@1",
            "error@1",
            "slow@1",
            "slow@1=-1",
            "mac@1=07",
            "drop@0xzz",
            "drop@0x46#0",
        ] {
            let error = text.parse::<Plan>().unwrap_err().to_string();
            assert!(
                error.contains(text) && error.contains("FAULT@WHEN"),
                "{error}"
            );
        }
    }
}
