//! The answers of holders apart: the program, the machine, and who compared words.

use super::{
    facts::Facts,
    page::{Block, Phrase, Row, Table},
};
use crate::ceremony::{requests::Given, turn::Purpose};
use keymoot_core::{Outcome, text::escape};

/// One line for each answer; nothing if everybody was in the room.
pub(super) fn table(facts: &Facts<'_>) -> Vec<Block> {
    let answers = &facts.state.answers;
    if answers.is_empty() {
        return Vec::new();
    }
    vec![
        Block::Section("Who took part apart".to_owned()),
        Block::Paragraph(
            "These holders were not in the room. Each verified the request on their own machine. The statement over each answer is under answers/. Nobody else saw these machines."
                .into(),
        ),
        Block::Table(Table {
            heads: &[
                "Line",
                "Holder",
                "For",
                "Program",
                "Machine",
                "Words compared",
            ],
            rows: answers.iter().map(row).collect(),
        }),
    ]
}

fn row(given: &Given) -> Row {
    let apart = &given.apart;
    let programs: Vec<_> = apart
        .programs
        .iter()
        .map(|program| format!("{}, SHA-256 {}", escape(&program.name), program.sha256))
        .collect();
    let machine = apart.machine.as_deref().unwrap_or_default();
    let held = machine
        .iter()
        .filter(|v| v.outcome == Outcome::Held)
        .count();
    let compared = match apart.compared.as_deref() {
        None | Some("") => Phrase::strong("by nobody"),
        Some(channel) => escape(channel).into(),
    };
    Row::Cells(vec![
        given.seq.to_string().into(),
        match given.late {
            true => Phrase::strong(apart.holder.as_str()).and(", late"),
            false => Phrase::strong(apart.holder.as_str()),
        },
        purpose(apart.purpose).into(),
        programs.join(", then ").into(),
        format!("{held} of {} rules passed", machine.len()).into(),
        compared,
    ])
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Enroll => "enrolment",
        Purpose::Spare => "a spare device",
        Purpose::Sign => "signing",
        Purpose::Prove => "a presence proof",
        Purpose::Close => "closing",
    }
}
