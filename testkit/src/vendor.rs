//! The simulated vendor that a test trusts.

use std::{fs, path::Path};

use keymoot_attestation::{Manifest, TrustStore};

/// The store of a folder with `vendor.toml` and its certificates.
pub fn trusted(folder: &Path) -> TrustStore {
    let manifest = fs::read_to_string(folder.join("vendor.toml")).unwrap();
    let manifest = Manifest::parse(&manifest).unwrap();
    let contents = manifest
        .files()
        .map(|file| fs::read(folder.join(file)).unwrap());
    manifest.store(&contents.collect::<Vec<_>>()).unwrap()
}
