//! Reads the evidence of one key, and verifies it.

use std::io::Read as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use keymoot_attestation as attestation;
use keymoot_attestation::{Evidence, Manifest, TrustStore, VerifiedAttestation};
use keymoot_core::text::escape_path;
use keymoot_core::{HostError, Rule, Violation};

use crate::files;

/// The outcome for one key's evidence.
pub(super) type Outcome = Result<Facts, Vec<Violation>>;

/// The files of one key's evidence.
#[derive(Clone, Copy)]
pub(super) struct Files<'a> {
    pub(super) attestation: &'a Path,
    pub(super) device: &'a Path,
    /// The key that must be the attested one
    pub(super) public_key: Option<&'a Path>,
}

pub(super) enum Failure {
    Unreadable(HostError),
    Refused(Vec<Violation>),
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        Self::Refused(vec![violation])
    }
}

/// The proven facts, and their files.
pub(super) struct Facts {
    pub(super) attestation: VerifiedAttestation,
    pub(super) store: TrustStore,
    pub(super) key_compared: bool,
}

/// The facts that the files of one key's evidence prove.
pub(super) fn examine(files: Files<'_>, store: &TrustStore) -> Result<Facts, Failure> {
    // Every file is read before anything is checked: a missing file is a
    // mistake at the keyboard, not a fault of the device.
    let attestation = read(files.attestation)?;
    let device = read(files.device)?;
    let public_key = files.public_key.map(read).transpose()?;

    let evidence = Evidence {
        attestation: decode(
            files.attestation,
            &attestation,
            attestation::certificate_der,
        )?,
        device: decode(files.device, &device, attestation::certificate_der)?,
    };
    let public_key = match (files.public_key, &public_key) {
        (Some(path), Some(bytes)) => Some(decode(path, bytes, attestation::public_key_der)?),
        _ => None,
    };
    let verified =
        attestation::verify(&evidence, store, Some(unix_now())).map_err(Failure::Refused)?;
    let compared = public_key.as_ref().map(|spki| verified.attests(spki));
    let violations: Vec<Violation> = [
        verified.stays_inside().err(),
        compared.and_then(Result::err),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !violations.is_empty() {
        return Err(Failure::Refused(violations));
    }
    Ok(Facts {
        attestation: verified,
        store: store.clone(),
        key_compared: public_key.is_some(),
    })
}

/// The largest `vendor.toml`, in bytes.
const LARGEST_MANIFEST: u64 = 64 * 1024;

/// Reads a little more than any certificate needs and never a whole disk.
fn read(path: &Path) -> Result<Vec<u8>, HostError> {
    const ENOUGH: u64 = 64 * 1024 + 1;
    let unreadable = |error| HostError::file("read", path, &error);
    let mut bytes = Vec::new();
    files::open(path)
        .map_err(unreadable)?
        .take(ENOUGH)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

/// The store that a folder's `vendor.toml` lists.
pub(super) fn store(dir: &Path) -> Result<TrustStore, Failure> {
    let text = files::read_bounded(&dir.join("vendor.toml"), LARGEST_MANIFEST)?;
    let manifest = Manifest::parse(&String::from_utf8_lossy(&text))?;
    let contents: Vec<Vec<u8>> = manifest
        .files()
        .map(|file| read(&dir.join(file)))
        .collect::<Result<_, _>>()?;
    manifest.store(&contents).map_err(Failure::Refused)
}

fn decode(
    path: &Path,
    bytes: &[u8],
    with: fn(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, Failure> {
    with(bytes).map_err(|what| {
        Violation {
            rule: Rule::DeviceEvidence,
            what: format!("{} {what}", escape_path(path)),
            next: "give each certificate or key in a file of its own, in PEM or DER".to_owned(),
        }
        .into()
    })
}

fn unix_now() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        // A clock before 1970 is wrong, and no certificate is that old.
        Err(_) => -1,
    }
}
