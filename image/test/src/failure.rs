//! Why a case failed, as a sentence.

use std::{fmt, io};

/// What went wrong, on what.
#[derive(Debug)]
pub(crate) struct Failure(pub String);

/// The result of a step of a case.
pub(crate) type Step<T = ()> = Result<T, Failure>;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Fails with a sentence unless something is so.
///
/// # Errors
/// When it is not.
pub(crate) fn require(is: bool, otherwise: impl FnOnce() -> String) -> Step {
    if is {
        Ok(())
    } else {
        Err(Failure(otherwise()))
    }
}
