//! Texts in which somebody else's words try to act.

pub mod script;
pub mod strings;
