//! What must be remembered of a ceremony's surroundings to resume it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    host::{HostError, folder},
    transcript::Mode,
};

const NAME: &str = "settings.json";

/// The surroundings of a ceremony, kept in its folder and no part of what it proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Live or rehearsal.
    pub mode: Mode,
    /// Where the bundle is to be written.
    pub out: PathBuf,
    /// What a rehearsal's simulator is started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulator: Option<SimulatorSettings>,
}

/// What the simulator is started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatorSettings {
    /// How many devices.
    pub count: usize,
    /// The firmware of the devices, in turn.
    pub firmware: String,
    /// Makes serial numbers, keys and the unattended holders' PINs repeatable.
    pub seed: u64,
    /// Whether nobody is there to answer.
    pub unattended: bool,
    /// How many of the unattended holders make a key in a spare device too.
    #[serde(default)]
    pub spares: usize,
    /// A fault plan for the devices, in the simulator's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fault: String,
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
        let text = folder::read_text(&folder.join(NAME), 1 << 16)?;
        serde_json::from_str(&text).map_err(|error| unusable(&error))
    }
}

fn unusable(error: &serde_json::Error) -> HostError {
    HostError::new(
        format!(
            "settings.json of the ceremony's folder: {}",
            crate::text::escape(&error.to_string())
        ),
        "restore it from a copy of the folder",
    )
}
