//! Foreign texts that try to act.

pub mod script;
pub mod strings;
