//! Errors from outside the program, each with the next step.

/// An error of a disk, a device or another part of the system: what happened, to what, what to do
/// next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}\n  help: {next}")]
pub struct HostError {
    /// What happened, and to what.
    pub what: String,
    /// What to do next.
    pub next: String,
}

impl HostError {
    /// A failure, with the next step.
    #[must_use]
    pub fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            next: next.into(),
        }
    }

    /// A file that could not be read or written.
    #[must_use]
    pub fn file(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let path = crate::text::escape_path(path);
        let next = match error.kind() {
            std::io::ErrorKind::NotFound => "check the path and try again",
            std::io::ErrorKind::PermissionDenied => "check who owns the file and its permissions",
            std::io::ErrorKind::StorageFull => "free some space on that disk, then resume",
            std::io::ErrorKind::InvalidInput => "name an ordinary file",
            std::io::ErrorKind::AlreadyExists => "choose a path that does not exist yet",
            _ => "check the disk, then resume; nothing acknowledged is lost",
        };
        Self::new(format!("cannot {doing} {path}: {error}"), next)
    }
}
