//! Names that lie beside metadata and not in it.

use std::path::{Path, PathBuf};

use keymoot_tuf::dialect::tufops::{self, Config, ConfigError};

use crate::files;

/// The largest file of names that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// What the `tufops.toml` of a repository says.
pub(super) struct Names {
    path: PathBuf,
    config: Result<Config, ConfigError>,
}

impl Names {
    /// Looks for it in the document's folder and the two above it: a document can lie as deep as
    /// `metadata/root_history/`.
    pub(super) fn around(document: &Path) -> Option<Self> {
        let document = std::path::absolute(document).ok()?;
        let folders = document.ancestors().skip(1).take(3);
        folders
            .map(|folder| folder.join(tufops::FILE))
            .find_map(|path| {
                let text = files::read_text(&path, LARGEST).ok()?;
                let config = Config::parse(&text);
                Some(Self { path, config })
            })
    }

    pub(super) fn config(&self) -> Option<&Config> {
        self.config.as_ref().ok()
    }

    /// Where the names are from, and what they are worth.
    pub(super) fn note(&self) -> String {
        let path = keymoot_core::text::escape_path(&self.path);
        match &self.config {
            Ok(_) => format!("Names of keys are from {path}, which nobody has signed."),
            Err(error) => format!("{path} gives no names: {error}"),
        }
    }
}
