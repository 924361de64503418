//! What people type: a line, a word that confirms, several lines, or the number of a row; and what
//! a typed line does where the full screen takes single keys.

pub(super) mod field;
pub(super) mod form;
pub(super) mod line;
pub(super) mod numbers;
