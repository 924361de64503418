//! The simulator as its clients see it: on the wire, and through the clients themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

mod attestation;
mod control;
mod golden;
mod keys;
mod opensc;
mod pcsc;
mod protocol;
mod references;
mod state;
mod usbredir;
mod vpcd;
mod ykman;
mod yubico_piv_tool;
mod yubihsm_attestation;
mod yubihsm_connector;
mod yubihsm_crate;
mod yubihsm_sdk;
mod yubikey_crate;
