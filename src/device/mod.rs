//! Signing devices: what is plugged in, what is on it, and what it can be asked.
//!
//! [`Bench`] is the place where YubiKeys are plugged, and [`piv`] is what one of
//! them does; [`yubihsm`] has both for YubiHSM 2 units. Every call that reaches a device is contained: a panic or a hang in the
//! library that speaks to it is a [`DeviceError`] like any other, and every
//! error says what to do next. Exactly one device is spoken to at a time, by
//! serial number; with two plugged in every operation refuses.
//!
//! PIN and PUK are never given to the `yubikey` crate, which would keep a right one in memory that
//! is not wiped. It also writes whole commands, the management key included, to the `log` facade at
//! level trace: nothing here installs a logger for it, and nothing must.

mod bench;
mod contain;
mod error;
mod exclusive;
mod identity;
mod management;
mod next_step;
mod operation;
mod pin_rules;
pub mod piv;
mod readers;
pub mod yubihsm;

pub use bench::{Bench, Cancel, Seen};
pub use error::DeviceError;
pub use identity::{DeviceInfo, Serial, Who};
pub use operation::{Credential, Operation};
pub use pin_rules::{
    PIN_FIELD, PinRefused, check_new_password, check_new_pin, check_new_puk, check_typed_password,
    check_typed_pin, new_puk,
};
