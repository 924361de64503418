//! Facts about the machine and this process, which the kernel shows below /sys and /proc.

use std::{fs, io::ErrorKind, path::Path};

use keymoot_record::rules::machine::Link;

/// The interfaces that are up, except loopback, from /sys/class/net.
pub(super) fn links_up(sys: &Path) -> Vec<Link> {
    let Some(interfaces) = listed(&sys.join("class/net")) else {
        return vec![Link {
            name: "(unknown: /sys/class/net cannot be read)".to_owned(),
            carrier: true,
        }];
    };
    interfaces
        .into_iter()
        .filter_map(|name| {
            let read = |file| text(&sys.join("class/net").join(&name).join(file));
            // ARPHRD_LOOPBACK is 772 (linux/if_arp.h); IFF_UP is bit 0 (linux/if.h).
            let flags = u32::from_str_radix(read("flags").trim_start_matches("0x"), 16);
            let is_up = read("type") != "772" && flags.map_or(true, |flags| flags & 1 == 1);
            let carrier = read("carrier") != "0";
            is_up.then_some(Link { name, carrier })
        })
        .collect()
}

/// The radios that can send: those that neither a switch nor a
/// program blocks (/sys/class/rfkill), and those of wireless networks and Bluetooth
/// where the kernel has no such switches at all.
pub(super) fn radios_on(sys: &Path) -> Vec<String> {
    let class = |name: &str| sys.join("class").join(name);
    let Some(switches) = listed(&class("rfkill")) else {
        return ["ieee80211", "bluetooth"]
            .into_iter()
            .flat_map(|kind| listed(&class(kind)).unwrap_or_default())
            .collect();
    };
    switches
        .into_iter()
        .filter_map(|name| {
            let read = |file| text(&class("rfkill").join(&name).join(file));
            let blocked = read("soft") == "1" || read("hard") == "1";
            (!blocked).then(|| format!("{} ({})", read("name"), read("type")))
        })
        .collect()
}

/// The swap areas in use, from /proc/swaps.
pub(super) fn swap(proc: &Path) -> Vec<String> {
    let Ok(table) = fs::read_to_string(proc.join("swaps")) else {
        return vec!["(unknown: /proc/swaps cannot be read)".to_owned()];
    };
    table
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// Whether the kernel would write all memory to a disk and switch off, when asked to.
/// It lists `disk` in /sys/power/state unless that is compiled out, forbidden on its
/// command line or locked down (Documentation/ABI/testing/sysfs-power). A kernel without
/// power management has no such file, and only then does a missing one say no.
pub(super) fn hibernates(sys: &Path) -> bool {
    match fs::read_to_string(sys.join("power/state")) {
        Ok(states) => states.split_whitespace().any(|state| state == "disk"),
        Err(error) => error.kind() != ErrorKind::NotFound || !sys.join("class").is_dir(),
    }
}

/// The program to which the kernel gives core dumps, even with a limit of zero (core(5)).
pub(super) fn core_handler(proc: &Path) -> Option<String> {
    let pattern = match fs::read_to_string(proc.join("sys/kernel/core_pattern")) {
        Ok(pattern) => pattern,
        Err(_) => return Some("(unknown: core_pattern cannot be read)".to_owned()),
    };
    let program = pattern.trim().strip_prefix('|')?;
    Some(program.split_whitespace().next()?.to_owned())
}

/// Which processes may trace others: 0 all of the same user, 1 their parents, 2 the
/// administrator's alone, 3 none. Without Yama there is no such bound.
pub(super) fn ptrace_scope(proc: &Path) -> Option<u8> {
    text(&proc.join("sys/kernel/yama/ptrace_scope"))
        .parse()
        .ok()
}

/// Facts about this process in /proc/self/status (proc(5)).
pub(super) struct Status {
    /// The process that traces this one, or none.
    pub tracer: Option<u32>,
    /// Memory that stays out of swap, in KiB.
    pub locked: u64,
    /// Whether memory may be locked without a limit: CAP_IPC_LOCK.
    pub may_lock: bool,
}

impl Status {
    pub(super) fn read(proc: &Path) -> Self {
        Self::of(&text(&proc.join("self/status")))
    }

    fn of(status: &str) -> Self {
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()
        };
        /// linux/capability.h
        const CAP_IPC_LOCK: u64 = 1 << 14;
        let capabilities = field("CapEff:").and_then(|held| u64::from_str_radix(held, 16).ok());
        let locked = field("VmLck:").and_then(|locked| locked.parse().ok());
        Self {
            // If the kernel does not say who traces, it counts as traced.
            tracer: field("TracerPid:")
                .map_or(Some(u32::MAX), |pid| pid.parse().ok())
                .filter(|pid| *pid != 0),
            locked: locked.unwrap_or(0),
            may_lock: capabilities.is_some_and(|held| held & CAP_IPC_LOCK != 0),
        }
    }
}

/// The names in a folder, sorted; none where it cannot be read.
fn listed(folder: &Path) -> Option<Vec<String>> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Some(names)
}

/// A file of the kernel, without white space around it; nothing where it cannot be read.
fn text(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{fs, path::Path};

    use super::{Status, core_handler, hibernates, links_up, radios_on, swap};

    /// A folder with files as the kernel shows them.
    fn shown(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        folder
    }

    #[test]
    fn of_the_interfaces_loopback_and_those_that_are_down_are_left_out() {
        let sys = shown(&[
            ("class/net/lo/type", "772\n"),
            ("class/net/lo/flags", "0x9\n"),
            ("class/net/eth0/type", "1\n"),
            ("class/net/eth0/flags", "0x1003\n"),
            ("class/net/eth0/carrier", "0\n"),
            ("class/net/eth1/type", "1\n"),
            ("class/net/eth1/flags", "0x1002\n"),
            ("class/net/odd/type", "1\n"),
        ]);
        let up = links_up(sys.path()).into_iter();
        let up: Vec<_> = up.map(|link| (link.name, link.carrier)).collect();
        assert_eq!(up, [("eth0".to_owned(), false), ("odd".to_owned(), true)]);
        assert_eq!(links_up(Path::new("/nonexistent")).len(), 1);
    }

    #[test]
    fn a_radio_is_on_unless_it_is_blocked_by_a_switch_or_a_program() {
        let sys = shown(&[
            ("class/rfkill/rfkill0/name", "phy0\n"),
            ("class/rfkill/rfkill0/type", "wlan\n"),
            ("class/rfkill/rfkill0/soft", "0\n"),
            ("class/rfkill/rfkill0/hard", "0\n"),
            ("class/rfkill/rfkill1/soft", "1\n"),
            ("class/rfkill/rfkill1/hard", "0\n"),
            ("class/rfkill/rfkill2/soft", "0\n"),
            ("class/rfkill/rfkill2/hard", "1\n"),
        ]);
        assert_eq!(radios_on(sys.path()), ["phy0 (wlan)"]);
    }

    #[test]
    fn a_radio_without_a_switch_counts_as_on() {
        let sys = shown(&[("class/bluetooth/hci0/type", "primary\n")]);
        assert_eq!(radios_on(sys.path()), ["hci0"]);
        assert_eq!(radios_on(shown(&[]).path()), [""; 0]);
    }

    #[test]
    fn swap_areas_are_named_by_their_files() {
        let table = "Filename\tType\tSize\tUsed\tPriority\n/dev/sda2  partition\t1\t0\t-2\n";
        assert_eq!(swap(shown(&[("swaps", table)]).path()), ["/dev/sda2"]);
        assert_eq!(swap(shown(&[]).path()).len(), 1);
    }

    #[test]
    fn a_kernel_that_lists_disk_hibernates() {
        let states = |states| hibernates(shown(&[("power/state", states)]).path());
        assert!(states("freeze mem disk\n"));
        assert!(!states("freeze mem\n"));
    }

    #[test]
    fn a_kernel_without_power_management_does_not_hibernate_and_one_that_hides_it_may() {
        let without = shown(&[("class/net/lo/type", "772\n")]);
        assert!(!hibernates(without.path()));
        let nothing_there = shown(&[]);
        assert!(hibernates(nothing_there.path()));
        let unreadable = shown(&[("class/net/lo/type", "772\n"), ("power/state/odd", "")]);
        assert!(hibernates(unreadable.path()));
    }

    #[test]
    fn a_core_pattern_with_a_bar_names_a_program() {
        let handler = |pattern| core_handler(shown(&[("sys/kernel/core_pattern", pattern)]).path());
        assert_eq!(handler("core\n"), None);
        assert_eq!(
            handler("|/usr/lib/systemd/systemd-coredump %P %u\n").as_deref(),
            Some("/usr/lib/systemd/systemd-coredump")
        );
    }

    #[test]
    fn a_process_is_traced_unless_the_kernel_says_that_it_is_not() {
        let status = Status::of("TracerPid:\t0\nVmLck:\t   132 kB\nCapEff:\t0000000000004000\n");
        assert_eq!((status.tracer, status.locked), (None, 132));
        assert!(status.may_lock);
        assert_eq!(Status::of("TracerPid:\t71\n").tracer, Some(71));
        assert!(Status::of("").tracer.is_some() && !Status::of("").may_lock);
    }
}
