//! Signing devices: what is plugged in, what is on it, and what it can be asked.
//!
//! [`Slots`] are where devices are plugged, and [`Device`] is the one of the holder at the table.
//! [`piv`] is what a YubiKey does, [`yubihsm`] what a YubiHSM 2 does. Every call that reaches a
//! device is contained: a panic or a hang in the library that speaks to it is a [`DeviceError`]
//! like any other, and every error says what to do next. Exactly one device is spoken to at a
//! time, by serial number; with two plugged in every operation refuses.
//!
//! PIN and PUK are never given to the `yubikey` crate, which would keep a right one in memory that
//! is not wiped. It also writes whole commands, the management key included, to the `log` facade at
//! level trace: nothing here installs a logger for it, and nothing must.

mod at_table;
mod contain;
mod error;
mod exclusive;
mod identity;
mod management;
mod new_secrets;
mod operation;
mod pin_rules;
pub mod piv;
mod readers;
mod slots;
pub mod yubihsm;

pub use at_table::{Device, KnownState};
pub use error::{DeviceError, ErrorKind, Refusal};
pub use identity::{DeviceInfo, Serial, Who};
pub use management::Config;
pub use new_secrets::NewSecrets;
pub use operation::{Credential, Operation};
pub use pin_rules::{
    PIN_FIELD, PinDemands, PinRefused, check_new, check_new_pin, check_typed, new_puk,
};
pub use slots::{Cancel, Seen, Slots};
