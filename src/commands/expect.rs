//! Compares the plan with the expectations of its later verifier, before anything is written.

use keymoot_core::Verdict;
use keymoot_record::{
    ceremony::Plan,
    expectation::{self, DEFAULT},
    transcript::Mode,
};
use keymoot_verify::{expected::expectations, say};

use super::Failure;

/// What of a plan is weaker than the set that the administrator named; nothing without one.
///
/// # Errors
/// [`Failure`] when there is no such set.
pub(super) fn weaker(
    plan: &Plan,
    mode: Mode,
    named: Option<&str>,
) -> Result<Vec<Verdict>, Failure> {
    let Some(name) = named else {
        return Ok(Vec::new());
    };
    let mut verdicts = expectation::compare(plan, mode, &expectations(name)?);
    verdicts.retain(Verdict::is_violated);
    Ok(verdicts)
}

/// Says which set of expectations a plan meets. Where the administrator names a set, a weaker plan
/// is refused.
///
/// # Errors
/// [`Failure`] when there is no such set, or the plan is weaker than the one that is named.
pub(super) fn compare(plan: &Plan, mode: Mode, named: Option<&str>) -> Result<(), Failure> {
    Failure::of_violated(weaker(plan, mode, named)?)?;
    match (named, expectation::met(plan, mode)) {
        (Some(name), _) | (None, Some(name)) if name == DEFAULT => {
            say!("The plan is as strong as {DEFAULT} expects.");
        }
        (Some(name), _) => say!("The plan is as strong as {name} expects."),
        (None, Some(name)) => say!(
            "The plan is weaker than {DEFAULT}, and as strong as {name}: verify its bundle with --expect {name}."
        ),
        (None, None) => say!(
            "The plan is weaker than every shipped set of expectations: verify its bundle with --expect FILE."
        ),
    }
    Ok(())
}
