//! Writing files and folders, each whole or not at all, so that they outlast a power cut.
//!
//! Each is made under another name beside its place, filled, synced, and renamed. Every rename of
//! the program is in this module, because a rename alone does not last. On vfat it makes a new
//! entry with size and first cluster 0. The kernel fills this entry when it writes the inode
//! (`vfat_rename` in Linux, `fs/fat/namei_vfat.c`).

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{Advice, CWD, OFlags, RenameFlags};

use keymoot_core::{HostError, text::escape_path};

/// Where a folder is made before it is renamed. keymoot removes what an interrupted
/// attempt left there, so nobody else must have a use for the name.
#[must_use]
pub fn part_of(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".keymoot-part");
    target.with_file_name(name)
}

/// Removes what an interrupted attempt left.
///
/// # Errors
/// [`HostError`] when it cannot be removed.
pub fn remove(part: &Path) -> Result<(), HostError> {
    match fs::remove_dir_all(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(HostError::file("remove", part, &error))
        }
        _ => Ok(()),
    }
}

/// Makes a folder and its missing parents, for their owner alone. The process's umask
/// changes nothing.
///
/// # Errors
/// [`HostError`] when one cannot be made.
pub fn make_folder(path: &Path) -> Result<(), HostError> {
    let mut builder = fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(path);
    made.map_err(|error| HostError::file("make", path, &error))
}

/// Makes a new folder, for its owner alone, with what `fill` puts into it: whole, or not at all.
///
/// # Errors
/// [`HostError`] when its place is taken or something cannot be written; nothing is left behind.
/// `doing` says what failed.
pub fn new_folder(
    path: &Path,
    doing: &str,
    fill: impl FnOnce(&Path) -> Result<(), HostError>,
) -> Result<(), HostError> {
    let fail = |error: io::Error| HostError::file(doing, path, &error);
    remove_empty(path);
    if fs::symlink_metadata(path).is_ok() {
        return Err(fail(io::ErrorKind::AlreadyExists.into()));
    }
    let part = part_of(path);
    remove(&part)?;
    let made = fs::DirBuilder::new()
        .mode(0o700)
        .create(&part)
        .map_err(fail)
        .and_then(|()| fill(&part))
        .and_then(|()| {
            sync_all(&part)
                .and_then(|()| settle(&part, path))
                .map_err(fail)
        });
    if made.is_err() {
        // The first failure is the one to report.
        let _ = remove(&part);
    }
    made
}

/// Makes the entries of a folder, and of those in it, durable.
///
/// # Errors
/// What kept a folder from being read or synced.
pub fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all(&entry.path())?;
        }
    }
    sync(folder)
}

/// Makes a file durable, or the entries of one folder.
///
/// # Errors
/// What kept it from being synced.
pub fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Makes the rename to this path last: what was renamed is synced under its new name, and
/// then the folder that contains it.
///
/// # Errors
/// What kept either from being synced.
pub fn make_last(renamed: &Path) -> io::Result<()> {
    sync(renamed)?;
    sync(parent(renamed))
}

/// Drops a synced file from the page cache, so that the next to read it asks the medium.
/// Its name and its place on the medium may still come from memory.
///
/// # Errors
/// The kernel's error.
pub fn forget(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fadvise(file, 0, None, Advice::DontNeed)?)
}

/// Removes an empty folder, which is what a power cut may leave of one that was renamed.
/// Anything else is left alone.
pub fn remove_empty(folder: &Path) {
    // If it cannot be removed, anyone who wants its place finds it there.
    let _ = fs::remove_dir(folder);
}

/// Renames a folder to its place, so that it lasts, without replacing anything there; a
/// file system that cannot promise that is asked in two steps.
///
/// # Errors
/// What kept it from being renamed or synced; [`io::ErrorKind::AlreadyExists`] where its
/// place is taken.
pub fn settle(part: &Path, target: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, part, CWD, target, RenameFlags::NOREPLACE) {
        Ok(()) => {}
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            if fs::symlink_metadata(target).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(part, target)?;
        }
        Err(error) => return Err(error.into()),
    }
    make_last(target)
}

/// The parent folder.
#[must_use]
pub fn parent(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Writes a file so that it is whole or not there: temporary file, sync, rename, sync of
/// the renamed file and of the folder.
///
/// # Errors
/// [`HostError`] naming the file.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), HostError> {
    write_with_mode(path, bytes, 0o600)
}

/// [`write_durably`] for a file that is published: everybody may read it.
///
/// # Errors
/// [`HostError`] naming the file.
pub fn publish_durably(path: &Path, bytes: &[u8]) -> Result<(), HostError> {
    write_with_mode(path, bytes, 0o644)
}

/// The help for [`publish_once`] where a person named the place.
pub const UNTAKEN: &str = "name a file that does not exist yet";

/// [`publish_durably`] for a place that is free. The very same file is left alone, and synced.
///
/// # Errors
/// [`HostError`] with `next` when another file is there, when that file cannot
/// be read, or when the new one cannot be written.
pub fn publish_once(path: &Path, bytes: &[u8], next: &str) -> Result<(), HostError> {
    match is_there(path, Some(bytes), next)? {
        true => make_last(path).map_err(|error| HostError::file("sync", path, &error)),
        false => publish_durably(path, bytes),
    }
}

/// Whether a file has these bytes already; `false` where its place is free. `None` stands for bytes
/// that are not made yet: no file has them.
///
/// # Errors
/// [`HostError`] with `next` when another file is there, or when that file cannot be read.
pub fn is_there(path: &Path, bytes: Option<&[u8]>, next: &str) -> Result<bool, HostError> {
    let bound = bytes.map_or(0, <[u8]>::len) as u64 + 1;
    let there = keymoot_verify::files::open(path).and_then(|file| {
        let mut there = Vec::new();
        file.take(bound).read_to_end(&mut there)?;
        Ok(there)
    });
    match there {
        Ok(there) if bytes == Some(there.as_slice()) => Ok(true),
        Ok(_) => Err(HostError::new(
            format!("there is something else at {}", escape_path(path)),
            next,
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(HostError::file("read", path, &error)),
    }
}

fn write_with_mode(path: &Path, bytes: &[u8], mode: u32) -> Result<(), HostError> {
    Staged::with_mode(path, bytes, mode)?.replace()
}

/// A file that is whole and synced under another name beside its place. Dropping it removes the
/// file again.
#[derive(Debug)]
pub struct Staged {
    /// Empty once there is nothing to remove.
    part: PathBuf,
    target: PathBuf,
}

impl Staged {
    /// Writes a file for publication beside its place, and syncs it.
    ///
    /// # Errors
    /// [`HostError`] naming the file; nothing is left.
    pub fn publish(target: &Path, bytes: &[u8]) -> Result<Self, HostError> {
        Self::with_mode(target, bytes, 0o644)
    }

    fn with_mode(target: &Path, bytes: &[u8], mode: u32) -> Result<Self, HostError> {
        let fail = |error: io::Error| HostError::file("write", target, &error);
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = target.with_file_name(name);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(mode)
            // Overwrites a `.part` left by a crash; a planted symlink or pipe is refused.
            .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
            .open(&part)
            .map_err(fail)?;
        let staged = Self {
            part,
            target: target.to_owned(),
        };
        file.write_all(bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| forget(&file))
            .map_err(fail)?;
        Ok(staged)
    }

    /// Renames it to its place, over an older file, and makes that last.
    ///
    /// # Errors
    /// [`HostError`] naming the file.
    pub fn replace(mut self) -> Result<(), HostError> {
        fs::rename(&self.part, &self.target)
            .and_then(|()| make_last(&self.target))
            .map_err(|error| HostError::file("write", &self.target, &error))?;
        self.part.clear();
        Ok(())
    }

    /// Renames it to its place, which must be free, and makes that last. An error gives it back.
    ///
    /// # Errors
    /// [`HostError`] naming the file, and the file under its other name.
    pub fn settle(mut self) -> Result<(), (HostError, Self)> {
        match settle(&self.part, &self.target) {
            Ok(()) => {
                self.part.clear();
                Ok(())
            }
            Err(error) => Err((HostError::file("write", &self.target, &error), self)),
        }
    }

    /// Leaves it under its other name. Returns that name.
    #[must_use]
    pub fn leave(mut self) -> PathBuf {
        std::mem::take(&mut self.part)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.part.as_os_str().is_empty() {
            // What cannot be removed is overwritten by the next attempt.
            let _ = fs::remove_file(&self.part);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (part, target) = (folder.path().join("part"), folder.path().join("target"));
        fs::create_dir(&part).unwrap();
        fs::create_dir(&target).unwrap();
        let error = settle(&part, &target).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_staged_file_that_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"before").unwrap();
        drop(Staged::publish(&path, b"after").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"before");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_staged_file_settles_in_a_free_place_alone_and_can_be_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        Staged::publish(&path, b"first").unwrap().settle().unwrap();
        let second = Staged::publish(&path, b"second").unwrap();
        let (_, second) = second.settle().unwrap_err();
        let left = second.leave();
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read(left).unwrap(), b"second");
    }

    #[test]
    fn a_file_published_once_replaces_nothing_and_leaves_no_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        publish_once(&path, b"this", "move it").unwrap();
        publish_once(&path, b"this", "move it").unwrap();
        let error = publish_once(&path, b"that", "move it").unwrap_err();
        assert_eq!(error.next, "move it");
        assert_eq!(fs::read(&path).unwrap(), b"this");
    }

    #[test]
    fn each_file_is_in_the_way_of_bytes_that_are_not_made_yet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert_eq!(is_there(&path, None, "move it"), Ok(false));
        fs::write(&path, b"this").unwrap();
        assert_eq!(is_there(&path, Some(b"this"), "move it"), Ok(true));
        assert!(is_there(&path, None, "move it").is_err());
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        // A link to itself: a rename would replace it.
        let path = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &path).unwrap();
        let error = publish_once(&path, b"this", "move it").unwrap_err();
        assert!(error.what.contains("cannot read"), "{}", error.what);
        assert!(path.is_symlink());
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_no_part() {
        let folder = tempfile::tempdir().unwrap();
        // A folder in its place: the rename fails.
        let path = folder.path().join("taken");
        fs::create_dir_all(path.join("by")).unwrap();
        write_durably(&path, b"this").unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_filled_leaves_its_place_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("folder");
        let full = || HostError::new("the disk is full", "free some space");
        let half = |part: &Path| {
            write_durably(&part.join("first"), b"this")?;
            Err(full())
        };
        assert_eq!(new_folder(&path, "make", half), Err(full()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let whole = |part: &Path| write_durably(&part.join("first"), b"this");
        new_folder(&path, "make", whole).unwrap();
        assert_eq!(fs::read(path.join("first")).unwrap(), b"this");
        let error = new_folder(&path, "make", whole).unwrap_err();
        assert!(
            error.what.contains("File exists") || error.what.contains("exists"),
            "{error}"
        );
    }

    #[test]
    fn an_empty_folder_is_removed_and_one_that_holds_something_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, full) = (folder.path().join("empty"), folder.path().join("full"));
        fs::create_dir(&empty).unwrap();
        fs::create_dir_all(full.join("something")).unwrap();
        remove_empty(&empty);
        remove_empty(&full);
        assert!(!empty.exists());
        assert!(full.join("something").exists());
    }
}
