//! What a bundle's transcript says of the machine and of its clock.

use super::{STOP, record::Record};
use crate::{
    rules::machine,
    transcript::{Event, Mode, Time},
};
use keymoot_core::{Outcome, Rule, Verdict, Violation, text::excerpt};

impl Record<'_> {
    /// The machine is gone: what can still be said is that it was examined, and
    /// that every rule on it was judged.
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
        let format = self.format();
        let asked = || machine::RULES.iter().filter(|rule| rule.since() <= format);
        // A rehearsal may leave rules of the machine unasked, a live ceremony none.
        let passed = |verdict: &Verdict| match verdict.outcome {
            Outcome::Held => true,
            Outcome::NotAsked => self.mode() == Mode::Rehearsal,
            Outcome::Violated => false,
        };
        let complete = judged.is_some_and(|verdicts| {
            asked().all(|rule| verdicts.iter().any(|v| v.rule == *rule && passed(v)))
        });
        Verdict::unless(
            Rule::MachineExamined,
            !complete,
            || {
                format!(
                    "the transcript says that the machine was examined by {} rules",
                    asked().count()
                )
            },
            || "the transcript does not say that the machine passed every rule".to_owned(),
            STOP,
        )
    }

    /// What people read off the wall clock is held against the machine's once more.
    pub(super) fn wall_clock(&self) -> Verdict {
        const RULE: Rule = Rule::MachineWatch;
        let script = &self.state.plan.script;
        let compared = self.chain.entries().iter().flat_map(|entry| {
            let Event::Confirmed { step, fields } = &entry.event else {
                return Vec::new();
            };
            let step = script.steps().find(|(_, candidate)| candidate.id == *step);
            let walls = step.map(|(_, step)| step.wall_clock(fields));
            let compared = walls.into_iter().flatten();
            compared.map(|wall| (entry.time, wall)).collect()
        });
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
