//! The state file: what devices remember between runs.
//!
//! It is replaced as a whole, and safely on disk, before a device answers a command that changed something:
//! whoever kills the program finds the devices as their users left them.
//!
//! Secrets in it are encrypted under a key that is derived from a salt in the same file. **That protects
//! nothing**, and is not meant to: simulated secrets need no protection. It keeps PINs and keys from being
//! found by a search through the bytes of a rehearsal's folder, so that such a search may demand that
//! nothing at all is found.

use crate::seed::Seed;
use crate::vendor::Vendor;
use crate::yubikey::piv::state::PivState;
use crate::yubikey::plate::{Model, Plate};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
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
        /// What is wrong with it.
        why: String,
    },
    /// The file was made with another seed.
    #[error(
        "the state file {0} belongs to another seed. Leave --seed out to go on with its devices, or name another file"
    )]
    OtherSeed(PathBuf),
    /// No entropy.
    #[error("the operating system gave no entropy: {0}")]
    Entropy(#[from] getrandom::Error),
    /// Key generation failed.
    #[error("a key of the simulated vendor could not be made: {0}")]
    Vendor(#[from] rsa::Error),
}

/// A device as it is kept.
#[derive(Clone)]
pub struct Device {
    /// What is engraved on it.
    pub plate: Plate,
    /// What it remembers.
    pub piv: PivState,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    device: usize,
    #[serde(flatten)]
    plate: Plate,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    about: String,
    devices: Vec<Listed>,
    #[serde(with = "hex_bytes")]
    salt: Vec<u8>,
    sealed: String,
    sealed_sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    seed: Seed,
    vendor: Vendor,
    devices: Vec<PivState>,
}

const FORMAT: &str = "hsm-sim state 1";
const ABOUT: &str = "Simulated devices. The sealed part is scrambled, not protected: its key follows from the salt.";

/// The devices of one run and the file they are kept in.
pub struct Store {
    path: Option<PathBuf>,
    seed: Seed,
    vendor: Vendor,
    devices: Vec<Device>,
}

impl Store {
    /// Opens the devices kept in `path`, or makes new ones: at least `count` of them, the new ones with these
    /// `models` in turn. A number for the seed makes new devices repeatable.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, belongs to another seed, or cannot be written.
    pub fn open(
        path: Option<PathBuf>,
        number: Option<u64>,
        count: usize,
        models: &[Model],
    ) -> Result<Self, StoreError> {
        let seed = number.map(Seed::from_number);
        let mut store = match path.as_deref().map(read).transpose()?.flatten() {
            Some((kept, listed)) => {
                if seed.is_some_and(|seed| seed != kept.seed) {
                    return Err(StoreError::OtherSeed(path.unwrap_or_default()));
                }
                let devices = listed
                    .into_iter()
                    .zip(kept.devices)
                    .map(|(plate, piv)| Device { plate, piv })
                    .collect();
                Self {
                    path,
                    seed: kept.seed,
                    vendor: kept.vendor,
                    devices,
                }
            }
            None => {
                let seed = seed.map_or_else(Seed::from_entropy, Ok)?;
                Self {
                    path,
                    seed,
                    vendor: Vendor::default(),
                    devices: Vec::new(),
                }
            }
        };
        store.add_devices(count, models)?;
        store.write()?;
        Ok(store)
    }

    fn add_devices(&mut self, count: usize, models: &[Model]) -> Result<(), StoreError> {
        let new: Vec<(usize, Model)> = (self.devices.len()..count)
            .zip(
                models
                    .iter()
                    .cycle()
                    .skip(self.devices.len() % models.len().max(1)),
            )
            .map(|(index, model)| (index, *model))
            .collect();
        let wanted: Vec<Model> = new.iter().map(|(_, model)| *model).collect();
        self.vendor.provide(&self.seed, &wanted)?;
        for (index, model) in new {
            let batch = self
                .vendor
                .batch(&self.seed, model)
                .ok_or(rsa::Error::Internal)?;
            let plate = Plate {
                serial: self.free_serial(index),
                model,
            };
            self.devices.push(Device {
                plate,
                piv: PivState::factory(model, batch),
            });
        }
        Ok(())
    }

    /// Eight digits, as on real devices of the last years, and no two alike.
    fn free_serial(&self, index: usize) -> u32 {
        let mut attempt = 0u64;
        loop {
            let bytes = self
                .seed
                .bytes(&[b"serial", &index.to_be_bytes(), &attempt.to_be_bytes()]);
            let number = bytes
                .first_chunk()
                .map_or(0, |four| u32::from_be_bytes(*four));
            let serial = 10_000_000 + number % 20_000_000;
            if self
                .devices
                .iter()
                .all(|device| device.plate.serial != serial)
            {
                return serial;
            }
            attempt += 1;
        }
    }

    /// The seed all keys come from.
    #[must_use]
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The vendor.
    #[must_use]
    pub fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    /// The devices in order; the first is device 1.
    #[must_use]
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// Keeps what the device at `index` remembers now; writes only when that changed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&mut self, index: usize, piv: &PivState) -> Result<(), StoreError> {
        match self.devices.get_mut(index) {
            Some(device) if device.piv != *piv => {
                device.piv = piv.clone();
                self.write()
            }
            _ => Ok(()),
        }
    }

    fn write(&self) -> Result<(), StoreError> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let mut salt = vec![0; 32];
        getrandom::fill(&mut salt)?;
        let sealed = Sealed {
            seed: self.seed.clone(),
            vendor: self.vendor.clone(),
            devices: self
                .devices
                .iter()
                .map(|device| device.piv.clone())
                .collect(),
        };
        let damaged = |error: serde_json::Error| StoreError::Damaged {
            path: path.clone(),
            why: error.to_string(),
        };
        let mut bytes = serde_json::to_vec(&sealed).map_err(damaged)?;
        scramble(&salt, &mut bytes);
        let document = Document {
            format: FORMAT.into(),
            about: ABOUT.into(),
            devices: (1..)
                .zip(&self.devices)
                .map(|(device, d)| Listed {
                    device,
                    plate: d.plate.clone(),
                })
                .collect(),
            salt,
            sealed_sha256: hex::encode(Sha256::digest(&bytes)),
            sealed: BASE64.encode(bytes),
        };
        let mut text = serde_json::to_string_pretty(&document).map_err(damaged)?;
        text.push('\n');
        replace(path, text.as_bytes()).map_err(|error| StoreError::Io {
            path: path.clone(),
            error,
        })
    }
}

fn scramble(salt: &[u8], bytes: &mut [u8]) {
    let key: [u8; 32] = Sha256::new()
        .chain_update(FORMAT)
        .chain_update(salt)
        .finalize()
        .into();
    ChaCha20::new(&key.into(), &[0; 12].into()).apply_keystream(bytes);
}

fn read(path: &Path) -> Result<Option<(Sealed, Vec<Plate>)>, StoreError> {
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
    let document: Document = serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))?;
    if document.format != FORMAT {
        return Err(damaged(format!(
            "its format is {:?}, not {FORMAT:?}",
            document.format
        )));
    }
    let mut bytes = BASE64
        .decode(&document.sealed)
        .map_err(|e| damaged(e.to_string()))?;
    if hex::encode(Sha256::digest(&bytes)) != document.sealed_sha256 {
        return Err(damaged("its checksum does not match".into()));
    }
    scramble(&document.salt, &mut bytes);
    let sealed: Sealed = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
    if sealed.devices.len() != document.devices.len() {
        return Err(damaged(
            "it lists a different number of devices than it holds".into(),
        ));
    }
    Ok(Some((
        sealed,
        document
            .devices
            .into_iter()
            .map(|listed| listed.plate)
            .collect(),
    )))
}

/// The file has either its old bytes or these, whatever happens meanwhile.
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

/// Bytes as hexadecimal text, for serde.
pub mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes bytes as hexadecimal text.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    /// Reads bytes from hexadecimal text.
    ///
    /// # Errors
    /// When the text is not hexadecimal.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
