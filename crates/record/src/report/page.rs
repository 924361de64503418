//! A page, before it is written as HTML or Markdown.
//!
//! Text in it is safe to show ([`keymoot_core::text::escape`]) but not yet safe in a
//! markup language: the writers escape every character of it.

use crate::transcript::Mode;
use keymoot_core::digest::Digest;

/// A whole report.
#[derive(Debug, Clone)]
pub(super) struct Page {
    /// Its ceremony.
    pub(super) title: String,
    /// A rehearsal is marked on every printed page.
    pub(super) mode: Mode,
    /// Its blocks, in order.
    pub(super) blocks: Vec<Block>,
}

/// A part of a page.
#[derive(Debug, Clone)]
pub(super) enum Block {
    /// A section's title.
    Section(String),
    /// The title of a part of a section.
    Part(String),
    /// A paragraph.
    Paragraph(Phrase),
    /// Points.
    List(Vec<Phrase>),
    /// Labels, each with its lines.
    Facts(Vec<(&'static str, Vec<Phrase>)>),
    /// A table.
    Table(Table),
    /// Commands to be typed, one a line.
    Commands(Vec<String>),
    /// Who signed, as a picture.
    Quorum(Quorum),
    /// The chain of signatures, as a picture.
    Chain(Chain),
    /// When each step was done, as a picture.
    Course(Course),
}

/// A table with a line of column heads.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) heads: &'static [&'static str],
    pub(super) rows: Vec<Row>,
}

/// A line of a table.
#[derive(Debug, Clone)]
pub(super) enum Row {
    /// One cell under each head.
    Cells(Vec<Phrase>),
    /// The same, about the line above. Reports before revision 3 have no such row.
    Remark(Vec<Phrase>),
    /// A title over the lines that follow.
    Title(String),
}

/// Who signed a document: one entry a seat.
#[derive(Debug, Clone)]
pub(super) struct Quorum {
    pub(super) document: &'static str,
    pub(super) threshold: usize,
    pub(super) signed: Vec<bool>,
}

impl Quorum {
    /// The picture in words.
    pub(super) fn sentence(&self) -> String {
        format!(
            "{} of {} holders signed {}; {} must.",
            self.signed.iter().filter(|signed| **signed).count(),
            self.signed.len(),
            self.document,
            self.threshold
        )
    }
}

/// The chain of signatures: levels from the vendor's root down to the documents, each
/// with its boxes above the devices that they certify.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    /// How many devices are side by side.
    pub(super) devices: usize,
    pub(super) levels: Vec<Level>,
}

/// A level of the chain.
#[derive(Debug, Clone)]
pub(super) struct Level {
    /// Its name.
    pub(super) name: String,
    pub(super) boxes: Vec<Vouches>,
}

/// Something that signs what is below it.
#[derive(Debug, Clone)]
pub(super) struct Vouches {
    /// The first device below it, from 0, and how many.
    pub(super) first: usize,
    pub(super) count: usize,
    /// Its label, line by line.
    pub(super) lines: Vec<String>,
}

/// When each step was done.
#[derive(Debug, Clone)]
pub(super) struct Course {
    /// From the opening to the seal, in seconds.
    pub(super) seconds: i64,
    pub(super) steps: Vec<Stretch>,
}

/// A step and its time.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub(super) title: String,
    /// Seconds after the opening.
    pub(super) from: i64,
    pub(super) to: i64,
    /// Minutes that the script gives it.
    pub(super) planned: u32,
    /// Deviations from the script: a letter and the time.
    pub(super) remarks: Vec<(char, i64)>,
}

/// A run of text.
#[derive(Debug, Clone, Default)]
pub(super) struct Phrase(pub(super) Vec<Span>);

/// Text of one kind.
#[derive(Debug, Clone)]
pub(super) enum Span {
    /// As it is.
    Plain(String),
    /// For comparison character by character.
    Code(String),
    /// Emphasised.
    Strong(String),
}

impl Phrase {
    pub(super) fn code(text: impl Into<String>) -> Self {
        Self(vec![Span::Code(text.into())])
    }

    pub(super) fn strong(text: impl Into<String>) -> Self {
        Self(vec![Span::Strong(text.into())])
    }

    pub(super) fn and(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Plain(text.into()));
        self
    }

    pub(super) fn and_code(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Code(text.into()));
        self
    }
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        Self(vec![Span::Plain(text)])
    }
}

impl From<&str> for Phrase {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// A digest as people compare it: in hexadecimal, and in words to read aloud.
pub(super) fn digest(digest: &Digest) -> Vec<Phrase> {
    let lines = digest.word_rows().into_iter().map(Phrase::from);
    std::iter::once(Phrase::code(digest.to_string()))
        .chain(lines)
        .collect()
}
