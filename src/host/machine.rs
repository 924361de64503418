//! Finding out about the machine: what the MACHINE rules judge.

use std::fs;

use super::{HostError, clock};
use crate::rules::machine::Machine;

/// The environment variable by which libpcsclite is led to another service.
pub const SERVICE_VARIABLE: &str = "PCSCLITE_CSOCK_NAME";

/// Examines the machine. What cannot be read is taken for the worse.
///
/// # Errors
/// [`HostError`] when the clock shows nothing that can be written.
pub fn examine() -> Result<Machine, HostError> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Core);
    Ok(Machine {
        now: clock::now()?,
        links_up: links_up(),
        swap: swap(),
        core_limit: limit.current.unwrap_or(u64::MAX),
        service_chosen: std::env::var_os(SERVICE_VARIABLE).is_some(),
        entropy: getrandom::fill(&mut [0; 16]).is_ok(),
    })
}

/// Sets this process's limit of core dumps to nothing, so that no crash writes
/// its memory to a disk. A system that forbids even this is found by MACHINE-CORE.
pub fn forbid_core_dumps() {
    let none = rustix::process::Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
}

/// The interfaces that are up, but for loopback, from /sys/class/net.
fn links_up() -> Vec<String> {
    let Ok(interfaces) = fs::read_dir("/sys/class/net") else {
        return vec!["(unknown: /sys/class/net cannot be read)".to_owned()];
    };
    let mut up: Vec<String> = interfaces
        .flatten()
        .filter(|interface| {
            let read = |name| fs::read_to_string(interface.path().join(name)).unwrap_or_default();
            // ARPHRD_LOOPBACK is 772 (linux/if_arp.h); IFF_UP is bit 0 (linux/if.h).
            let flags = u32::from_str_radix(read("flags").trim().trim_start_matches("0x"), 16);
            read("type").trim() != "772" && flags.map_or(true, |flags| flags & 1 == 1)
        })
        .map(|interface| interface.file_name().to_string_lossy().into_owned())
        .collect();
    up.sort();
    up
}

/// The swap areas in use, from /proc/swaps.
fn swap() -> Vec<String> {
    let Ok(table) = fs::read_to_string("/proc/swaps") else {
        return vec!["(unknown: /proc/swaps cannot be read)".to_owned()];
    };
    table
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}
