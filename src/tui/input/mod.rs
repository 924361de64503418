//! What people type: a line, a word that confirms, several lines, or the number of a row.

pub(super) mod field;
pub(super) mod form;
pub(super) mod numbers;
