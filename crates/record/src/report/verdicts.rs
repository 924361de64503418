//! The verdicts of the rules.

use std::collections::BTreeMap;

use super::{
    facts::Facts,
    page::{Block, Phrase, Row, Table},
};
use crate::transcript::Event;
use keymoot_core::{Outcome, Verdict, text::escape};

/// The verdicts on one subject.
pub(super) fn list(verdicts: &[&Verdict]) -> Block {
    let rows = verdicts.iter().map(|verdict| {
        Row::Cells(vec![
            Phrase::code(escape(verdict.rule.id())),
            outcome(verdict.outcome),
            escape(&verdict.detail).into(),
        ])
    });
    Block::Table(Table {
        heads: HEADS,
        rows: rows.collect(),
    })
}

const HEADS: &[&str] = &["Rule", "It says", "What the rules found"];

fn outcome(outcome: Outcome) -> Phrase {
    match outcome {
        Outcome::Held => "held".into(),
        Outcome::Violated => Phrase::strong("VIOLATED"),
        Outcome::NotAsked => "not asked".into(),
    }
}

/// Every rule that was checked, with all its verdicts.
pub(super) fn table(facts: &Facts<'_>) -> Vec<Block> {
    let said = all(facts);
    let mut order: Vec<&str> = Vec::new();
    let mut by_rule: BTreeMap<&str, Vec<&Verdict>> = BTreeMap::new();
    for verdict in said {
        let verdicts = by_rule.entry(verdict.rule.id()).or_default();
        if verdicts.is_empty() {
            order.push(verdict.rule.id());
        }
        verdicts.push(verdict);
    }
    let rows = order.iter().map(|rule| {
        let verdicts = by_rule.get(rule).map(Vec::as_slice).unwrap_or_default();
        Row::Cells(vec![
            Phrase::code(escape(rule)),
            tally(verdicts),
            found(verdicts),
        ])
    });
    vec![
        Block::Section("Every rule".to_owned()),
        Block::Paragraph(
            Phrase::from("The result of each rule during the ceremony. ")
                .and_code("keymoot verify")
                .and(" does not trust this table: it checks every rule again."),
        ),
        Block::Table(Table {
            heads: HEADS,
            rows: rows.collect(),
        }),
    ]
}

fn all<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Verdict> {
    facts
        .chain
        .entries()
        .iter()
        .flat_map(|entry| match &entry.event {
            Event::Opened { verdicts, .. }
            | Event::MachineChecked { verdicts }
            | Event::DeviceSeen { verdicts, .. }
            | Event::Provisioned { verdicts, .. }
            | Event::Attested { verdicts, .. }
            | Event::LogRead { verdicts, .. }
            | Event::Proposed { verdicts, .. }
            | Event::Verified { verdicts } => verdicts.as_slice(),
            _ => &[],
        })
}

/// `held`, `held 9 times`, `VIOLATED once, held once`.
fn tally(verdicts: &[&Verdict]) -> Phrase {
    let count = |outcome| verdicts.iter().filter(|v| v.outcome == outcome).count();
    let (violated, held) = (count(Outcome::Violated), count(Outcome::Held));
    let times = |n: usize| match n {
        1 => String::new(),
        n => format!(" {n} times"),
    };
    let rest = [("held", held), ("not asked", count(Outcome::NotAsked))];
    let rest: Vec<_> = rest
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(word, n)| format!("{word}{}", times(n)))
        .collect();
    match violated {
        0 => rest.join(", ").into(),
        n if rest.is_empty() => Phrase::strong(format!("VIOLATED{}", times(n))),
        n => Phrase::strong(format!("VIOLATED{}", times(n))).and(format!(", {}", rest.join(", "))),
    }
}

/// Every violation, and the findings where it passed.
fn found(verdicts: &[&Verdict]) -> Phrase {
    let mut distinct: Vec<&str> = Vec::new();
    let mut violations: Vec<String> = Vec::new();
    for verdict in verdicts {
        match verdict.outcome {
            Outcome::Violated => violations.push(escape(&verdict.detail)),
            _ if !distinct.contains(&verdict.detail.as_str()) => distinct.push(&verdict.detail),
            _ => {}
        }
    }
    let rest = match distinct.as_slice() {
        [] => String::new(),
        [only] => escape(only),
        many => format!(
            "{} different findings: all are in the transcript, and those on enrolled devices are also above",
            many.len()
        ),
    };
    match violations.is_empty() {
        true => rest.into(),
        false => Phrase::strong(violations.join("; ")).and(match rest.is_empty() {
            true => rest,
            false => format!("; {rest}"),
        }),
    }
}
