//! What a YubiHSM 2 does for a ceremony.
//!
//! A [`Place`] is where units are found, and a [`Unit`] is one of them, spoken to
//! by serial number. It has three authentication keys besides the signing key,
//! all in domain 1, each with the least it needs ([`Role`]): the signer signs,
//! the auditor reads the log, and the administrator makes the key, has it
//! attested, and is then deleted ([`Unit::restrict`]). What could make, export or
//! delete keys does not exist any more after that; only a factory reset by hand
//! brings it back.
//!
//! Everything that is sent to a unit is written down ([`Unit::sent`]), so that its
//! audit log can be held against it
//! ([`AuditLog`](keymoot_attestation::yubihsm_log::AuditLog)).
//!
//! Habits of the library to know about. It closes no session, and a unit has 16
//! of them, which end when they were idle for 30 seconds: a [`Unit`] therefore
//! keeps its sessions and uses them again. It silently drops what it cannot decode
//! from the end of a list. Its reset always reports success,
//! and it does not say why a device refused outside a session.

mod keys;
mod library;
mod log;
mod place;
mod planned;
mod set_up;
mod signing;
mod unit;

pub use keys::{PASSWORD_LENGTH, Passwords, Role, SIGNING_KEY, auditor_password};
pub(in crate::device) use place::look;
pub use place::{Place, UnitInfo};
pub use planned::Errand;
pub use set_up::{Contents, ObjectSeen};
pub use unit::Unit;
