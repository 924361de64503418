//! Making, finding and opening the folder, and the files in it that events name.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::lock::{Lock, Occupant};
use crate::host::whole::{self, write_durably};
use keymoot_core::HostError;
use keymoot_core::digest::Digest;

/// The largest object read back, in bytes.
const LARGEST_OBJECT: u64 = 64 << 20;

/// A ceremony's folder, held by this process alone.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: Lock,
}

impl Folder {
    /// Makes a new folder, readable by its owner alone, with what `fill` puts into it.
    /// It appears at its path when all of that is durable.
    ///
    /// # Errors
    /// [`HostError`] when the path is taken or the folder cannot be made; then
    /// nothing is left behind.
    pub fn create(
        path: &Path,
        fill: impl FnOnce(&Path) -> Result<(), HostError>,
    ) -> Result<(), HostError> {
        let made = whole::new_folder(path, "make the ceremony's folder", |part| {
            whole::make_folder(&part.join("objects"))?;
            whole::make_folder(&part.join("escrow"))?;
            fill(part)
        });
        made.map_err(|error| HostError::new(error.what, "fix that, then begin again"))
    }

    /// Checks that a ceremony's folder exists.
    ///
    /// # Errors
    /// [`HostError`] when none does, and whether one was being made.
    pub fn look(path: &Path) -> Result<(), HostError> {
        if path.join("objects").is_dir() {
            return Ok(());
        }
        let shown = keymoot_core::text::escape_path(path);
        let empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        Err(match (whole::part_of(path).is_dir(), empty) {
            (true, _) => HostError::new(
                format!("the ceremony in {shown} was interrupted before its first event"),
                "begin it again with the same command; nothing is lost",
            ),
            // Also what a power cut leaves of a folder that was renamed.
            (false, true) => HostError::new(
                format!("{shown} is empty: it holds no ceremony"),
                "name the folder that was given as --dir. If this is it, begin again with the same command",
            ),
            (false, false) => HostError::new(
                format!("{shown} is not a ceremony's folder"),
                "name the folder that was given as --dir",
            ),
        })
    }

    /// Opens a folder to continue in it.
    ///
    /// # Errors
    /// [`HostError`] when it is no ceremony's folder, or another process works in it.
    pub fn open(path: &Path, occupant: &Occupant) -> Result<Self, HostError> {
        Self::look(path)?;
        // The process that laid it out may have ended before it synced that.
        whole::make_last(path).map_err(|error| HostError::file("sync", path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            _lock: Lock::take(path, occupant)?,
        })
    }

    /// The folder's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps a file under its digest, durably, and returns the digest.
    ///
    /// # Errors
    /// [`HostError`] when it cannot be written.
    pub fn keep(&self, bytes: &[u8]) -> Result<Digest, HostError> {
        let digest = Digest::of(bytes);
        let path = self.object(&digest);
        // A file that is there already is not replaced: a power cut on vfat could lose both.
        match self.kept(&digest).is_ok() {
            true => {
                whole::make_last(&path).map_err(|error| HostError::file("sync", &path, &error))?
            }
            false => write_durably(&path, bytes)?,
        }
        Ok(digest)
    }

    /// Reads a kept file back and checks its digest.
    ///
    /// # Errors
    /// [`HostError`] when it is missing, unreadable or was altered.
    pub fn kept(&self, digest: &Digest) -> Result<Vec<u8>, HostError> {
        Self::kept_in(&self.path, digest)
    }

    /// The same, in a folder that this process need not hold.
    ///
    /// # Errors
    /// As [`Folder::kept`].
    pub(super) fn kept_in(folder: &Path, digest: &Digest) -> Result<Vec<u8>, HostError> {
        let path = folder.join("objects").join(digest.to_string());
        let bytes = keymoot_verify::files::read_bounded(&path, LARGEST_OBJECT)?;
        if Digest::of(&bytes) == *digest {
            Ok(bytes)
        } else {
            Err(HostError::new(
                format!(
                    "{} was changed: its content does not have the digest in its name",
                    keymoot_core::text::escape_path(&path)
                ),
                "stop, and find out who changed it",
            ))
        }
    }

    /// Keeps the sealed file where the holder can take it along, and reads it
    /// back from the medium.
    ///
    /// # Errors
    /// [`HostError`] when it cannot be written, or the disk returns other bytes.
    pub fn keep_escrow(&self, name: &str, bytes: &[u8]) -> Result<Digest, HostError> {
        let path = self.path.join("escrow").join(name);
        write_durably(&path, bytes)?;
        if keymoot_verify::files::read_bounded(&path, LARGEST_OBJECT)? != bytes {
            return Err(HostError::new(
                format!(
                    "{}: the disk gave back something else",
                    keymoot_core::text::escape_path(&path)
                ),
                "leave, copy the ceremony's folder to another disk, and resume there",
            ));
        }
        self.keep(bytes)
    }

    fn object(&self, digest: &Digest) -> PathBuf {
        self.path.join("objects").join(digest.to_string())
    }
}
