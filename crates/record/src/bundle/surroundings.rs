//! The rules on the machine and its clock, from a bundle's transcript.

use super::{STOP, record::Record};
use crate::{
    ceremony::{outside, script::Accepts},
    rules::machine,
    transcript::{Event, Mode, PlanPart, Time},
};
use keymoot_core::{Outcome, Rule, Verdict, Violation, text::excerpt};

impl Record<'_> {
    /// The machine is gone: the bundle can only show that it was checked, and
    /// that every rule on it was checked.
    pub(super) fn machine(&self) -> Verdict {
        let judged = self
            .chain
            .entries()
            .iter()
            .rev()
            .find_map(|entry| match &entry.event {
                Event::MachineChecked { verdicts } => Some(verdicts),
                _ => None,
            });
        Verdict::unless(
            Rule::MachineExamined,
            !judged.is_some_and(|verdicts| self.passes(verdicts)),
            || {
                format!(
                    "the transcript says that {} rules checked the machine",
                    self.asked_of_machine().count()
                )
            },
            || "the transcript does not say that the machine passed every rule".to_owned(),
            STOP,
        )
    }

    fn asked_of_machine(&self) -> impl Iterator<Item = &'static Rule> {
        let format = self.state.format();
        let rules = machine::RULES.iter();
        rules.filter(move |rule| rule.since() <= format)
    }

    /// Whether a check of the machine has every rule, and none is violated. A rehearsal may leave
    /// rules of the machine unasked, a live ceremony none.
    fn passes(&self, verdicts: &[Verdict]) -> bool {
        let passed = |verdict: &Verdict| match verdict.outcome {
            Outcome::Held => true,
            Outcome::NotAsked => self.mode() == Mode::Rehearsal,
            Outcome::Violated => false,
        };
        self.asked_of_machine()
            .all(|rule| verdicts.iter().any(|v| v.rule == *rule && passed(v)))
    }

    /// MACHINE-RESUMED: the program may have been started again on another machine, or on one
    /// that was changed in between.
    pub(super) fn machine_after_resuming(&self) -> Verdict {
        let (mut examined, mut resumed, mut times, mut passed) = (false, None, 0, 0);
        let mut unexamined = None;
        for entry in self.chain.entries() {
            match &entry.event {
                Event::MachineChecked { verdicts } => {
                    examined = true;
                    if self.passes(verdicts) && resumed.take().is_some() {
                        passed += 1;
                    }
                }
                Event::Resumed { .. } if examined => {
                    (resumed, times) = (Some(entry.seq), times + 1);
                }
                event if event.relies_on_machine() => {
                    unexamined = unexamined.or(resumed.map(|resumed| (resumed, entry.seq)));
                }
                _ => {}
            }
        }
        match (unexamined, times) {
            (Some((resumed, next)), _) => Violation::new(
                Rule::MachineResumed,
                format!(
                    "the program was started again at line {}, and the machine did not pass every \
                     rule between that and line {}",
                    resumed + 1,
                    next + 1
                ),
                STOP,
            )
            .into(),
            (None, 0) => Verdict::held(
                Rule::MachineResumed,
                "the program ran from the check of the machine to the end",
            ),
            (None, times) => {
                let often = match times {
                    1 => "once".to_owned(),
                    times => format!("{times} times"),
                };
                let then = match (times == passed, times) {
                    (true, 1) => "passed every rule",
                    (true, _) => "passed every rule each time",
                    (false, _) => "passed every rule before anything that needs it",
                };
                Verdict::held(
                    Rule::MachineResumed,
                    format!("the program was started again {often}, and the machine {then}"),
                )
            }
        }
    }

    /// PLAN-READ: the replay of the transcript has checked which digests people read.
    pub(super) fn plan_read(&self) -> Verdict {
        let unread = PlanPart::ALL.iter();
        let unread = unread.filter(|part| !self.state.read_parts.contains(part));
        let unread: Vec<_> = unread.map(|part| part.name()).collect();
        Verdict::unless(
            Rule::PlanRead,
            !unread.is_empty(),
            || "the digests of program, policy, roster and script were read".to_owned(),
            || {
                format!(
                    "the first step began, and these digests had not been read: {}",
                    unread.join(", ")
                )
            },
            STOP,
        )
    }

    /// Compares the time from the wall clock with the machine's once more.
    pub(super) fn wall_clock(&self) -> Verdict {
        const RULE: Rule = Rule::MachineWatch;
        let script = &self.state.plan.script;
        let compared = outside::typed(script, self.chain, Accepts::Time);
        // A minute may begin between the answer and its line.
        let apart = |(at, wall): &(Time, &str)| {
            machine::minutes_apart(wall, *at).is_none_or(|apart| apart > machine::APART + 1)
        };
        let compared: Vec<_> = compared.collect();
        match (compared.iter().find(|pair| apart(pair)), self.mode()) {
            (Some((at, wall)), Mode::Live) => Violation::new(
                RULE,
                format!(
                    "the machine's clock showed {at}, and the wall's {}",
                    excerpt(wall)
                ),
                STOP,
            )
            .into(),
            (Some(_), Mode::Rehearsal) => {
                Verdict::not_asked(RULE, "in a rehearsal: the time typed is another")
            }
            (None, _) if compared.is_empty() => {
                Verdict::not_asked(RULE, "the script asks for no time on the wall clock")
            }
            (None, _) => Verdict::held(RULE, "the wall clock showed the machine's time"),
        }
    }
}
