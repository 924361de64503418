//! What must be remembered of a ceremony's surroundings to resume it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::host::folder;
use keymoot_attestation::Family;
use keymoot_core::HostError;
use keymoot_record::transcript::Mode;

const NAME: &str = "settings.json";

/// The surroundings of a ceremony, kept in its folder and no part of what it proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Live or rehearsal.
    pub mode: Mode,
    /// Where the bundle is to be written.
    pub out: PathBuf,
    /// Where YubiHSM 2 units are looked for: address and port of a connector on this
    /// machine, or `usb`.
    #[serde(default = "usual_connector")]
    pub connector: String,
    /// What a rehearsal's simulator is started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulator: Option<SimulatorSettings>,
}

/// What the simulator is started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatorSettings {
    /// How many YubiKeys.
    pub count: usize,
    /// How many YubiHSM 2 units.
    #[serde(default)]
    pub units: usize,
    /// What the holder of each seat brings; YubiKeys where it is not said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seats: Vec<Family>,
    /// The firmware of the YubiKeys, in turn.
    pub firmware: String,
    /// Makes serial numbers, keys and the unattended holders' PINs repeatable.
    pub seed: u64,
    /// Whether nobody is there to answer.
    pub unattended: bool,
    /// How many of the unattended holders make a key in a spare device too.
    #[serde(default)]
    pub spares: usize,
    /// A fault plan for the YubiKeys, in the simulator's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fault: String,
    /// A fault plan for the YubiHSM 2 units.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit_fault: String,
}

/// Where Yubico's connector listens, unless it is told otherwise.
#[must_use]
pub fn usual_connector() -> String {
    "127.0.0.1:12345".to_owned()
}

impl Settings {
    /// Keeps the settings in a ceremony's folder.
    ///
    /// # Errors
    /// [`HostError`] when they cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), HostError> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| unusable(&error))?;
        folder::write_durably(&folder.join(NAME), &text)
    }

    /// Reads them back.
    ///
    /// # Errors
    /// [`HostError`] when they cannot be read.
    pub fn read(folder: &Path) -> Result<Self, HostError> {
        let text = keymoot_verify::files::read_text(&folder.join(NAME), 1 << 16)?;
        serde_json::from_str(&text).map_err(|error| unusable(&error))
    }
}

fn unusable(error: &serde_json::Error) -> HostError {
    HostError::new(
        format!(
            "settings.json of the ceremony's folder: {}",
            keymoot_core::text::escape(&error.to_string())
        ),
        "restore it from a copy of the folder",
    )
}
