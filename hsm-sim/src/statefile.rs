//! The state file: what devices remember between runs.
//!
//! It is replaced as a whole, and safely on disk, before a device answers a command that changed
//! something: anyone who kills the program finds the devices as their users left them.
//!
//! Secrets in it are encrypted under a key that is derived from a salt in the same file. **That
//! protects nothing**, and is not meant to: simulated secrets need no protection. It keeps PINs and
//! keys from being found by a search through the bytes of a rehearsal's folder, so that such a
//! search may demand that nothing at all is found.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Why the devices cannot be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be read or written.
    #[error("the state file {path}: {error}. Check that its folder exists and is writable")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is not one, or was damaged.
    #[error("the state file {path} cannot be used: {why}. Move it away to start with new devices")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// The fault.
        why: String,
    },
    /// The file was made with another seed.
    #[error(
        "the state file {0} belongs to another seed. Leave --seed out to continue with its devices, or name another file"
    )]
    OtherSeed(PathBuf),
    /// No entropy.
    #[error("the operating system gave no entropy: {0}")]
    Entropy(#[from] getrandom::Error),
    /// Key generation failed.
    #[error("a key of the simulated vendor could not be made: {0}")]
    Vendor(#[from] rsa::Error),
}

#[derive(Serialize, Deserialize)]
struct Listed<P> {
    device: usize,
    #[serde(flatten)]
    plate: P,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<P> {
    format: String,
    about: String,
    devices: Vec<Listed<P>>,
    #[serde(with = "crate::hex_bytes")]
    salt: Vec<u8>,
    sealed: String,
    sealed_sha256: String,
}

const ABOUT: &str = "Simulated devices. The sealed part is scrambled, not protected: its key follows from the salt.";

/// Writes what can be seen of the devices (`plates`, in order) and what cannot (`sealed`).
///
/// # Errors
/// When the file cannot be written.
pub fn write<P: Serialize + Clone, S: Serialize>(
    path: &Path,
    format: &str,
    plates: Vec<P>,
    sealed: &S,
) -> Result<(), StoreError> {
    let mut salt = vec![0; 32];
    getrandom::fill(&mut salt)?;
    let damaged = |error: serde_json::Error| StoreError::Damaged {
        path: path.to_owned(),
        why: error.to_string(),
    };
    let mut bytes = serde_json::to_vec(sealed).map_err(damaged)?;
    scramble(format, &salt, &mut bytes);
    let document = Document {
        format: format.into(),
        about: ABOUT.into(),
        devices: (1..)
            .zip(plates)
            .map(|(device, plate)| Listed { device, plate })
            .collect(),
        salt,
        sealed_sha256: hex::encode(Sha256::digest(&bytes)),
        sealed: BASE64.encode(bytes),
    };
    let mut text = serde_json::to_string_pretty(&document).map_err(damaged)?;
    text.push('\n');
    replace(path, text.as_bytes()).map_err(|error| StoreError::Io {
        path: path.to_owned(),
        error,
    })
}

fn scramble(format: &str, salt: &[u8], bytes: &mut [u8]) {
    let key: [u8; 32] = Sha256::new()
        .chain_update(format)
        .chain_update(salt)
        .finalize()
        .into();
    ChaCha20::new(&key.into(), &[0; 12].into()).apply_keystream(bytes);
}

/// Reads what [`write()`] wrote; `None` when there is no such file. `held` says for how many
/// devices the sealed part has something.
///
/// # Errors
/// When the file cannot be read, or is not one of this format.
pub fn read<P: DeserializeOwned, S: DeserializeOwned>(
    path: &Path,
    format: &str,
    held: impl FnOnce(&S) -> usize,
) -> Result<Option<(Vec<P>, S)>, StoreError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(StoreError::Io {
                path: path.to_owned(),
                error,
            });
        }
    };
    let damaged = |why: String| StoreError::Damaged {
        path: path.to_owned(),
        why,
    };
    let document: Document<P> =
        serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))?;
    if document.format != format {
        return Err(damaged(format!(
            "its format is {:?}, not {format:?}",
            document.format
        )));
    }
    let mut bytes = BASE64
        .decode(&document.sealed)
        .map_err(|e| damaged(e.to_string()))?;
    if hex::encode(Sha256::digest(&bytes)) != document.sealed_sha256 {
        return Err(damaged("its checksum does not match".into()));
    }
    scramble(format, &document.salt, &mut bytes);
    let sealed: S = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
    if held(&sealed) != document.devices.len() {
        return Err(damaged(
            "it lists a different number of devices than it holds".into(),
        ));
    }
    let plates = document.devices.into_iter().map(|listed| listed.plate);
    Ok(Some((plates.collect(), sealed)))
}

/// The file has either its old bytes or these, also after a crash.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
