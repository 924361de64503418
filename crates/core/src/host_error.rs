//! Errors from outside the program, each with the next step.

use std::{
    io::{Error, ErrorKind},
    path::Path,
};

/// An error of a disk, a device or another part of the system: what happened, to what, what to do
/// next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}\n  help: {next}")]
pub struct HostError {
    /// What happened, and to what.
    pub what: String,
    /// What to do next.
    pub next: String,
    /// What to do next in a ceremony, where that differs.
    resume: Option<&'static str>,
}

impl HostError {
    /// A failure, with the next step.
    #[must_use]
    pub fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            next: next.into(),
            resume: None,
        }
    }

    /// A file that could not be read or written.
    #[must_use]
    pub fn file(doing: &str, path: &Path, error: &Error) -> Self {
        let path = crate::text::escape_path(path);
        let (next, resume) = next_step(error.kind());
        Self {
            resume,
            ..Self::new(format!("cannot {doing} {path}: {error}"), next)
        }
    }

    /// The same error in a ceremony that can be resumed: its transcript is on the disk.
    #[must_use]
    pub fn resumable(mut self) -> Self {
        if let Some(resume) = self.resume.take() {
            resume.clone_into(&mut self.next);
        }
        self
    }
}

/// What to do about an error of a file; and in a ceremony, where that differs.
fn next_step(kind: ErrorKind) -> (&'static str, Option<&'static str>) {
    use ErrorKind as K;
    let once = |next| (next, None);
    match kind {
        K::NotFound => once("check the path and try again"),
        K::PermissionDenied => once("check who owns the file and its permissions"),
        K::InvalidInput => once("name an ordinary file"),
        K::AlreadyExists => once("choose a path that does not exist yet"),
        K::IsADirectory => once("name a file, because this is a folder"),
        K::NotADirectory => once("check the path: something in it is a file, and no folder"),
        K::InvalidFilename => once("choose a shorter name"),
        K::BrokenPipe => once("let the reader read to the end, and try again"),
        K::ReadOnlyFilesystem => (
            "choose a place that can be written, or mount this one for writing",
            Some("mount that disk for writing, then resume"),
        ),
        K::StorageFull | K::QuotaExceeded => (
            "free some space on that disk, then try again",
            Some("free some space on that disk, then resume"),
        ),
        _ => (
            "check the disk, then try again",
            Some("check the disk, then resume; nothing acknowledged is lost"),
        ),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn failed(kind: ErrorKind) -> HostError {
        HostError::file("write", Path::new("there"), &kind.into())
    }

    #[test]
    fn each_cause_of_a_failed_file_has_its_own_help() {
        let causes = [
            ErrorKind::NotFound,
            ErrorKind::PermissionDenied,
            ErrorKind::InvalidInput,
            ErrorKind::AlreadyExists,
            ErrorKind::IsADirectory,
            ErrorKind::NotADirectory,
            ErrorKind::InvalidFilename,
            ErrorKind::BrokenPipe,
            ErrorKind::ReadOnlyFilesystem,
            ErrorKind::StorageFull,
            ErrorKind::Other,
        ];
        let mut help: Vec<_> = causes.map(|kind| failed(kind).next).into();
        help.sort();
        help.dedup();
        assert_eq!(help.len(), causes.len());
    }

    #[test]
    fn an_error_speaks_of_resuming_only_in_a_ceremony() {
        for kind in [
            ErrorKind::ReadOnlyFilesystem,
            ErrorKind::StorageFull,
            ErrorKind::Other,
        ] {
            let error = failed(kind);
            assert!(!error.next.contains("resume"), "{error}");
            let error = error.resumable();
            assert!(error.next.contains("then resume"), "{error}");
        }
    }

    #[test]
    fn help_that_fits_a_ceremony_stays() {
        let error = HostError::new("what", "next");
        assert_eq!(error.clone().resumable(), error);
        let error = failed(ErrorKind::IsADirectory);
        assert_eq!(error.clone().resumable(), error);
    }
}
