//! Verifies bundles, TUF metadata and attestations from files alone: no device, no network, no
//! terminal library. `keymoot verify`, `keymoot tuf` and `keymoot attest` call the same functions
//! as the program `keymoot-verify`.
//!
//! ```text
//! keymoot → verify → record → tuf, attestation → core
//! ```
//!
//! ```
//! use std::path::Path;
//!
//! let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/bundles/0.2.0-live/bundle");
//! let bundle = keymoot_verify::read(&bundle).expect("it is whole");
//! assert!(bundle.files().contains_key("MANIFEST.json"));
//! ```
#![forbid(unsafe_code)]

pub mod apart;
pub mod attest;
pub mod audit;
pub mod bundle;
pub mod checkout;
mod command_line;
pub mod expected;
mod failure;
pub mod files;
pub mod json;
mod now;
pub mod output;
mod read;
mod tree;
pub mod tuf;
mod verdicts;

pub use command_line::leave;
pub use failure::{Failure, print_violated};
pub use now::now;
pub use read::{read, read_tree};
pub use tree::{Tree, is_tree, weaker as weaker_tree};
