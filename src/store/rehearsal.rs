//! The folder of a rehearsal in a ceremony's folder, and in its bundle: `rehearsal/`, with the
//! simulated devices, their vendor and the seed.

use std::path::{Path, PathBuf};

use keymoot_attestation::{Manifest, TrustStore};
use keymoot_core::HostError;
use keymoot_record::bundle::{Bundle, Files};
use keymoot_verify::{
    Failure,
    files::{read_bounded, read_text},
};

use super::plan::LARGEST_PLAN;
use crate::host::whole;

/// Its name.
pub const FOLDER: &str = "rehearsal";

/// The file in it that keeps the simulated YubiKeys.
pub const DEVICES: &str = "devices.json";

/// The file in it that keeps the simulated YubiHSM 2s.
pub const UNITS: &str = "units.json";

/// The file in it that holds the seed, from which the simulated people's PINs and the keys of
/// the simulated team are made.
pub const SEED: &str = "seed";

/// The folder in it with the certificates of the simulated vendor, in the form of
/// `attestations/`.
const VENDOR: &str = "vendor";

/// The largest file in it, in bytes.
const LARGEST: u64 = 16 << 20;

/// Where the vendor's certificates are.
#[must_use]
pub fn vendor_folder(ceremony: &Path) -> PathBuf {
    ceremony.join(FOLDER).join(VENDOR)
}

/// Makes the folder with a seed, and with the devices of the rehearsal that this one starts from.
///
/// # Errors
/// [`HostError`] when it cannot be written.
pub fn create(ceremony: &Path, previous: Option<&Bundle>, seed: u64) -> Result<(), HostError> {
    let rehearsal = ceremony.join(FOLDER);
    whole::make_folder(&rehearsal)?;
    for name in [DEVICES, UNITS] {
        let path = format!("{FOLDER}/{name}");
        if let Some(devices) = previous.and_then(|bundle| bundle.files().get(&path)) {
            whole::write_durably(&rehearsal.join(name), devices)?;
        }
    }
    whole::write_durably(&rehearsal.join(SEED), format!("{seed}\n").as_bytes())
}

/// The seed of the rehearsal that a bundle is of.
#[must_use]
pub fn seed_of(bundle: &Bundle) -> Option<u64> {
    let bytes = bundle.files().get(&format!("{FOLDER}/{SEED}"))?;
    std::str::from_utf8(bytes).ok()?.trim().parse().ok()
}

/// The seed of the simulated devices in a bundle, if it has any.
pub(crate) fn seed_of_devices(bundle: &Bundle) -> Option<u64> {
    let mut names = [DEVICES, UNITS].into_iter();
    let has_devices = names.any(|name| bundle.files().contains_key(&format!("{FOLDER}/{name}")));
    seed_of(bundle).filter(|_| has_devices)
}

/// The trust store of the simulated vendor.
///
/// # Errors
/// A file that cannot be read, or a store that is not sound.
pub(crate) fn vendor(ceremony: &Path) -> Result<TrustStore, Failure> {
    let vendor = vendor_folder(ceremony);
    let text = read_text(&vendor.join("vendor.toml"), LARGEST_PLAN)?;
    let manifest =
        Manifest::parse(&text).map_err(|violation| Failure::violations(vec![violation]))?;
    let contents: Result<Vec<_>, _> = manifest
        .files()
        .map(|file| read_bounded(&vendor.join(file), LARGEST_PLAN))
        .collect();
    manifest.store(&contents?).map_err(Failure::violations)
}

/// Adds every file below a folder.
fn files_below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), HostError> {
    let listed = std::fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| HostError::file("list", folder, &error))?;
    for entry in listed {
        match entry.path() {
            inner if inner.is_dir() => files_below(&inner, found)?,
            file => found.push(file),
        }
    }
    Ok(())
}

/// Makes the folder of a rehearsal with real devices: their vendor is the one that the program
/// trusts.
///
/// # Errors
/// [`HostError`] when it cannot be written.
pub fn create_real(ceremony: &Path, vendor: &TrustStore, seed: u64) -> Result<(), HostError> {
    create(ceremony, None, seed)?;
    let folder = vendor_folder(ceremony);
    whole::make_folder(&folder)?;
    for (path, bytes) in vendor.files() {
        let path = folder.join(path);
        if let Some(inner) = path.parent().filter(|inner| !inner.exists()) {
            whole::make_folder(inner)?;
        }
        whole::write_durably(&path, bytes)?;
    }
    Ok(())
}

/// The vendor's certificates and `vendor.toml`, by their paths in the vendor's folder.
///
/// # Errors
/// [`HostError`] when a file cannot be read.
pub fn vendor_files(ceremony: &Path) -> Result<Files, HostError> {
    let vendor = vendor_folder(ceremony);
    let mut paths = Vec::new();
    files_below(&vendor, &mut paths)?;
    let mut found = Files::new();
    for path in paths {
        let inside = path.strip_prefix(&vendor).unwrap_or(&path);
        let bytes = read_bounded(&path, LARGEST_PLAN)?;
        found.insert(inside.to_string_lossy().into_owned(), bytes);
    }
    Ok(found)
}

/// Further files of a rehearsal's bundle: the devices, their vendor and the seed.
///
/// # Errors
/// [`HostError`] when a file cannot be read.
pub fn attachments(ceremony: &Path) -> Result<Files, HostError> {
    let vendor = vendor_files(ceremony)?.into_iter();
    let mut found: Files = vendor
        .map(|(path, bytes)| (format!("{FOLDER}/{VENDOR}/{path}"), bytes))
        .collect();
    for name in [SEED, DEVICES, UNITS] {
        let path = ceremony.join(FOLDER).join(name);
        if name == SEED || path.exists() {
            found.insert(format!("{FOLDER}/{name}"), read_bounded(&path, LARGEST)?);
        }
    }
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_real_vendor_are_found_in_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        let vendor = keymoot_attestation::TrustStore::vendor().unwrap();
        create_real(folder.path(), &vendor, 1).unwrap();
        let real: Files = vendor.files().iter().cloned().collect();
        assert!(real.keys().any(|path| path.contains('/')));
        assert_eq!(vendor_files(folder.path()).unwrap(), real);
        let attached = attachments(folder.path()).unwrap();
        let of_vendor = real
            .into_iter()
            .map(|(path, bytes)| (format!("rehearsal/vendor/{path}"), bytes));
        let seed = ("rehearsal/seed".to_owned(), b"1\n".to_vec());
        assert_eq!(attached, of_vendor.chain([seed]).collect());
    }
}
