//! The lines of a page, and the room in them to write by hand.

use std::fmt::Write as _;

/// Room for a time, a number or initials.
pub(super) const SHORT: &str = "…………";
/// Room for a name.
pub(super) const BLANK: &str = "………………";
/// Room for a sentence.
pub(super) const LONG: &str = "……………………………………………";

/// Minutes as hours and minutes, `H:MM`.
pub(super) fn clock(minutes: u32) -> String {
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

/// Adds a line to a page.
pub(super) fn line(page: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{text}");
}
