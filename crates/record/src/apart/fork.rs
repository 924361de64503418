//! ANSWER-FORK for answers that are given together, without the ceremony.

use super::{Answer, answer::Says};
use crate::transcript::Branch;
use keymoot_core::{Rule, Verdict, Violation};

/// Whether two answers with these names contradict each other: two different turns of one holder to
/// one request, or two requests of one ceremony that follow the same head with different
/// content.
#[must_use]
pub fn compare<'a>(one: (&str, &'a Answer), other: (&str, &'a Answer)) -> Verdict {
    let ((name, first), (other_name, second)) = (one, other);
    let both = format!("{name} and {other_name}");
    if first.ceremony != second.ceremony {
        let detail = format!("{both}: they are of different ceremonies");
        return Verdict::not_asked(Rule::AnswerFork, detail);
    }
    let fork = |what: String| {
        Violation::new(
            Rule::AnswerFork,
            format!("{both}: {what}"),
            "compare the words of the request with the holders and the administrator",
        )
        .into()
    };
    let branch = |answer: &'a Answer| match &answer.says {
        Says::Turn(turn) => Some(&turn.branch),
        Says::Declines { .. } => None,
    };
    let base = |answer| branch(answer).map(Branch::base);
    let same_line = base(first)
        .zip(base(second))
        .is_some_and(|(one, other)| one.1 == other.1 && one.0 != other.0);
    match first.request == second.request {
        _ if same_line => fork(format!(
            "{} and {} were shown two transcripts of one ceremony",
            first.holder, second.holder
        )),
        // No key signs a refusal, nor the id beside a signature: only branches can contradict.
        true if first.holder == second.holder
            && branch(first)
                .zip(branch(second))
                .is_some_and(|(one, other)| one.head() != other.head()) =>
        {
            fork(format!("{} answers one request in two ways", first.holder))
        }
        true => Verdict::held(Rule::AnswerFork, format!("{both}: they answer one request")),
        false if base(first) == base(second) && base(first).is_some() => fork(format!(
            "{} and {} were shown two requests at one point of one ceremony",
            first.holder, second.holder
        )),
        false => Verdict::held(
            Rule::AnswerFork,
            format!("{both}: they answer two requests of one ceremony, one after the other"),
        ),
    }
}
