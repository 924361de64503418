//! The report of a ceremony for people who were not there, as HTML and as
//! Markdown.
//!
//! Pure and deterministic: both are a function of the sealed transcript and the
//! objects that it names, so a verifier makes them again and compares.
//! `facts` collects the facts once. Sections make a small model
//! of a page (`page`) from it, which is written in either form.

mod account;
mod apart;
mod chain;
mod checking;
mod clients;
mod course;
mod devices;
mod facts;
mod gantt;
mod html;
mod markdown;
pub(crate) mod markup;
mod outcome;
mod page;
mod present;
mod quorum;
pub(crate) mod recorded;
#[cfg(test)]
mod tests;
mod verdicts;
mod witnesses;

pub use account::Account;

/// The revision of the texts of a report. Raise it with every change of a sentence: a verifier with
/// the same revision compares reports byte for byte. Verifiers of every revision compare the layout:
/// the elements, the style sheet, the pictures, and the facts of each line in their order.
pub const DERIVATION: u32 = if cfg!(later_version) { 4 } else { 3 };
