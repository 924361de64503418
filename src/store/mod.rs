//! The ceremony's folder, which keeps a ceremony until its bundle is written, and the only
//! code that knows its layout.
//!
//! ```text
//! script.toml policy.toml roster.toml inputs/   the plan                        plan, inputs
//! settings.json         where the bundle is to be written and devices are found settings
//! transcript.jsonl      what happened                                           journal
//! objects/<sha256>      the files that events name                              folder
//! escrow/<handle>-<serial>.age   secrets sealed to a holder, to take along      folder, escrow
//! yubihsm-<serial>.json what was sent to a YubiHSM 2                            sent
//! lock                  held while a keymoot works here, and by whom            lock
//! rehearsal/            simulated devices, their vendor and the seed            rehearsal
//! ```
//!
//! The folder is laid out beside its place and renamed: a crash leaves all of it or none.

pub mod escrow;
mod folder;
pub(crate) mod inputs;
mod journal;
mod lock;
pub(crate) mod plan;
pub mod rehearsal;
mod sent;
mod settings;
pub(crate) mod turn;

pub use folder::Folder;
pub use journal::Journal;
pub use lock::Occupant;
pub use settings::{CurrentSettings, Settings, SimulatorSettings, usual_connector};
