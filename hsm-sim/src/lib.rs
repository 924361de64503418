//! Simulated YubiKeys and YubiHSMs at wire level.
//!
//! For YubiKeys the program serves pcsc-lite's client protocol on a private unix socket. A program
//! that is started with `PCSCLITE_CSOCK_NAME` naming that socket sees card readers with YubiKeys in
//! them: programs that know nothing of the simulation, unmodified. Nothing here is shared with the
//! program it serves to test, so that a mistake in one cannot hide a mistake in the other.
//!
//! Through vpcd, a driver for virtual cards, the same devices are in a reader of the real smart
//! card service.
//!
//! For YubiHSMs it serves the HTTP of Yubico's connector on a loopback address.
//!
//! From the inside out: [`yubikey`] is a device, [`vendor`] the factory that made it, [`room`]
//! holds the devices and says which are plugged in, [`pcsc`], [`vpcd`] and [`control`] are its
//! doors. [`yubihsm`] has the other kind of device, with its room and its connector.

#![forbid(unsafe_code)]

pub mod cli;
pub mod control;
pub mod fault;
pub mod hex_bytes;
pub mod pcsc;
pub mod peer;
pub mod room;
pub mod seed;
pub mod serials;
pub mod statefile;
pub mod store;
pub mod tlv;
pub mod usbredir;
pub mod vendor;
pub mod vpcd;
pub mod yubihsm;
pub mod yubikey;
