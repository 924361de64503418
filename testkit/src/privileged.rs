//! Tests that need what only root may: to mount disks, and to look into a program that
//! hides its memory.
//!
//! An ordinary user is root in a user namespace of their own. Every program started there
//! has all capabilities in it, and so has the user who made it, also from outside
//! (user_namespaces(7)). Where a system allows no such namespaces the test is left out:
//! it prints one line that says so, also when the output of passing tests is hidden.

use std::{
    ffi::{OsStr, OsString},
    process::{Command, Stdio},
};

use crate::left_out::leave_out;

/// The capabilities that these tests need, by their numbers: SYS_PTRACE and SYS_ADMIN
/// (linux/capability.h).
const NEEDED: [u32; 2] = [19, 21];

/// A way to start programs as root.
#[derive(Clone)]
pub struct Root {
    words: Vec<OsString>,
}

/// A program for which the modes of files count, also where root runs the test: root's right to
/// read every file is a capability (capabilities(7)).
#[must_use]
pub fn without_capabilities(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    if rustix::process::geteuid().is_root() {
        command.args(["--inh-caps=-all", "--bounding-set=-all"]);
    }
    command.arg("--").arg(program);
    command
}

impl Root {
    /// A way to be root in the running test, with further namespaces, as
    /// unshare(1) calls them: `--mount`, `--net`. `None` where there is none: the test is
    /// then counted as left out.
    pub fn of_this_test(namespaces: &[&str]) -> Option<Self> {
        let found = Self::find(namespaces);
        found.map_err(|reason| leave_out(&reason, "sudo")).ok()
    }

    /// The same, where the test does something else instead.
    ///
    /// # Errors
    /// Why there is no such way.
    pub fn find(namespaces: &[&str]) -> Result<Self, String> {
        let unshare = |arguments: &[&str]| {
            let words = ["unshare"].iter().chain(arguments).chain(namespaces);
            words.chain(&["--"]).map(OsString::from).collect()
        };
        let is_root = rustix::process::geteuid().is_root();
        let as_root = is_root.then(|| match namespaces {
            [] => Vec::new(),
            _ => unshare(&[]),
        });
        let as_user = unshare(&["--user", "--map-root-user"]);
        let mut reason = String::new();
        for words in as_root.into_iter().chain([as_user]) {
            let way = Self { words };
            match way.is_open() {
                Ok(()) => return Ok(way),
                Err(why) => reason = why,
            }
        }
        Err(format!("needs a user namespace ({reason})"))
    }

    /// Why programs that are started in this way lack root's rights.
    fn is_open(&self) -> Result<(), String> {
        let output = self
            .command("cat")
            .arg("/proc/self/status")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("unshare, of util-linux: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        let status = String::from_utf8_lossy(&output.stdout);
        let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
        let held = capabilities.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
        let has = |number: &u32| held.is_some_and(|held| held >> number & 1 == 1);
        match NEEDED.iter().all(has) {
            true => Ok(()),
            false => Err("without the capabilities SYS_PTRACE and SYS_ADMIN".to_owned()),
        }
    }

    /// The words before a program and its arguments that start it so. The program gets
    /// the number of the process that it is started in.
    pub fn words(&self) -> impl Iterator<Item = OsString> {
        self.words.iter().cloned()
    }

    /// A program, started so.
    pub fn command(&self, program: impl Into<OsString>) -> Command {
        let mut words = self.words().chain([program.into()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        command
    }
}
