//! Holders apart, while the ceremony is on the screen: a request goes out, answers come in.

use std::sync::Arc;

use super::{Driver, Interrupt, Stop, Told};
use crate::apart::{self, Desk, Outcome, Taken};
use keymoot_core::{HostError, text::escape_path};
use keymoot_record::{ceremony::State, rules::roster::Handle, transcript::Event};

impl Driver<'_, '_> {
    /// Performs a wish about holders apart, and shows the result. It shows an error,
    /// too: the ceremony continues.
    pub(super) fn for_apart(&mut self, wanted: &Interrupt) -> Result<(), Stop> {
        let mut state = State::clone(&self.state);
        let mut desk = Desk {
            folder: &self.world.folder,
            journal: &mut self.world.journal,
            state: &mut state,
            trust: &self.world.trust,
        };
        let told = match wanted {
            Interrupt::AskApart { out, until, by } => apart::ask(&mut desk, &[], *until, by, out)
                .map(|sent| Told {
                    headline: format!("The request asks {}.", Handle::list(&sent.to)),
                    lines: vec![
                        format!("It is the file {}. Send it.", escape_path(out)),
                        "Call each holder and read the words of its SHA-256:".to_owned(),
                    ],
                    digest: Some(sent.digest),
                    failed: false,
                }),
            Interrupt::TakeIn(place) => {
                let mut taken = Vec::new();
                let places = [place.clone()];
                let ended = apart::collect(&mut desk, &places, &[], &mut |one| taken.push(one));
                match ended {
                    Err(error) if taken.is_empty() || desk.journal.has_failed() => Err(error),
                    ended => Ok(came_in(&taken, ended.err())),
                }
            }
            Interrupt::Withdraw(why) => {
                let withdrawn = apart::withdraw(&mut desk, None, why);
                withdrawn.map(|(request, holders)| Told {
                    headline: "The request is withdrawn.".to_owned(),
                    lines: vec![
                        format!("It is {}.", request.short_words()),
                        format!("No longer awaited: {}.", Handle::list(&holders)),
                    ],
                    digest: None,
                    failed: false,
                })
            }
            _ => return Ok(()),
        };
        self.state = Arc::new(state);
        self.show();
        let told = match told {
            Ok(told) => told,
            // Nothing can be recorded any more.
            Err(error) if self.world.journal.has_failed() => return Err(error.into()),
            Err(error) => Told {
                headline: "It could not be done.".to_owned(),
                lines: in_lines(error).into(),
                digest: None,
                failed: true,
            },
        };
        self.operator.told(&told)?;
        Ok(())
    }
}

impl Driver<'_, '_> {
    /// Writes the refusal of the holder at home instead of an answer, and ends. An error is
    /// shown: the turn continues.
    pub(super) fn decline(&mut self, reason: &str) -> Result<(), Stop> {
        let Some((opening, apart)) = self.state.opening.as_ref().zip(self.state.apart.as_ref())
        else {
            return Ok(());
        };
        // The wish may be older than the turn.
        if self.state.turn.is_some() {
            return Ok(());
        }
        let asked = (opening.ceremony.as_str(), apart.request);
        match apart::refuse(asked, &apart.holder, reason, &self.world.out) {
            Ok(()) => {
                self.record(Event::Left {})?;
                Err(Stop::Declined)
            }
            Err(error) => Ok(self.operator.told(&Told {
                headline: "It could not be done.".to_owned(),
                lines: in_lines(error).into(),
                digest: None,
                failed: true,
            })?),
        }
    }
}

/// What came of answers, and what ended the taking in early.
fn came_in(taken: &[Taken], failed: Option<HostError>) -> Told {
    let (mut recorded, mut known, mut refused) = (0, 0, 0);
    for one in taken {
        match one.outcome {
            Outcome::Recorded(_) => recorded += 1,
            Outcome::Known(_) => known += 1,
            Outcome::Refused(_) => refused += 1,
        }
    }
    let lines = taken
        .iter()
        .flat_map(|Taken { shown, outcome }| match outcome {
            Outcome::Recorded(said) | Outcome::Known(said) => vec![format!("{shown}: {said}")],
            Outcome::Refused(verdicts) => {
                // A row of its own: what a stranger wrote does not run into the advice.
                let rules = verdicts.iter().flat_map(|verdict| {
                    [
                        format!("{}: {}", verdict.rule, verdict.detail),
                        format!("help: {}", verdict.next),
                    ]
                });
                std::iter::once(format!("{shown}: REFUSED"))
                    .chain(rules)
                    .collect()
            }
        });
    let mut headline = format!("Answers recorded: {recorded}.");
    for (what, count) in [("Recorded before", known), ("Refused", refused)] {
        if count > 0 {
            headline += &format!(" {what}: {count}.");
        }
    }
    if failed.is_some() {
        headline += " The rest could not be read.";
    }
    Told {
        headline,
        lines: lines.chain(failed.into_iter().flat_map(in_lines)).collect(),
        digest: None,
        failed: false,
    }
}

fn in_lines(error: HostError) -> [String; 2] {
    [error.what, format!("help: {}", error.next)]
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Taken, came_in};
    use keymoot_core::{Rule, Violation};

    #[test]
    fn the_advice_on_a_refused_answer_has_a_row_of_its_own() {
        let violation = Violation::new(Rule::AnswerSigned, "it says \"no\"", "call holder-3");
        let told = came_in(
            &[Taken {
                shown: "refusal".to_owned(),
                outcome: Outcome::from(violation),
            }],
            None,
        );
        let expected = [
            "refusal: REFUSED",
            "ANSWER-SIGNED: it says \"no\"",
            "help: call holder-3",
        ];
        assert_eq!(told.lines, expected);
    }
}
