//! Witnesses who were not in the room: no part of a bundle's own report, because they state what
//! the closed bundle is.

use super::page::{Block, Phrase, Row, Table};
use crate::apart::witness::{NamedBy, Witnessed};
use keymoot_core::text::escape;

/// One line a statement.
pub(super) fn table(witnessed: &[Witnessed]) -> Vec<Block> {
    if witnessed.is_empty() {
        return Vec::new();
    }
    vec![
        Block::Section("Witnesses who were not in the room".to_owned()),
        Block::Paragraph(
            "Each signed a statement over MANIFEST.json with a key of their own, after the bundle was closed. A key that nobody named may be anybody's: compare it with the witness."
                .into(),
        ),
        Block::Table(Table {
            heads: &["Witness", "Followed by", "Saw", "Key"],
            rows: witnessed.iter().map(row).collect(),
        }),
    ]
}

fn row(witnessed: &Witnessed) -> Row {
    let statement = &witnessed.statement;
    let name = Phrase::strong(escape(&statement.name));
    Row::Cells(vec![
        match witnessed.listed {
            true => name,
            false => name.and(", not in the roster"),
        },
        escape(&statement.by).into(),
        escape(&statement.saw).into(),
        Phrase::code(witnessed.key.to_string()).and(match witnessed.named {
            Some(NamedBy::Roster) => ", named in the roster",
            Some(NamedBy::Verifier) => ", named by the author of this page",
            None => ", which nobody named",
        }),
    ])
}
