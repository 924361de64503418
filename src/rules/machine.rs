//! The rules on the machine.
//!
//! They are claims about live ceremonies. In a rehearsal what they look at is
//! recorded and nothing is asked of it.

use super::{Verdict, Violation};
use crate::transcript::{Mode, Time};

/// What was found out about the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The time by its clock.
    pub now: Time,
    /// Network interfaces that are up, but for loopback.
    pub links_up: Vec<String>,
    /// Swap areas in use.
    pub swap: Vec<String>,
    /// The most bytes that a core dump of this process may have.
    pub core_limit: u64,
    /// Whether the smart card service is chosen by the environment.
    pub service_chosen: bool,
    /// Whether the system's generator gave entropy.
    pub entropy: bool,
}

/// The ids of the rules on the machine.
pub const IDS: [&str; 6] = [
    "MACHINE-NETWORK",
    "MACHINE-SWAP",
    "MACHINE-CORE",
    "MACHINE-SERVICE",
    "MACHINE-CLOCK",
    "MACHINE-ENTROPY",
];

/// 2026-01-01: no clock that is right shows less.
const EARLIEST: i64 = 1_767_225_600;

/// Every rule on the machine.
#[must_use]
pub fn check(machine: &Machine, mode: Mode) -> Vec<Verdict> {
    let Machine {
        now,
        links_up,
        swap,
        core_limit,
        service_chosen,
        entropy,
    } = machine;
    let rules = [
        Rule {
            id: "MACHINE-NETWORK",
            broken: !links_up.is_empty(),
            held: "no network interface is up but loopback".to_owned(),
            what: format!("network interfaces are up: {}", list(links_up)),
            next: "take the cables out and switch the radios off, then check again",
        },
        Rule {
            id: "MACHINE-SWAP",
            broken: !swap.is_empty(),
            held: "no memory is swapped to a disk".to_owned(),
            what: format!("memory may be swapped to {}", list(swap)),
            next: "run `swapoff -a`, then check again",
        },
        Rule {
            id: "MACHINE-CORE",
            broken: *core_limit != 0,
            held: "no core dump can be written".to_owned(),
            what: "a crash would write this program's memory to a file".to_owned(),
            next: "run `ulimit -c 0` in this shell, then resume",
        },
        Rule {
            id: "MACHINE-SERVICE",
            broken: *service_chosen,
            held: "devices are reached through the system's own service".to_owned(),
            what: "PCSCLITE_CSOCK_NAME is set: the devices may be simulated".to_owned(),
            next: "leave, unset PCSCLITE_CSOCK_NAME, and resume",
        },
    ];
    let mut verdicts: Vec<_> = rules.into_iter().map(|rule| rule.judge(mode)).collect();
    verdicts.push(Verdict::unless(
        "MACHINE-CLOCK",
        now.unix() < EARLIEST,
        || format!("the clock shows {now}"),
        || format!("the clock shows {now}, which is past"),
        "set the clock to UTC by two watches, then check again",
    ));
    verdicts.push(Verdict::unless(
        "MACHINE-ENTROPY",
        !entropy,
        || "the system's generator gives entropy".to_owned(),
        || "the system's generator gave nothing".to_owned(),
        "restart the machine",
    ));
    verdicts
}

struct Rule {
    id: &'static str,
    broken: bool,
    held: String,
    what: String,
    next: &'static str,
}

impl Rule {
    fn judge(self, mode: Mode) -> Verdict {
        match (self.broken, mode) {
            (false, _) => Verdict::held(self.id, self.held),
            (true, Mode::Live) => Violation::new(self.id, self.what, self.next).into(),
            (true, Mode::Rehearsal) => {
                Verdict::not_asked(self.id, format!("in a rehearsal: {}", self.what))
            }
        }
    }
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| crate::text::escape(name))
        .collect::<Vec<_>>()
        .join(", ")
}
