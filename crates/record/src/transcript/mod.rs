//! The transcript: everything that happened, in one hash chain.
//!
//! One canonical-JSON object a line:
//! `{"event":{…},"prev":"<sha256 of the previous line>","seq":n,"time":"…Z"}`.
//! The head is the digest of the last line. This module is pure: it makes lines
//! and reads them; `host` writes them to the disk.

pub mod branch;
mod brought;
mod cause;
pub mod chain;
mod device_state;
pub mod event;
mod handed;
mod mode;
mod person;
mod plan_part;
mod program;
mod sentence;
mod typed;
mod unknown;

pub use branch::Branch;
pub use cause::Cause;
pub use chain::{Chain, ChainError, Entry};
pub use device_state::{DeviceSetting, DeviceState, PinTries, Tries};
pub use event::Event;
pub use handed::Handed;
pub use keymoot_core::time::Time;
pub use mode::Mode;
pub use person::Person;
pub use plan_part::PlanPart;
pub use program::Program;

/// The number of the format that this program writes. It reads every earlier one.
pub const FORMAT: u32 = if cfg!(later_version) { 3 } else { 2 };

const FORMAT_NAME: &str = "keymoot-transcript-";

/// The format of this program as `opened` names it.
#[must_use]
pub fn format_name() -> String {
    format!("{FORMAT_NAME}{FORMAT}")
}

/// The number of the format that `opened` names, where this program reads it.
#[must_use]
pub fn format_number(name: &str) -> Option<u32> {
    let number = name.strip_prefix(FORMAT_NAME)?;
    (1..=FORMAT).find(|known| known.to_string() == number)
}
