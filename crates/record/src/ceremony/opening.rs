//! How a ceremony was opened.

use super::bags::Bags;
use crate::transcript::{Mode, Time};
use keymoot_core::digest::Digest;

/// How a ceremony was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Names this run.
    pub ceremony: String,
    /// Live or rehearsal.
    pub mode: Mode,
    /// The time of the event.
    pub time: Time,
    /// The number of the transcript's format.
    pub format: u32,
    /// The bags in which the last ceremony left machine and devices, as its bundle says.
    pub bags: Bags,
    /// The settings of a live ceremony, as last recorded.
    pub settings: Option<Digest>,
}
