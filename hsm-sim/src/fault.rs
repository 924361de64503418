//! Faults on demand: at which command something goes wrong, and what.

use std::fmt;
use std::str::FromStr;

/// What can go wrong with the devices of a family.
pub trait Kind: Copy + PartialEq + fmt::Debug {
    /// What is counted.
    const COUNTED: &'static str;
    /// The names of all.
    const NAMES: &'static str;
    /// A plan.
    const EXAMPLE: &'static str;

    /// The one of this name, with what is written behind it.
    fn named(name: &str, value: Option<&str>) -> Option<Self>;
}

/// One fault of a plan, with the commands it still lets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule<K> {
    device: Option<usize>,
    kind: K,
    /// Only commands of this code count.
    code: Option<u8>,
    remaining: u32,
}

/// A list of faults, each of which strikes once. [`grammar`] says how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<K>(Vec<Rule<K>>);

impl<K> Default for Plan<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// The grammar of a plan, for `--help` and for the error when a plan does not follow it.
#[must_use]
pub fn grammar<K: Kind>() -> String {
    format!(
        "PLAN is a comma-separated list of [DEVICE:]FAULT@WHEN. WHEN is a number, counting {} from now (from 1) of DEVICE or of any \
device, or a command's code such as 0x46, counting only that command, on its own or inside a session; 0x46#2 is the second one. FAULT is one of: \
{}. Example: {}",
        K::COUNTED,
        K::NAMES,
        K::EXAMPLE
    )
}

/// A plan that does not follow the grammar.
#[derive(Debug, thiserror::Error)]
#[error("the fault {fault:?} is not understood. {grammar}")]
pub struct BadPlan {
    fault: String,
    grammar: String,
}

impl<K: Kind> FromStr for Plan<K> {
    type Err = BadPlan;

    fn from_str(text: &str) -> Result<Self, BadPlan> {
        let rules = text
            .split(',')
            .map(str::trim)
            .filter(|rule| !rule.is_empty());
        let rules = rules.map(|rule| {
            Rule::parse(rule).ok_or_else(|| BadPlan {
                fault: rule.to_owned(),
                grammar: grammar::<K>(),
            })
        });
        rules.collect::<Result<_, _>>().map(Self)
    }
}

impl<K: Kind> Rule<K> {
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
        let (code, count) = match at.strip_prefix("0x") {
            Some(code) => {
                let (code, count) = code.split_once('#').unwrap_or((code, "1"));
                (Some(u8::from_str_radix(code, 16).ok()?), count)
            }
            None => (None, at),
        };
        Some(Self {
            device,
            kind: K::named(name, value)?,
            code,
            remaining: count.parse().ok().filter(|n| *n > 0)?,
        })
    }
}

impl<K: Kind> Plan<K> {
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

    /// Counts one command to `device` (from 1), with its code where it has one, and says what goes
    /// wrong with it.
    pub fn strike(&mut self, device: usize, code: Option<u8>) -> Option<K> {
        for rule in &mut self.0 {
            if rule.device.is_none_or(|only| only == device)
                && rule.code.is_none_or(|only| code == Some(only))
            {
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
    use crate::yubihsm::fault::Kind as OfYubihsm;
    use crate::yubikey::fault::Kind as OfYubikey;

    #[test]
    fn a_fault_strikes_once_at_its_command() {
        let mut plan: Plan<OfYubikey> = "unplug@3".parse().unwrap();
        let struck: Vec<_> = (0..5).map(|_| plan.strike(1, None)).collect();
        assert_eq!(struck, [None, None, Some(OfYubikey::Unplug), None, None]);
    }

    #[test]
    fn a_fault_for_one_device_counts_only_that_devices_commands() {
        let mut plan: Plan<OfYubikey> = "2:error@2=6F00".parse().unwrap();
        assert_eq!(plan.strike(1, None), None);
        assert_eq!(plan.strike(2, None), None);
        assert_eq!(plan.strike(1, None), None);
        assert_eq!(plan.strike(2, None), Some(OfYubikey::Error(0x6f00)));
    }

    #[test]
    fn a_fault_at_a_command_counts_only_that_command() {
        let mut plan: Plan<OfYubihsm> = "2:drop@0x46#2".parse().unwrap();
        let struck: Vec<_> = [(2, 0x46), (2, 0x56), (1, 0x46), (2, 0x46), (2, 0x46)]
            .into_iter()
            .map(|(device, code)| plan.strike(device, Some(code)))
            .collect();
        assert_eq!(struck, [None, None, None, Some(OfYubihsm::Drop), None]);
    }

    fn is_refused<K: Kind>(texts: &[&str]) {
        for text in texts {
            let error = text.parse::<Plan<K>>().unwrap_err().to_string();
            assert!(
                error.contains(text) && error.contains("FAULT@WHEN"),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_not_in_the_grammar_is_refused_with_the_grammar() {
        is_refused::<OfYubikey>(&[
            "unplug",
            "unplug@0",
            "burn@1",
            "0:hang@1",
            "error@1",
            "hang@1=9000",
            "unplug@x",
        ]);
        is_refused::<OfYubihsm>(&[
            "drop",
            "0:mac@1",
            "error@1",
            "slow@1",
            "slow@1=-1",
            "mac@1=07",
            "drop@0xzz",
            "drop@0x46#0",
        ]);
    }

    #[test]
    fn the_example_of_each_grammar_follows_it() {
        assert!(OfYubikey::EXAMPLE.parse::<Plan<OfYubikey>>().is_ok());
        assert!(OfYubihsm::EXAMPLE.parse::<Plan<OfYubihsm>>().is_ok());
    }
}
