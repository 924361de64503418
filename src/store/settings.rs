//! The surroundings of a ceremony that `keymoot resume` needs.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::host::whole;
use keymoot_attestation::Family;
use keymoot_core::{
    HostError, Rule, Violation,
    digest::Digest,
    text::{escape, escape_path},
};
use keymoot_record::{
    ceremony::{bags::Bags, opening::Opening},
    transcript::Mode,
};

const NAME: &str = "settings.json";

/// The most simulated devices of a kind: four for each of 64 holders.
const MOST_DEVICES: usize = 256;

/// The surroundings of a ceremony, kept in its folder: hints, which decide nothing. Whether a
/// ceremony is live, and whose devices count in it, the transcript says.
///
/// The transcript of a live ceremony records a digest of them. A member that a later version
/// adds is left out where it has its default, or the digest would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Live or rehearsal.
    pub mode: Mode,
    /// Where the bundle is to be written.
    pub out: PathBuf,
    /// Where further copies of the bundle are to be written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<PathBuf>,
    /// Where YubiHSM 2s are looked for: address and port of a connector on this
    /// machine, or `usb`.
    #[serde(default = "usual_connector")]
    pub connector: String,
    /// The bags in which the last ceremony left machine and devices, as its bundle says.
    #[serde(default, skip_serializing_if = "Bags::is_empty")]
    pub bags: Bags,
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
    /// How many YubiHSM 2s.
    #[serde(default)]
    pub units: usize,
    /// The family of each seat's device; a YubiKey where it is not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seats: Vec<Family>,
    /// The firmware of the YubiKeys, in turn.
    pub firmware: String,
    /// Serial numbers of new YubiKeys, in the simulator's words: those that the roster lists.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub serials: String,
    /// Serial numbers of new YubiHSM 2s.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit_serials: String,
    /// Makes serial numbers, keys and the unattended holders' PINs repeatable.
    pub seed: u64,
    /// Whether the rehearsal is unattended.
    pub unattended: bool,
    /// How many of the unattended holders make a key in a spare device too.
    #[serde(default)]
    pub spares: usize,
    /// The handles of the unattended holders who take part apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<String>,
    /// The handles of those who do not come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
    /// A fault plan for the YubiKeys, in the simulator's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fault: String,
    /// A fault plan for the YubiHSM 2s.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit_fault: String,
}

/// Where Yubico's connector listens by default.
#[must_use]
pub fn usual_connector() -> String {
    "127.0.0.1:12345".to_owned()
}

impl Settings {
    /// Keeps the settings in a ceremony's folder.
    ///
    /// # Errors
    /// [`HostError`] when they cannot be written, or would be refused when they are read.
    pub fn write(&self, folder: &Path) -> Result<(), HostError> {
        self.check_values()
            .map_err(|why| HostError::new(why, "correct the arguments"))?;
        whole::write_durably(&folder.join(NAME), &self.json()?)
    }

    fn json(&self) -> Result<Vec<u8>, HostError> {
        serde_json::to_vec_pretty(self).map_err(|error| unusable(&error))
    }

    /// Reads them back.
    ///
    /// # Errors
    /// [`HostError`] when they cannot be read, or hold a value that no keymoot writes.
    pub fn read(folder: &Path) -> Result<Self, HostError> {
        let text = keymoot_verify::files::read_text(&folder.join(NAME), 1 << 16)?;
        let settings: Self = serde_json::from_str(&text).map_err(|error| unusable(&error))?;
        settings.check_values().map_err(|why| unusable(&why))?;
        Ok(settings)
    }

    /// Why a value is of no use.
    fn check_values(&self) -> Result<(), String> {
        let mut places = std::iter::once(&self.out).chain(&self.copies);
        if let Some(place) = places.find(|place| !place.is_absolute()) {
            return Err(format!(
                "the place for the bundle, {}, is no absolute path",
                escape_path(place)
            ));
        }
        let mut devices = self.simulator.iter().flat_map(|simulator| {
            [
                ("count", simulator.count),
                ("units", simulator.units),
                ("spares", simulator.spares),
            ]
        });
        match devices.find(|(_, count)| *count > MOST_DEVICES) {
            Some((name, count)) => Err(format!(
                "simulator.{name} is {count}, and a rehearsal has at most {MOST_DEVICES} devices of a kind"
            )),
            None => Ok(()),
        }
    }

    /// The digest by which the transcript of a live ceremony records the settings.
    ///
    /// # Errors
    /// [`HostError`] when they cannot be written as JSON.
    pub fn digest(&self) -> Result<Digest, HostError> {
        self.json().map(|text| Digest::of(&text))
    }

    /// TRANSCRIPT-SETTINGS: the settings are those of this ceremony. Of a live one, they are
    /// exactly those that its transcript recorded.
    ///
    /// # Errors
    /// [`Violation`] when somebody changed them.
    pub fn check(&self, opening: &Opening) -> Result<(), Violation> {
        self.check_mode(opening.mode)?;
        match opening.mode {
            Mode::Live if self.digest().ok() != opening.settings => {
                Err(changed("is not the one that the transcript recorded"))
            }
            Mode::Live | Mode::Rehearsal => Ok(()),
        }
    }

    /// The part of [`Settings::check`] about the mode in which a ceremony was opened.
    ///
    /// # Errors
    /// [`Violation`] when the settings say another.
    pub fn check_mode(&self, opened: Mode) -> Result<(), Violation> {
        let (says, opened) = (self.mode.name(), opened.name());
        match says == opened {
            true => Ok(()),
            false => Err(changed(&format!(
                "says {says}, and the transcript was opened as {opened}"
            ))),
        }
    }
}

/// The settings that the folder keeps, and those that replace them from now on.
#[derive(Debug)]
pub struct CurrentSettings {
    kept: Settings,
    changed: Option<Settings>,
}

impl CurrentSettings {
    /// Reads the settings of a ceremony's folder. `outs` are other places for its bundle.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn read(folder: &Path, outs: &[PathBuf]) -> Result<Self, HostError> {
        let kept = Settings::read(folder)?;
        let changed = outs.split_first().map(|(out, copies)| Settings {
            out: out.clone(),
            copies: copies.to_vec(),
            ..kept.clone()
        });
        Ok(Self { kept, changed })
    }

    /// Those that the folder keeps.
    #[must_use]
    pub fn kept(&self) -> &Settings {
        &self.kept
    }

    /// Those that replace them.
    #[must_use]
    pub fn changed(&self) -> Option<&Settings> {
        self.changed.as_ref()
    }

    /// Those that count from now on.
    #[must_use]
    pub fn now(&self) -> &Settings {
        self.changed.as_ref().unwrap_or(&self.kept)
    }

    /// The mode of the ceremony: the transcript's, where it is opened.
    ///
    /// # Errors
    /// As [`Settings::check`].
    pub fn check(&self, opening: Option<&Opening>) -> Result<Mode, Violation> {
        let Some(opening) = opening else {
            return Ok(self.kept.mode);
        };
        // A crash can fall between recording another place for the bundle and writing it.
        let changed = self.changed.as_ref().map(|changed| changed.check(opening));
        match self.kept.check(opening) {
            Err(violation) if !matches!(changed, Some(Ok(()))) => Err(violation),
            _ => Ok(opening.mode),
        }
    }

    /// Keeps those that replace the others. The transcript records them before.
    ///
    /// # Errors
    /// As [`Settings::write`].
    pub fn write_changed(&self, folder: &Path) -> Result<(), HostError> {
        match &self.changed {
            Some(changed) => changed.write(folder),
            None => Ok(()),
        }
    }
}

fn changed(how: &str) -> Violation {
    Violation::new(
        Rule::TranscriptSettings,
        format!("settings.json {how}"),
        "find out who changed settings.json, and restore it from a copy of the folder",
    )
}

fn unusable(error: &dyn std::fmt::Display) -> HostError {
    HostError::new(
        format!(
            "settings.json of the ceremony's folder: {}",
            escape(&error.to_string())
        ),
        "restore it from a copy of the folder",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Reads settings with this place for the bundle and so many simulated devices.
    fn read(out: &str, count: usize) -> Result<Settings, HostError> {
        let folder = tempfile::tempdir().unwrap();
        let text = serde_json::json!({
            "mode": "rehearsal",
            "out": out,
            "simulator": { "count": count, "firmware": "5.7.4", "seed": 7, "unattended": true },
        });
        std::fs::write(folder.path().join(NAME), text.to_string()).unwrap();
        Settings::read(folder.path())
    }

    #[test]
    fn a_relative_place_or_more_devices_than_holders_could_have_are_refused() {
        assert_eq!(
            read("/media/bundle", 256).unwrap().simulator.unwrap().count,
            256
        );
        for (out, count, told) in [
            (
                "media/bundle",
                9,
                "the place for the bundle, media/bundle, is no absolute path",
            ),
            ("/media/bundle", 100_000_000, "simulator.count is 100000000"),
        ] {
            let error = read(out, count).unwrap_err();
            assert!(error.what.contains(told), "{error}");
            assert_eq!(error.next, "restore it from a copy of the folder");
        }
    }
}
