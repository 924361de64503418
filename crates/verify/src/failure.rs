//! Why a command stopped, and with which exit code.

use std::process::ExitCode;

use keymoot_core::{HostError, Verdict, Violation};

/// Why a command stopped.
#[derive(Debug)]
pub enum Failure {
    /// The machine, a file or a device.
    Host(HostError),
    /// Rules are violated.
    Violated(Vec<Verdict>),
}

impl Failure {
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

    /// Says what happened and what to do next; gives the exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Host(error) => {
                eprintln!("keymoot: {error}");
                ExitCode::from(1)
            }
            Self::Violated(verdicts) => {
                print_violated(verdicts);
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

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        Self::violations(vec![violation])
    }
}

/// Prints violated rules on the standard error, each with its next step.
pub fn print_violated(verdicts: &[Verdict]) {
    for verdict in verdicts {
        eprintln!(
            "{}: {}\n  help: {}",
            verdict.rule, verdict.detail, verdict.next
        );
    }
}
