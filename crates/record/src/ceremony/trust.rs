//! The vendor whose devices count in a ceremony.

use super::state::State;
use crate::transcript::Mode;
use keymoot_attestation::{Manifest, TrustStore};
use keymoot_core::{Violation, digest::Digest};

/// The folder of the simulated vendor in a rehearsal's bundle or request.
pub(crate) const VENDOR: &str = "rehearsal/vendor";

/// The trust store that a sealed ceremony's evidence is checked by: `vendor`, whose keys the
/// caller carries, or in a rehearsal the simulated vendor that the seal names.
///
/// # Errors
/// [`Violation`]s of DEVICE-TRUST when the vendor's material is missing or unfit.
pub fn store(
    state: &State,
    objects: &dyn Fn(&Digest) -> Option<Vec<u8>>,
    vendor: &TrustStore,
) -> Result<TrustStore, Vec<Violation>> {
    let mode = state.opening.as_ref().map(|opening| opening.mode);
    if mode != Some(Mode::Rehearsal) {
        return Ok(vendor.clone());
    }
    simulated(|path| {
        let digest = state.sealed.as_ref()?.attachments.get(path)?;
        objects(digest)
    })
}

/// The trust store of a rehearsal's simulated vendor, whose files are found by their paths.
///
/// # Errors
/// [`Violation`]s of DEVICE-TRUST when one is missing or unfit.
pub(crate) fn simulated(
    found: impl Fn(&str) -> Option<Vec<u8>>,
) -> Result<TrustStore, Vec<Violation>> {
    // A missing file reads as empty, and no manifest or certificate is empty.
    let file = |name: &str| found(&format!("{VENDOR}/{name}")).unwrap_or_default();
    let text = String::from_utf8(file("vendor.toml")).unwrap_or_default();
    let manifest = Manifest::parse(&text).map_err(|violation| vec![violation])?;
    let contents: Vec<_> = manifest.files().map(file).collect();
    manifest.store(&contents)
}
