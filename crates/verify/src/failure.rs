//! Why a command stopped, and with which exit code.

use std::process::ExitCode;

use keymoot_core::{HostError, Verdict, Violation};

use crate::complain;

/// Why a command stopped.
#[derive(Debug)]
pub enum Failure {
    /// The machine, a file or a device.
    Host(HostError),
    /// An argument of the command line, which nothing was done with.
    Usage(HostError),
    /// Rules are violated.
    Violated(Vec<Verdict>),
}

impl Failure {
    /// An argument that cannot be meant, and what to give instead.
    #[must_use]
    pub fn usage(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Usage(HostError::new(what, next))
    }

    /// Rules that are violated.
    #[must_use]
    pub fn violations(violations: Vec<Violation>) -> Self {
        Self::Violated(violations.into_iter().map(Verdict::from).collect())
    }

    /// Nothing, where no rule is violated.
    ///
    /// # Errors
    /// Those of these verdicts that are violated.
    pub fn of_violated(mut verdicts: Vec<Verdict>) -> Result<(), Self> {
        verdicts.retain(Verdict::is_violated);
        match verdicts.is_empty() {
            true => Ok(()),
            false => Err(Self::Violated(verdicts)),
        }
    }

    /// What was opened, where no rule is violated.
    ///
    /// # Errors
    /// Those of these verdicts that are violated.
    pub fn sound<T>((opened, verdicts): (Option<T>, Vec<Verdict>)) -> Result<T, Self> {
        Self::of_violated(verdicts)?;
        opened.ok_or(Self::Violated(Vec::new()))
    }

    /// The same in a ceremony that can be resumed.
    #[must_use]
    pub fn resumable(self) -> Self {
        match self {
            Self::Host(error) => Self::Host(error.resumable()),
            other @ (Self::Usage(_) | Self::Violated(_)) => other,
        }
    }

    /// Says what happened and what to do next; gives the exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Host(error) => {
                complain!("keymoot: {error}");
                ExitCode::from(1)
            }
            Self::Usage(error) => {
                complain!("keymoot: {error}");
                ExitCode::from(2)
            }
            Self::Violated(verdicts) => {
                print_violated(verdicts);
                let count = count(verdicts.len());
                complain!("keymoot: {count} violated; nothing was done");
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

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        Self::violations(vec![violation])
    }
}

/// Prints violated rules on the standard error, each with its next step.
pub fn print_violated(verdicts: &[Verdict]) {
    for verdict in verdicts {
        complain!(
            "{}: {}\n  help: {}",
            verdict.rule,
            verdict.detail,
            verdict.next
        );
    }
}
