//! Who else is at a terminal of this machine, from the processes in /proc.
//!
//! Anyone who has logged in leaves a mark on every process that was started since, the
//! login id, also on those that run as somebody else (proc(5), `loginuid`). So a
//! terminal at which somebody sits differs from one that waits for a login.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The login id of processes that no login started.
const NOBODY: u32 = u32::MAX;

struct Process {
    parent: u32,
    /// Major and minor number of the terminal that controls it; 0 if none does.
    terminal: u32,
    /// Whose login started it; nothing where the kernel does not say.
    login: Option<u32>,
}

/// The terminals at which somebody has logged in, except this program's and those
/// from which it was started.
pub(super) fn others(proc: &Path) -> Vec<String> {
    let processes = read(proc);
    if !processes.contains_key(&1) {
        return vec!["(unknown: other people's processes cannot be seen)".to_owned()];
    }
    elsewhere(&processes, std::process::id())
}

fn read(proc: &Path) -> BTreeMap<u32, Process> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            // A process that has ended since has no terminal.
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let login = fs::read_to_string(entry.path().join("loginuid")).ok();
            Some((pid, Process::of(&stat, login.as_deref())?))
        })
        .collect()
}

impl Process {
    /// From the process's `stat` and `loginuid` (proc(5)). Its name, in parentheses,
    /// may hold anything.
    fn of(stat: &str, login: Option<&str>) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut fields = rest.split(' ').skip(1);
        let parent = fields.next()?.parse().ok()?;
        let terminal = fields.nth(2)?.parse::<i32>().ok()?.cast_unsigned();
        let login = login.and_then(|login| login.trim().parse().ok());
        Some(Self {
            parent,
            terminal,
            login,
        })
    }
}

fn elsewhere(processes: &BTreeMap<u32, Process>, this: u32) -> Vec<String> {
    let mut ours = BTreeSet::from([0]);
    let (mut pid, mut left) = (this, processes.len());
    while let Some(process) = processes.get(&pid).filter(|_| left > 0) {
        ours.insert(process.terminal);
        (pid, left) = (process.parent, left - 1);
    }
    let seen: BTreeSet<_> = processes
        .values()
        .filter(|process| !ours.contains(&process.terminal) && process.login != Some(NOBODY))
        .map(|process| {
            let terminal = name(process.terminal);
            match process.login {
                Some(user) => format!("user {user} at {terminal}"),
                None => format!("somebody at {terminal}"),
            }
        })
        .collect();
    seen.into_iter().collect()
}

/// A terminal as people know it (Documentation/admin-guide/devices.txt; the numbers
/// are packed as in makedev(3)).
fn name(terminal: u32) -> String {
    let major = terminal >> 8 & 0xfff;
    let minor = terminal & 0xff | terminal >> 12 & 0xf_ff00;
    match major {
        4 if minor < 64 => format!("tty{minor}"),
        4 => format!("ttyS{}", minor - 64),
        136..=143 => format!("pts/{}", (major - 136) * 256 + minor),
        _ => format!("terminal {major}:{minor}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::{Process, elsewhere, name};

    const TTY1: u32 = 4 << 8 | 1;
    const TTY2: u32 = 4 << 8 | 2;
    const PTS0: u32 = 136 << 8;

    /// Processes by id, parent, terminal and login id.
    fn processes(of: &[(u32, u32, u32, &str)]) -> BTreeMap<u32, Process> {
        of.iter()
            .map(|(pid, parent, terminal, login)| {
                let stat = format!("{pid} (a) b) S {parent} {pid} {pid} {terminal} -1 4194560");
                (*pid, Process::of(&stat, Some(login)).unwrap())
            })
            .collect()
    }

    #[test]
    fn the_terminals_from_which_the_program_was_started_are_its_own() {
        let processes = processes(&[
            (1, 0, 0, "4294967295"),
            (10, 1, TTY1, "1000\n"),
            (20, 10, TTY1, "1000\n"),
            (30, 20, PTS0, "1000\n"),
        ]);
        assert_eq!(elsewhere(&processes, 30), [""; 0]);
    }

    #[test]
    fn a_terminal_that_waits_for_a_login_is_nobodys() {
        let waiting = (40, 1, TTY2, "4294967295");
        let somebody = (40, 1, TTY2, "1001\n");
        let this = (30, 1, TTY1, "1000\n");
        assert_eq!(elsewhere(&processes(&[this, waiting]), 30), [""; 0]);
        assert_eq!(
            elsewhere(&processes(&[this, somebody, (50, 40, TTY2, "1001")]), 30),
            ["user 1001 at tty2"]
        );
    }

    #[test]
    fn where_the_kernel_does_not_say_who_has_logged_in_somebody_has() {
        let processes = processes(&[(30, 1, TTY1, "1000\n"), (40, 1, TTY2, "?")]);
        assert_eq!(elsewhere(&processes, 30), ["somebody at tty2"]);
    }

    #[test]
    fn terminals_have_the_names_that_people_know() {
        assert_eq!(name(TTY1), "tty1");
        assert_eq!(name(4 << 8 | 64), "ttyS0");
        assert_eq!(name(137 << 8 | 4), "pts/260");
        assert_eq!(name(204 << 8 | 5), "terminal 204:5");
    }
}
