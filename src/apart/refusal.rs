//! The refusal of a holder who declines: a file that nobody signs.

use std::path::Path;

use crate::host::whole;
use keymoot_core::{HostError, digest::Digest};
use keymoot_record::{
    apart::{Answer, answer::Says},
    rules::roster::Handle,
};

/// Writes the refusal of a request of this ceremony to `out`. It carries no signature: `collect`
/// shows that nothing proves who wrote it. The reason is written as it was typed, because
/// everything that shows it escapes it.
///
/// # Errors
/// [`HostError`] when the reason is no line, or the file cannot be written.
pub(crate) fn refuse(
    (ceremony, request): (&str, Digest),
    holder: &Handle,
    reason: &str,
    out: &Path,
) -> Result<(), HostError> {
    let reason = self::reason(reason)?;
    let says = Says::Declines {
        declined: reason.to_owned(),
    };
    let unfit = |why: String| {
        HostError::new(
            format!("the answer cannot be written: {why}"),
            "give a shorter reason",
        )
    };
    let answer = Answer::new(ceremony.to_owned(), holder.clone(), request, says);
    let bytes = answer.bytes().map_err(unfit)?;
    Answer::read(&bytes).map_err(|violation| unfit(violation.what))?;
    whole::publish_once(out, &bytes, whole::UNTAKEN)
}

/// A reason in one line, which the record keeps for ever: without the spaces at its ends.
///
/// # Errors
/// [`HostError`] when it is empty, or more than one line.
pub(super) fn reason(typed: &str) -> Result<&str, HostError> {
    let reason = typed.trim();
    match reason.is_empty() || reason.chars().any(char::is_control) {
        true => Err(HostError::new(
            "the reason is empty, or it is more than one line",
            "give a reason in one line, such as \"I am ill\"",
        )),
        false => Ok(reason),
    }
}
