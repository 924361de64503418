//! Which clients followed documents of this kind, in the tests of the program.

use super::{
    facts::Facts,
    page::{Block, Phrase, Row, Table},
};
use crate::{clients::CLIENTS, rules::algorithm::algorithm_name};

/// One line a client; nothing where nothing is to be published.
pub(super) fn table(facts: &Facts<'_>) -> Vec<Block> {
    if facts.documents.is_empty() || facts.state.ended.is_some() {
        return Vec::new();
    }
    let dialect = facts.state.plan.policy.dialect;
    let algorithms = &facts.algorithms;
    let names: Vec<_> = algorithms.iter().copied().map(algorithm_name).collect();
    let rows = CLIENTS.iter().map(|client| {
        let limits: Vec<_> = client
            .limits_of(dialect, algorithms)
            .map(ToString::to_string)
            .collect();
        Row::Cells(vec![
            Phrase::strong(client.name),
            client.version.into(),
            match limits.as_slice() {
                [] => "followed every root to the authorised file".into(),
                limits => Phrase::strong("does not follow").and(format!(": {}", limits.join("; "))),
            },
        ])
    });
    let kind = match names.as_slice() {
        [] => format!("in the dialect {dialect}"),
        names => format!("in the dialect {dialect} with keys of {}", names.join(", ")),
    };
    vec![
        Block::Section("Which clients follow such documents".to_owned()),
        Block::Paragraph(
            format!(
                "These documents are {kind}. The tests of the program that made this report hold ceremonies of that kind, publish them, and start each client with the first root. No client has read this ceremony's documents."
            )
            .into(),
        ),
        Block::Table(Table {
            heads: &["Client", "Version", "In the tests"],
            rows: rows.collect(),
        }),
    ]
}
