//! A program that writes line by line, held at each of them.

use std::{
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use crate::asleep::Asleep;

/// A program that has not come to rest after this time is broken.
const PATIENCE: Duration = Duration::from_secs(120);

/// The least that the kernel gives a pipe: one page, and so one packet.
const LEAST: usize = 4096;

/// Starts a program that is never more than a page of its output ahead of its reader.
///
/// A test that does something at one of its lines would else be too late on a busy machine: a whole
/// ceremony's lines fit into an ordinary pipe.
pub fn spawn_held(command: &mut Command) -> Child {
    let (mut child, output) = through(PipeFlags::empty(), command);
    child.stdout = Some(output.into());
    child
}

/// Starts a program that writes to the narrowest pipe there is.
fn through(flags: PipeFlags, command: &mut Command) -> (Child, OwnedFd) {
    let (output, theirs) = pipe_with(flags | PipeFlags::CLOEXEC).unwrap();
    fcntl_setpipe_size(&output, LEAST).unwrap();
    let child = command.stdout(theirs).spawn().unwrap();
    // The command keeps the end that the program writes to, and with it open no program ever
    // ends for who reads.
    command.stdout(Stdio::null());
    (child, output)
}

/// A program of which each write waits until the one before was read.
pub struct Lockstep {
    child: Child,
    output: OwnedFd,
}

impl Lockstep {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        // A packet for each write, and room for one (O_DIRECT in pipe(2)).
        let (child, output) = through(PipeFlags::DIRECT, command);
        Self { child, output }
    }

    /// Lets it continue, a line at a time, until this holds while it is at rest, and kills
    /// it there.
    ///
    /// It always stops at the same place: its first write for which there is
    /// no room.
    pub fn kill_when(mut self, holds: impl Fn() -> bool) {
        loop {
            self.rest();
            if holds() {
                break;
            }
            let mut line = [0; LEAST];
            let read = rustix::io::read(&self.output, &mut line).unwrap();
            assert!(read > 0, "the program ended before");
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn rest(&self) {
        let until = Instant::now() + PATIENCE;
        loop {
            let before = Asleep::of(self.child.id());
            if before.is_some() && Asleep::of(self.child.id()) == before {
                return;
            }
            assert!(Instant::now() < until, "the program does not come to rest");
            std::thread::yield_now();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::Lockstep;

    #[test]
    #[should_panic(expected = "the program ended before")]
    fn a_program_that_ends_is_not_waited_for() {
        Lockstep::start(&mut Command::new("true")).kill_when(|| false);
    }

    #[test]
    fn a_program_is_always_held_at_the_same_place() {
        let folder = tempfile::tempdir().unwrap();
        let counter = folder.path().join("counter");
        let script = "for n in 1 2 3 4 5 6 7 8 9; do echo $n > \"$0\"; echo $n; done";
        for _ in 0..20 {
            let mut program = Command::new("sh");
            program.args(["-c", script]).arg(&counter);
            let reached = || fs::read_to_string(&counter).unwrap_or_default();
            Lockstep::start(&mut program).kill_when(|| reached().trim() >= "4");
            assert_eq!(reached(), "4\n");
            fs::remove_file(&counter).unwrap();
        }
    }
}
