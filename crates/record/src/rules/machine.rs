//! The rules on the machine.
//!
//! Most are claims about live ceremonies. In a rehearsal their facts are
//! recorded, and the rules are not asked.

mod claim;
mod media;
mod process;
mod service;

pub use media::{Disk, Medium, warnings};
pub use process::{Mapped, Process};
pub use service::{Access, Service, Unusable};

use super::Verdict;
use crate::transcript::{Mode, Time};
use claim::Claim;
use keymoot_core::{Rule, RuleId};

/// The facts about the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The time by its clock.
    pub now: Time,
    /// Network interfaces that are up, except loopback.
    pub links_up: Vec<Link>,
    /// Radios that can send.
    pub radios_on: Vec<String>,
    /// Swap areas in use.
    pub swap: Vec<String>,
    /// Whether it would write its memory to a disk and switch off, when asked to.
    pub hibernates: bool,
    /// The most bytes that a core dump of this process may have.
    pub core_limit: u64,
    /// The program to which the kernel gives core dumps, even with that limit at zero.
    pub core_handler: Option<String>,
    /// Whether core dumps of this process may be made, and whether other processes
    /// of its user may read its memory: the kernel has one switch for both.
    pub readable: bool,
    /// The process that traces this one.
    pub tracer: Option<u32>,
    /// Which processes the kernel lets trace others, where Yama bounds it (0 to 3).
    pub ptrace_scope: Option<u8>,
    /// Whether this process's memory is kept out of swap.
    pub memory_locked: bool,
    /// Who else has logged in, and where.
    pub others: Vec<String>,
    /// The free space where the ceremony's folder, the bundle and its copies are or will be, in
    /// this order.
    pub space: Vec<Space>,
    /// Whether the smart card service is chosen by the environment.
    pub service_chosen: bool,
    /// Whether the system's generator gave entropy.
    pub entropy: bool,
    /// The code in this process.
    pub process: Process,
    /// The smart card service, where a holder brings a YubiKey.
    pub service: Option<Service>,
}

/// A network interface that is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// Whether it is connected: up without a carrier, it waits for a cable.
    pub carrier: bool,
}

/// The free space of a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// A place on it.
    pub place: String,
    /// Free bytes.
    pub free: u64,
    /// The medium that it is on, where the kernel says.
    pub medium: Option<Medium>,
}

/// A known moment in the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// When.
    pub at: Time,
    /// The event of that moment.
    pub what: &'static str,
}

/// The rules of the machine's check.
pub const RULES: &[Rule] = &[
    Rule::MachineNetwork,
    Rule::MachineRadio,
    Rule::MachineSwap,
    Rule::MachineHibernation,
    Rule::MachineCore,
    Rule::MachineMemory,
    Rule::MachineTrace,
    Rule::MachineAlone,
    Rule::MachineSpace,
    Rule::MachineService,
    Rule::MachineClock,
    Rule::MachineEntropy,
    Rule::MachineLoaded,
    Rule::MachinePcsc,
    #[cfg(later_version)]
    Rule::MachineLater,
];

/// 2026-01-01: a right clock shows no earlier day.
const EARLIEST: i64 = 1_767_225_600;

/// The free space that a disk needs, in bytes: fifty times the measured size of a ceremony of nine
/// holders and its bundle.
const ROOM: u64 = 64 << 20;

/// Every rule of the machine's check for a ceremony of this format. `past` are the known
/// moments in the past.
#[must_use]
pub fn check(machine: &Machine, past: &[Past], mode: Mode, format: u32) -> Vec<Verdict> {
    let mut verdicts = judge(machine, past, mode);
    let asked = |id: &RuleId| {
        RULES
            .iter()
            .any(|rule| *id == *rule && rule.since() <= format)
    };
    verdicts.retain(|verdict| asked(&verdict.rule));
    verdicts
}

fn judge(machine: &Machine, past: &[Past], mode: Mode) -> Vec<Verdict> {
    let claims = memory_claims(machine);
    let claims = room_claims(machine).into_iter().chain(claims);
    let claims = claims.chain([
        process::loaded(&machine.process),
        service::pcsc(machine.service.as_ref()),
    ]);
    let mut verdicts: Vec<_> = claims.map(|claim| claim.judge(mode)).collect();
    verdicts.push(clock(machine.now, past));
    verdicts.push(Verdict::unless(
        Rule::MachineEntropy,
        !machine.entropy,
        || "the system's random generator works".to_owned(),
        || "the system's random generator gave nothing".to_owned(),
        "restart the machine",
    ));
    #[cfg(later_version)]
    verdicts.push(Verdict::held(Rule::MachineLater, "it is a later version"));
    verdicts
}

impl Link {
    fn in_words(&self) -> String {
        match self.carrier {
            true => format!("{} (connected)", self.name),
            false => format!("{} (no cable)", self.name),
        }
    }
}

/// The commands that take interfaces down. Without its cable an interface is still up.
fn take_down(links: &[Link]) -> String {
    let commands = links.iter().map(|link| {
        format!(
            "`ip link set {} down`",
            keymoot_core::text::escape(&link.name)
        )
    });
    format!(
        "run {} as root, or `nmcli networking off` if NetworkManager brings it up again; then check again",
        commands.collect::<Vec<_>>().join(" and ")
    )
}

/// Ways for data to leave the room or to enter it, and other people at the machine.
fn room_claims(machine: &Machine) -> Vec<Claim> {
    let narrow: Vec<_> = machine
        .space
        .iter()
        .filter(|space| space.free < ROOM)
        .map(|space| format!("{} MiB for {}", space.free >> 20, space.place))
        .collect();
    vec![
        Claim {
            rule: Rule::MachineNetwork,
            broken: !machine.links_up.is_empty(),
            held: "no network interface is up except loopback".to_owned(),
            what: format!("network interfaces are up: {}", list(&machine.links_up.iter().map(Link::in_words).collect::<Vec<_>>())),
            next: take_down(&machine.links_up),
        },
        Claim {
            rule: Rule::MachineRadio,
            broken: !machine.radios_on.is_empty(),
            held: "no radio can send".to_owned(),
            what: format!("radios can send: {}", list(&machine.radios_on)),
            next: "run `rfkill block all`, or take them out, then check again".to_owned(),
        },
        Claim {
            rule: Rule::MachineAlone,
            broken: !machine.others.is_empty(),
            held: "nobody else has logged in".to_owned(),
            what: format!("others have logged in: {}", list(&machine.others)),
            next: "log out there, then check again. A graphical session counts as a login: hold the ceremony on a text console (Ctrl-Alt-F3), with the graphical session ended".to_owned(),
        },
        Claim {
            rule: Rule::MachineSpace,
            broken: !narrow.is_empty(),
            held: format!("there are {} MiB or more for folder and bundle{}", ROOM >> 20, media_in_words(&machine.space)),
            what: format!("there are only {}", list(&narrow)),
            next: "make room there, then check again; or begin again on another disk".to_owned(),
        },
        Claim {
            rule: Rule::MachineService,
            broken: machine.service_chosen,
            held: "devices are reached through the system's own service".to_owned(),
            what: "PCSCLITE_CSOCK_NAME is set: the devices may be simulated".to_owned(),
            next: "leave, unset PCSCLITE_CSOCK_NAME, and resume".to_owned(),
        },
    ]
}

/// The media of the folder, the bundle and its copies, and their risks.
fn media_in_words(places: &[Space]) -> String {
    let media: Vec<_> = places.iter().map(|place| place.medium.as_ref()).collect();
    let said = media::in_words(&media);
    said.into_iter().map(|part| format!("; {part}")).collect()
}

/// Ways for this program's memory, and the PINs in it, to reach a disk or
/// another program.
fn memory_claims(machine: &Machine) -> Vec<Claim> {
    let Machine {
        core_limit,
        core_handler,
        readable,
        tracer,
        ptrace_scope,
        ..
    } = machine;
    let handed = core_handler.as_ref().filter(|_| *readable);
    let scope = match ptrace_scope {
        Some(scope) => format!("Yama's ptrace_scope is {scope}"),
        None => "Yama sets no bound".to_owned(),
    };
    vec![
        Claim {
            rule: Rule::MachineSwap,
            broken: !machine.swap.is_empty(),
            held: "no memory is swapped to a disk".to_owned(),
            what: format!("memory may be swapped to {}", list(&machine.swap)),
            next: "run `swapoff -a`, then check again".to_owned(),
        },
        Claim {
            rule: Rule::MachineHibernation,
            broken: machine.hibernates,
            held: "the machine cannot write its memory to a disk and switch off".to_owned(),
            what: "the machine can hibernate: its memory would be written to a disk".to_owned(),
            next: "run `echo integrity > /sys/kernel/security/lockdown` as root, or start the machine with `nohibernate`; then check again".to_owned(),
        },
        Claim {
            rule: Rule::MachineCore,
            broken: *core_limit != 0 || handed.is_some(),
            held: "no core dump can be written".to_owned(),
            what: match handed {
                Some(program) => format!(
                    "a crash would hand this program's memory to {}",
                    keymoot_core::text::escape(program)
                ),
                None => "a crash would write this program's memory to a file".to_owned(),
            },
            next: "run `ulimit -c 0` in this shell, and `sysctl kernel.core_pattern=core` as root; then resume".to_owned(),
        },
        Claim {
            rule: Rule::MachineMemory,
            broken: !machine.memory_locked,
            held: "this program's memory is kept out of swap".to_owned(),
            what: "this program's memory cannot be kept out of swap".to_owned(),
            next: "leave, and resume as root: the kernel lets other users lock only a few MiB. Or have root allow it, with `ulimit -l unlimited` in the shell that starts the program".to_owned(),
        },
        Claim {
            rule: Rule::MachineTrace,
            broken: tracer.is_some() || *readable,
            held: format!(
                "only root's processes can read this program's memory ({scope})"
            ),
            what: match tracer {
                Some(pid) => format!("process {pid} traces this program"),
                None => format!("other processes may read this program's memory ({scope})"),
            },
            next: "leave, start the program without a debugger, and resume".to_owned(),
        },
    ]
}

/// The clock is not before a known moment.
fn clock(now: Time, past: &[Past]) -> Verdict {
    let latest = past.iter().max_by_key(|past| past.at);
    let ahead = latest.filter(|past| now < past.at);
    Verdict::unless(
        Rule::MachineClock,
        now.unix() < EARLIEST || ahead.is_some(),
        || format!("the clock shows {now}"),
        || match ahead {
            Some(past) => format!("the clock shows {now}, and {} at {}", past.what, past.at),
            None => format!("the clock shows {now}, which is before this program was built"),
        },
        "set the clock to UTC by two watches, then check again",
    )
}

/// The most minutes between a wall clock and the machine's: reading and
/// typing take that long.
pub const APART: u32 = 5;

/// The minutes between the time that somebody read off a wall clock, `HH:MM`
/// in UTC, and the machine's; nothing where it is no time.
#[must_use]
pub fn minutes_apart(wall: &str, now: Time) -> Option<u32> {
    const DAY: i64 = 24 * 60;
    let (hours, minutes) = wall.trim().split_once(':')?;
    let wall = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
    let apart = (now.unix().div_euclid(60) - wall).rem_euclid(DAY);
    u32::try_from(apart.min(DAY - apart)).ok()
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| keymoot_core::text::escape(name))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests;
