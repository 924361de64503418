//! The account of a ceremony for people who were not there.
//!
//! [`Account::of`] says it once, as blocks; the Markdown and the HTML are two ways
//! of writing the same blocks. Nothing in it comes from anywhere but the sealed
//! transcript and its objects, so that the same ceremony gives the same bytes.

mod account;
mod html;
mod markdown;

/// The account of a ceremony.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    title: String,
    rehearsal: bool,
    blocks: Vec<Block>,
}

/// A piece of the account. All text in it is already safe to show; a renderer
/// escapes it once more for its own syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Block {
    Heading(String),
    Paragraph(String),
    List(Vec<String>),
    Table {
        head: Vec<&'static str>,
        rows: Vec<Vec<String>>,
    },
    Verbatim(Vec<String>),
}
