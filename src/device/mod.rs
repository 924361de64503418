//! Signing devices: which are plugged in, their contents, and their operations.
//!
//! [`Slots`] are the places for devices, and [`Device`] is the one of the holder at the table.
//! [`piv`] has the operations of a YubiKey, [`yubihsm`] those of a YubiHSM 2. Every call to a
//! device is contained: a panic or a hang in a client library becomes a [`DeviceError`]
//! like any other, and every error says what to do next. An operation uses exactly one device,
//! by serial number; with two plugged in, every operation refuses.
//!
//! PIN and PUK are never given to the `yubikey` crate, which would keep a right one in memory that
//! is not wiped. It also writes whole commands, the management key included, to the `log` facade at
//! level trace: nothing here installs a logger for it, and nothing must.

mod at_table;
mod common_pins;
mod contain;
mod error;
mod exclusive;
mod identity;
mod info;
mod management;
mod new_secrets;
mod operation;
mod pcsc_error;
mod pin_rules;
pub mod piv;
mod readers;
mod slots;
pub mod yubihsm;

pub use at_table::{Device, KnownState};
pub use error::{DeviceError, ErrorKind, Refusal};
pub use identity::{Serial, Who};
pub use info::{Config, DeviceInfo};
pub use new_secrets::NewSecrets;
pub use operation::{Credential, Operation};
pub use pin_rules::{
    PIN_FIELD, PinDemands, PinRefused, check_new, check_new_pin, check_typed, new_puk,
};
pub use slots::{Cancel, Seen, Slots};
