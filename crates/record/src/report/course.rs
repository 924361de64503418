//! The events line by line, and before them what did not go as planned.

use super::{
    facts::{Facts, THIRD},
    gantt,
    page::{Block, Phrase, Row, Table},
    present,
};
use crate::{
    apart::clock,
    ceremony::{amend::differences, bags},
    transcript::{Branch, Entry, Event},
};
use keymoot_core::{Verdict, text::escape};

/// Notes, exceptions, device errors and a clock that was set back, also in the answers of holders
/// apart: a reader wants to know these first.
pub(super) fn remarks(facts: &Facts<'_>) -> Vec<Block> {
    let mut rows = Vec::new();
    let mut before = None;
    for entry in facts.chain.entries() {
        unplanned(
            facts,
            &mut rows,
            before.replace(entry),
            entry,
            entry.seq.to_string(),
        );
        if facts.revision < THIRD {
            continue;
        }
        rows.extend(in_other_bags(facts, entry));
        if let Event::Answered { branch, late, .. } = &entry.event {
            let differs = clock::apart(facts.chain, branch, entry.time);
            if *late || differs.is_some() {
                rows.push(row(entry));
            }
            rows.extend(differs.map(|differs| {
                of_the_line(
                    entry,
                    format!("the clock of this answer's machine was {differs} the table's"),
                )
            }));
            let mut before = None;
            for (line, number) in of_branch(entry, branch) {
                unplanned(facts, &mut rows, before.replace(line), line, number);
            }
        }
    }
    let mut blocks = vec![Block::Section(
        "What did not go as the script says".to_owned(),
    )];
    for (number, plans) in facts.state.plans().windows(2).enumerate() {
        let [before, after] = plans else { continue };
        blocks.push(Block::Paragraph(
            format!(
                "Amendment {} of the plan: {}.",
                number + 1,
                differences(before, after).join("; ")
            )
            .into(),
        ));
    }
    let absent = present::absent(facts);
    let nothing = match absent {
        None => "Nothing",
        Some(_) => "Nothing else",
    };
    blocks.extend(absent);
    blocks.push(if rows.is_empty() {
        Block::Paragraph(
            format!("{nothing}: no note, no exception, no refused device, no device error, no interruption, and the machine's clock never went back.")
                .into(),
        )
    } else {
        Block::Table(Table { heads: HEADS, rows })
    });
    blocks
}

const HEADS: &[&str] = &["Line", "Time", "What happened"];

/// What did not go as planned in a line, and between it and the one before it on the same machine.
fn unplanned(
    facts: &Facts<'_>,
    rows: &mut Vec<Row>,
    before: Option<&Entry>,
    entry: &Entry,
    number: String,
) {
    let remarkable = matches!(
        entry.event,
        Event::Note { .. }
            | Event::Exception { .. }
            | Event::Mishap { .. }
            | Event::Resumed { .. }
            | Event::Left {}
            | Event::EndedWithout { .. }
            | Event::Amended { .. }
            | Event::Arrived { .. }
            | Event::Departed { .. }
            | Event::TurnEnded {
                unfinished: Some(_),
                ..
            }
    );
    if let Some(before) = before.filter(|before| entry.time < before.time) {
        rows.push(set_back(entry, before, number.clone()));
    }
    let refused = facts.revision >= THIRD && (declines(entry) || is_refused(entry));
    if remarkable || refused {
        rows.push(numbered(entry, number));
    }
}

/// Whether a holder apart gives no answer, or is not awaited any more.
fn declines(entry: &Entry) -> bool {
    matches!(
        entry.event,
        Event::Declined { .. } | Event::Withdrawn { .. }
    )
}

/// Whether a rule refused a device, or the machine.
fn is_refused(entry: &Entry) -> bool {
    let verdicts = match &entry.event {
        Event::MachineChecked { verdicts }
        | Event::DeviceSeen { verdicts, .. }
        | Event::Provisioned { verdicts, .. }
        | Event::Attested { verdicts, .. }
        | Event::LogRead { verdicts, .. } => verdicts.as_slice(),
        _ => &[],
    };
    verdicts.iter().any(Verdict::is_violated)
}

/// The devices that did not come in their bags, below the line that says so.
fn in_other_bags(facts: &Facts<'_>, entry: &Entry) -> Vec<Row> {
    let Event::Confirmed { fields, .. } = &entry.event else {
        return Vec::new();
    };
    let odd = bags::in_another_bag(fields, &facts.opening.bags);
    odd.into_iter().map(|odd| of_the_line(entry, odd)).collect()
}

/// The lines of an answer, each with the number of the answer and its own.
fn of_branch<'a>(
    answer: &'a Entry,
    branch: &'a Branch,
) -> impl Iterator<Item = (&'a Entry, String)> {
    let lines = branch.entries().iter().zip(1_u64..);
    lines.map(|(line, number)| (line, format!("{}.{number}", answer.seq)))
}

/// Every line of the transcript.
pub(super) fn timeline(facts: &Facts<'_>) -> Vec<Block> {
    let script = &facts.state.plan.script;
    let acts = &script.script().acts;
    let mut rows = Vec::new();
    for entry in facts.chain.entries() {
        if let Event::StepBegun { step: id } = &entry.event
            && let Some((act, step)) = script.steps().find(|(_, step)| step.id == *id)
        {
            let act = acts
                .get(act)
                .map(|act| format!("{}: ", act.title))
                .unwrap_or_default();
            rows.push(Row::Title(escape(&format!("{act}{}", step.title))));
        }
        rows.push(row(entry));
        rows.extend(in_other_bags(facts, entry));
        if let Event::Answered { branch, .. } = &entry.event {
            let lines = of_branch(entry, branch);
            rows.extend(lines.map(|(line, number)| numbered(line, number)));
        }
    }
    vec![
        Block::Section("What happened".to_owned()),
        Block::Course(gantt::of(facts)),
        Block::Paragraph(
            "Every line of transcript.jsonl up to the seal, with its number. Each line has the digest of the line before it."
                .into(),
        ),
        Block::Table(Table { heads: HEADS, rows }),
    ]
}

/// Digests fix the order of the lines; the times are the machine's.
fn set_back(entry: &Entry, before: &Entry, number: String) -> Row {
    let seconds = before.time.unix() - entry.time.unix();
    Row::Cells(vec![
        number.into(),
        entry.time.to_string().into(),
        Phrase::strong(format!(
            "before this line the machine's clock was set back by {seconds} seconds at least"
        )),
    ])
}

/// A fact about a line, below it.
fn of_the_line(entry: &Entry, fact: String) -> Row {
    Row::Remark(vec![
        entry.seq.to_string().into(),
        entry.time.to_string().into(),
        Phrase::strong(fact),
    ])
}

fn row(entry: &Entry) -> Row {
    numbered(entry, entry.seq.to_string())
}

/// A line under this number.
fn numbered(entry: &Entry, number: String) -> Row {
    let sentence = entry.sentence();
    let remarkable = matches!(
        entry.event,
        Event::Note { .. }
            | Event::Exception { .. }
            | Event::Mishap { .. }
            | Event::EndedWithout { .. }
    );
    Row::Cells(vec![
        number.into(),
        entry.time.to_string().into(),
        match remarkable {
            true => Phrase::strong(sentence),
            false => sentence.into(),
        },
    ])
}
