//! What is read of a report that another revision wrote.

/// A report as it was read.
#[derive(Debug)]
pub(super) struct Reading {
    /// The parts that every revision writes in the same bytes, each with its name.
    pub(super) fixed: Vec<(&'static str, String)>,
    /// What a reader sees of the rest, one line for each line of the report.
    pub(super) text: String,
}
