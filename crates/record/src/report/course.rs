//! The events line by line, and before them what did not go as planned.

use super::{
    facts::Facts,
    gantt,
    page::{Block, Phrase, Row, Table},
    present,
};
use crate::{
    ceremony::{amend::differences, bags},
    transcript::{Entry, Event},
};
use keymoot_core::text::escape;

/// Notes, exceptions, device errors and a clock that was set back: a reader wants to know these
/// first.
pub(super) fn remarks(facts: &Facts<'_>) -> Vec<Block> {
    let remarkable = |entry: &Entry| {
        matches!(
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
        )
    };
    let mut rows = Vec::new();
    let mut before: Option<&Entry> = None;
    for entry in facts.chain.entries() {
        if let Some(before) = before.filter(|before| entry.time < before.time) {
            rows.push(set_back(entry, before));
        }
        if remarkable(entry) {
            rows.push(row(entry));
        }
        before = Some(entry);
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
            format!("{nothing}: no note, no exception, no device error, no interruption, and the machine's clock never went back.")
                .into(),
        )
    } else {
        Block::Table(Table { heads: HEADS, rows })
    });
    blocks
}

const HEADS: &[&str] = &["Line", "Time", "What happened"];

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
        if let Event::Confirmed { fields, .. } = &entry.event {
            let odd = bags::in_another_bag(fields, &facts.opening.bags);
            rows.extend(odd.into_iter().map(|odd| of_the_line(entry, odd)));
        }
        if let Event::Answered { branch, .. } = &entry.event {
            let lines = branch.entries().iter().zip(1_u64..);
            rows.extend(lines.map(|(line, n)| numbered(line, format!("{}.{n}", entry.seq))));
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
fn set_back(entry: &Entry, before: &Entry) -> Row {
    let seconds = before.time.unix() - entry.time.unix();
    Row::Cells(vec![
        entry.seq.to_string().into(),
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

/// A line under this number: those of a branch have the number of the answer, and their own.
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
