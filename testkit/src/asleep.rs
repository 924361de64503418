//! Whether a program is at rest: the program, its threads and every program it started wait
//! for something that has not happened.
//!
//! `/proc` shows it to every user, also of programs that hide their memory.

use std::{fs, io::ErrorKind, path::Path};

/// The threads of a program and of those it started, all asleep, each with how often it
/// has given up the processor.
///
/// A thread with input is no longer asleep from that moment on. So
/// where two of these, taken one after the other, are the same, there was a moment between
/// them at which all threads slept, and none had input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asleep(Vec<Thread>);

/// A thread: its process, its number, and unless it has ended how often it was switched away
/// from.
type Thread = (u32, u32, Option<u64>);

impl Asleep {
    /// `None` while any thread has something to do. A program that has ended sleeps.
    pub(crate) fn of(process: u32) -> Option<Self> {
        let mut threads = Vec::new();
        let mut processes = vec![process];
        while let Some(process) = processes.pop() {
            let folder = format!("/proc/{process}/task");
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(_) => return None,
            };
            let before = threads.len();
            for entry in entries {
                let path = entry.ok()?.path();
                let (thread, switches) = asleep(&path)?;
                threads.push((process, thread, switches));
                processes.extend(children(&path)?);
            }
            // On a busy machine the kernel once listed no thread of a process that had just begun.
            if threads.len() == before && Path::new(&folder).exists() {
                return None;
            }
        }
        Some(Self(threads))
    }

    /// Whether the program and all that it started have ended.
    pub(crate) fn have_ended(&self) -> bool {
        self.0.iter().all(|(.., switches)| switches.is_none())
    }
}

/// The thread's number and how often it was switched away from, if it sleeps or has ended.
fn asleep(thread: &Path) -> Option<(u32, Option<u64>)> {
    let status = fs::read_to_string(thread.join("status")).ok()?;
    let field = |name: &str| {
        let mut lines = status.lines();
        lines
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
    };
    let number = field("Pid")?.parse().ok()?;
    match field("State")?.chars().next()? {
        // Interruptible sleep: for input, another thread, a lock, or a time.
        'S' => {
            let voluntary: u64 = field("voluntary_ctxt_switches")?.parse().ok()?;
            let forced: u64 = field("nonvoluntary_ctxt_switches")?.parse().ok()?;
            Some((number, Some(voluntary + forced)))
        }
        'Z' => Some((number, None)),
        _ => None,
    }
}

/// The programs that a thread started.
fn children(thread: &Path) -> Option<Vec<u32>> {
    let path = thread.join("children");
    let children = match fs::read_to_string(&path) {
        Ok(children) => children,
        Err(error) => {
            assert!(
                !thread.exists(),
                "{}: {error}: this kernel was built without CONFIG_PROC_CHILDREN",
                path.display()
            );
            return None;
        }
    };
    children
        .split_whitespace()
        .map(|number| number.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader},
        process::{Child, Command, Stdio},
    };

    use super::Asleep;

    /// A shell that has written its first line of output.
    fn shell(script: &str) -> Child {
        let mut shell = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(shell.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        shell
    }

    #[test]
    fn a_program_that_waits_comes_to_rest() {
        let mut waiting = shell("echo ready; read line");
        while Asleep::of(waiting.id()).is_none() {
            std::thread::yield_now();
        }
        assert_eq!(Asleep::of(waiting.id()), Asleep::of(waiting.id()));
        waiting.kill().unwrap();
        waiting.wait().unwrap();
    }

    #[test]
    fn a_program_does_not_rest_while_one_that_it_started_works() {
        let works = "while kill -0 $PPID 2> /dev/null; do :; done";
        let mut waiting = shell(&format!("sh -c '{works}' & echo ready; read line"));
        for _ in 0..200 {
            assert_eq!(Asleep::of(waiting.id()), None);
        }
        waiting.kill().unwrap();
        waiting.wait().unwrap();
    }
}
