//! Another program at the same device: `src/bin/another-program.rs`.

use std::io::{self, BufRead as _, BufReader, PipeReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::programs::beside;

/// How many connections an attacker has: libpcsclite lets a client that met somebody's transaction
/// sleep for 100 ms, in which the others try.
const CONNECTIONS: usize = 8;

/// How long an attacker may take to reach the device.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that keeps the device to itself.
pub struct Holding(Child);

impl Holding {
    /// Connects to it alone.
    pub fn alone() -> Self {
        Self::start("alone")
    }

    /// Begins a transaction on a shared connection.
    pub fn in_a_transaction() -> Self {
        Self::start("transaction")
    }

    fn start(what: &str) -> Self {
        let mut program = program(what).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let stdout = program.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut said).unwrap();
        assert_eq!(said, "held\n");
        Self(program)
    }

    /// Ends it in order.
    pub fn let_go(self) {
        end(self.0);
    }
}

/// Selects another application; returns what came of it.
pub fn select_another_application() -> String {
    let output = program("select").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// How an attacker stays at the device.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// Connects once and never lets go.
    Clinging,
    /// Connects again for each try, so that it is there in any gap.
    Dipping,
}

/// An attacker at work.
pub struct Attacker {
    programs: Vec<Child>,
    seen: Arc<(Mutex<Loot>, Condvar)>,
    listener: JoinHandle<()>,
}

/// Its results.
#[derive(Clone, Copy, Default, Debug)]
pub struct Loot {
    /// Commands that reached the device.
    pub tries: usize,
    /// Connections that were refused because somebody else had the device alone.
    pub refused: usize,
    /// Signatures over the attacker's text.
    pub signatures: usize,
    /// Management keys that it put in.
    pub management_keys: usize,
}

impl Attacker {
    /// Starts it.
    pub fn start(manner: Manner) -> Self {
        let word = match manner {
            Manner::Clinging => "cling",
            Manner::Dipping => "dip",
        };
        let (heard, told) = io::pipe().unwrap();
        let attack = |_| {
            let stdout = told.try_clone().unwrap();
            program(word).stdout(stdout).spawn().unwrap()
        };
        let programs = (0..CONNECTIONS).map(attack).collect();
        let seen = Arc::default();
        let listener = thread::spawn({
            let seen = Arc::clone(&seen);
            move || listen(heard, &seen)
        });
        Self {
            programs,
            seen,
            listener,
        }
    }

    /// Its results so far.
    pub fn loot(&self) -> Loot {
        *self.seen.0.lock().unwrap()
    }

    /// Waits until it has reached the device once more: pcscd keeps a client whose device was
    /// reset waiting for up to 100 ms.
    pub fn await_a_try(&self) {
        let (seen, changed) = &*self.seen;
        let loot = seen.lock().unwrap();
        let before = loot.tries;
        let (_loot, waited) = changed
            .wait_timeout_while(loot, PATIENCE, |loot| loot.tries == before)
            .unwrap();
        assert!(!waited.timed_out(), "the attacker reaches no device");
    }

    /// Ends it; returns its results.
    pub fn stop(self) -> Loot {
        self.programs.into_iter().for_each(end);
        self.listener.join().unwrap();
        *self.seen.0.lock().unwrap()
    }
}

/// Counts what the programs write, until the last of them has ended.
fn listen(heard: PipeReader, (seen, changed): &(Mutex<Loot>, Condvar)) {
    for line in BufReader::new(heard).lines().map_while(Result::ok) {
        let mut loot = seen.lock().unwrap();
        let count = match line.as_str() {
            "tried" => &mut loot.tries,
            "refused" => &mut loot.refused,
            "signature" => &mut loot.signatures,
            "management key" => &mut loot.management_keys,
            other => panic!("an attacker wrote {other:?}"),
        };
        *count += 1;
        changed.notify_all();
    }
}

fn program(what: &str) -> Command {
    let mut program = Command::new(beside("another-program"));
    program.arg(what).stdin(Stdio::piped());
    program
}

/// Ends its input, and waits for it.
fn end(mut program: Child) {
    drop(program.stdin.take());
    assert!(program.wait().unwrap().success());
}
