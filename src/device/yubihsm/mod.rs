//! The operations of a YubiHSM 2 in a ceremony.
//!
//! A [`Place`] is where YubiHSM 2s are looked for, and a [`Unit`] is one of them, addressed by
//! serial number. It has three authentication keys beside the signing key. All are in domain 1,
//! each with the least it needs ([`Role`]). The signer signs, and the auditor reads the log. The
//! administrator makes the key, has it attested, and is then deleted ([`Unit::restrict`]). After
//! that, no key can make, export or delete keys. Only a factory reset by hand makes that possible
//! again.
//!
//! keymoot records every command to the device ([`Unit::sent`]), to compare the record with
//! its audit log
//! ([`AuditLog`](keymoot_attestation::yubihsm_log::AuditLog)).
//!
//! Properties of the library to know. It closes no session, and a YubiHSM 2 has 16
//! of them, which end when they were idle for 30 seconds: a [`Unit`] therefore
//! keeps its sessions and uses them again. It silently drops what it cannot decode
//! from the end of a list. Its reset always reports success,
//! and it does not say why a device refused outside a session.

mod keys;
mod library;
mod log;
mod place;
mod planned;
mod sent;
mod set_up;
mod signing;
mod unit;

pub use keys::{PASSWORD_LENGTH, Passwords, Role, SIGNING_KEY, auditor_password};
pub(in crate::device) use place::look;
pub use place::{Place, UnitInfo};
pub use planned::Errand;
pub use set_up::{Contents, ObjectSeen};
pub use unit::Unit;
