//! The keymoot program with the keys of a simulated vendor instead of Yubico's: it holds live
//! ceremonies with simulated devices, in tests.
//!
//! `vendor/` has the certificates that hsm-sim makes from seed 1202. Everybody can make devices
//! of this vendor, so a bundle of this program proves nothing. The released program knows none of
//! its certificates and has no way to be given one.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use keymoot_attestation::{Manifest, TrustStore};
use keymoot_core::Violation;
use zeroizing_alloc::ZeroAlloc;

/// As in keymoot.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../vendor/", $name)))),*]
    };
}

const FILES: &[(&str, &[u8])] = files![
    "0-piv-root.pem",
    "1-attestation-root.pem",
    "2-attestation-intermediate.pem",
    "3-piv-issuer.pem",
    "4-yubihsm-root.pem",
    "5-yubihsm-issuer.pem",
];

fn main() -> ExitCode {
    keymoot::program::main(vendor())
}

fn vendor() -> Result<TrustStore, Vec<Violation>> {
    let manifest = Manifest::parse(include_str!("../vendor/vendor.toml"));
    let manifest = manifest.map_err(|violation| vec![violation])?;
    let content = |wanted| FILES.iter().find(|(name, _)| *name == wanted);
    let contents = manifest
        .files()
        .map(|file| content(file).map_or(&[][..], |(_, bytes)| bytes));
    manifest.store(&contents.collect::<Vec<_>>())
}
