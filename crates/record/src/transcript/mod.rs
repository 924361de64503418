//! The transcript: everything that happened, in one hash chain.
//!
//! One canonical-JSON object a line:
//! `{"event":{…},"prev":"<sha256 of the previous line>","seq":n,"time":"…Z"}`.
//! The head is the digest of the last line. This module is pure: it makes lines
//! and reads them; `host` writes them to the disk.

pub mod chain;
pub mod event;
mod sentence;

pub use chain::{Chain, ChainError, Entry};
pub use event::{Event, Mode, Program};
pub use keymoot_core::time::Time;

/// The format that the first event names.
pub const FORMAT: &str = "keymoot-transcript-1";
