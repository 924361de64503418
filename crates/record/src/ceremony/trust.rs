//! Whose word counts in a ceremony.

use super::state::State;
use crate::transcript::Mode;
use keymoot_attestation::{Manifest, TrustStore};
use keymoot_core::{Violation, digest::Digest};

/// Where a rehearsal's bundle carries its simulated vendor.
const VENDOR: &str = "rehearsal/vendor";

/// The trust store that a sealed ceremony's evidence is judged by: `vendor`, whose keys the
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
    // What is missing is empty, and no manifest or certificate is empty.
    let file = |name: &str| {
        let digest = state
            .sealed
            .as_ref()
            .and_then(|seal| seal.attachments.get(&format!("{VENDOR}/{name}")));
        digest.and_then(objects).unwrap_or_default()
    };
    let text = String::from_utf8(file("vendor.toml")).unwrap_or_default();
    let manifest = Manifest::parse(&text).map_err(|violation| vec![violation])?;
    let contents: Vec<_> = manifest.files().map(file).collect();
    manifest.store(&contents)
}
