//! Warnings and errors by their names.

use std::path::PathBuf;

use keymoot_core::text::escape_path;
use keymoot_tuf::Warning;
use serde::Serialize;

/// Something to know about the files as a whole, or about one of them.
pub(super) struct Finding {
    /// The name that scripts may rely on
    pub(super) name: &'static str,
    /// In words; safe to show
    pub(super) message: String,
    /// The file it is about
    pub(super) path: Option<PathBuf>,
}

impl Finding {
    /// The message, behind the file's name where it is about one.
    pub(super) fn shown(&self) -> String {
        match &self.path {
            Some(path) => format!("{}: {}", escape_path(path), self.message),
            None => self.message.clone(),
        }
    }
}

/// A warning or an error by its name.
#[derive(Serialize)]
pub(super) struct Named {
    pub(super) name: &'static str,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

impl Named {
    pub(super) fn warning(warning: &Warning) -> Self {
        Self {
            name: warning.name(),
            message: warning.to_string(),
            file: None,
        }
    }

    pub(super) fn finding(finding: &Finding) -> Self {
        Self {
            name: finding.name,
            message: finding.message.clone(),
            file: finding.path.as_deref().map(escape_path),
        }
    }
}
