//! The subcommands, one file each.

/// Prints a line on the standard output. A reader that has gone away, as `head`
/// does, changes nothing about what was done and what it came to.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

pub mod attest;
pub mod conduct;
pub mod device;
pub mod export;
pub mod inputs;
pub mod rehearse;
pub mod resume;
pub mod run;
pub mod script;
pub mod status;
mod story;
pub mod tuf;
pub mod verify;
pub mod version;

use std::process::ExitCode;

use keymoot_core::{HostError, Verdict, Violation};

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The machine, a file or a device.
    Host(HostError),
    /// Rules are violated.
    Violated(Vec<Verdict>),
}

impl Failure {
    /// Rules that are violated.
    pub fn violations(violations: Vec<Violation>) -> Self {
        Self::Violated(violations.into_iter().map(Verdict::from).collect())
    }

    /// Says what happened and what to do next; gives the exit code.
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Host(error) => {
                eprintln!("keymoot: {error}");
                ExitCode::from(1)
            }
            Self::Violated(verdicts) => {
                conduct::print_violated(verdicts);
                eprintln!(
                    "keymoot: {} violated; nothing was done",
                    count(verdicts.len())
                );
                ExitCode::from(3)
            }
        }
    }
}

fn count(rules: usize) -> String {
    if rules == 1 {
        "1 rule is".to_owned()
    } else {
        format!("{rules} rules are")
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}
