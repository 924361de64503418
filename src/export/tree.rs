//! A git working tree: the files at the places where an export writes, and writing them.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use super::{
    error::ExportError,
    layout::{ATTRIBUTES, HISTORY, ROOT, ROOT_SIGNATURES, SIGNED_REVOKED, is_current, version},
};
use crate::host::whole;
use keymoot_core::{
    HostError, Rule, Violation,
    text::{escape_path, excerpt},
};
use keymoot_record::{bundle::Files, ceremony::previous::REVOKED};
use keymoot_tuf::Dialect;

/// The largest file of a tree that is read, in bytes.
const LARGEST: u64 = 16 << 20;
/// The most roots that a history may have.
const MOST_ROOTS: usize = 4096;

/// The files of a working tree at the places where an export would write. Nothing about them is
/// checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    path: PathBuf,
    files: Files,
    event: Option<&'static str>,
}

impl Tree {
    /// Reads, of a working tree, the files that an export of `published` would write
    /// over, and its whole history of roots.
    ///
    /// # Errors
    /// Every violation of EXPORT-TREE: something on the way to these files that is a
    /// link, or neither a file nor a folder where there must be one. A [`HostError`]
    /// when the disk fails or there is no such tree.
    pub fn read(path: &Path, published: &Files, dialect: Dialect) -> Result<Self, ExportError> {
        if !path.is_dir() {
            return Err(HostError::new(
                format!("{} is not a folder", escape_path(path)),
                "name the working tree of the repository: the folder that has metadata/, or will have it",
            )
            .into());
        }
        let mut tree = Self {
            path: path.to_owned(),
            files: Files::new(),
            event: None,
        };
        let mut violations = Vec::new();
        let mut wanted: Vec<String> = published.keys().cloned().collect();
        let others = [
            ROOT,
            ROOT_SIGNATURES,
            REVOKED,
            SIGNED_REVOKED,
            ATTRIBUTES,
            keymoot_tuf::dialect::tufops::FILE,
        ];
        wanted.extend(others.map(str::to_owned));
        match tree.history() {
            Ok(roots) => wanted.extend(roots),
            Err(ExportError::Violated(found)) => violations.extend(found),
            Err(error) => return Err(error),
        }
        wanted.sort();
        wanted.dedup();
        for inside in wanted {
            match tree.file(&inside) {
                Ok(Some(bytes)) => {
                    tree.files.insert(inside, bytes);
                }
                Ok(None) => {}
                Err(ExportError::Violated(found)) => violations.extend(found),
                Err(error) => return Err(error),
            }
        }
        tree.event = dialect
            .event_state()
            .filter(|state| fs::symlink_metadata(path.join(state)).is_ok());
        violations.dedup();
        match violations.is_empty() {
            true => Ok(tree),
            false => Err(ExportError::Violated(violations)),
        }
    }

    /// Writes the files that differ from what was read, each so that it lasts. Gives their
    /// paths.
    ///
    /// # Errors
    /// [`HostError`] naming the file that could not be written.
    pub fn write_all(&self, files: &Files) -> Result<Vec<String>, HostError> {
        let mut written = Vec::new();
        for (path, bytes) in files {
            if self.files.get(path) != Some(bytes) {
                write(&self.path, path, bytes)?;
                written.push(path.clone());
            }
        }
        Ok(written)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The files that were read: path in the tree to content.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// The file of an open signing event, if there is one.
    #[must_use]
    pub fn event(&self) -> Option<&'static str> {
        self.event
    }

    /// Whether it has a root, current or of an earlier version.
    #[must_use]
    pub fn has_root(&self) -> bool {
        self.files
            .keys()
            .any(|path| is_current(path) || version(path).is_some())
    }

    /// The paths of all roots of the tree's history.
    fn history(&self) -> Result<Vec<String>, ExportError> {
        let folder = HISTORY.trim_end_matches('/');
        if self.kind_of(folder, true)?.is_none() {
            return Ok(Vec::new());
        }
        let whole = self.path.join(folder);
        let mut roots = Vec::new();
        let fail = |error: io::Error| HostError::file("list", &whole, &error);
        for entry in fs::read_dir(&whole).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            let path = name.to_str().map(|name| format!("{HISTORY}{name}"));
            roots.extend(path.filter(|path| version(path).is_some()));
            if roots.len() > MOST_ROOTS {
                return Err(refused(folder, "holds more roots than any history has"));
            }
        }
        Ok(roots)
    }

    fn file(&self, inside: &str) -> Result<Option<Vec<u8>>, ExportError> {
        match self.kind_of(inside, false)? {
            None => Ok(None),
            Some(_) => Ok(Some(keymoot_verify::files::read_bounded(
                &self.path.join(inside),
                LARGEST,
            )?)),
        }
    }

    /// The content at a path of the tree, if there is any: on the way to it there are
    /// folders alone, and it is itself a folder or an ordinary file.
    fn kind_of(&self, inside: &str, folder: bool) -> Result<Option<fs::FileType>, ExportError> {
        let mut place = self.path.clone();
        let mut parts = inside.split('/').peekable();
        let mut way = String::new();
        while let Some(part) = parts.next() {
            place.push(part);
            way.push_str(part);
            let kind = match fs::symlink_metadata(&place) {
                Ok(meta) => meta.file_type(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(HostError::file("look at", &place, &error).into()),
            };
            match parts.peek() {
                Some(_) if !kind.is_dir() => {
                    return Err(refused(&way, "is a link, or no folder"));
                }
                None if folder && !kind.is_dir() => {
                    return Err(refused(&way, "is a link, or no folder"));
                }
                None if !folder && !kind.is_file() => {
                    return Err(refused(&way, "is a link, or no ordinary file"));
                }
                None => return Ok(Some(kind)),
                Some(_) => way.push('/'),
            }
        }
        Ok(None)
    }
}

fn refused(inside: &str, what: &str) -> ExportError {
    ExportError::Violated(vec![Violation::new(
        Rule::ExportTree,
        format!("\"{}\" in the tree {what}", excerpt(inside)),
        "remove it from the tree; an export does not write through links",
    )])
}

/// Writes one file of a tree so that it lasts, with its parent folders.
pub(super) fn write(tree: &Path, inside: &str, bytes: &[u8]) -> Result<(), HostError> {
    let mut place = tree.to_owned();
    let folders = inside.rsplit_once('/').map_or("", |(folders, _)| folders);
    for part in folders.split('/').filter(|part| !part.is_empty()) {
        let parent = place.clone();
        place.push(part);
        let fail = |error: io::Error| HostError::file("make", &place, &error);
        match DirBuilder::new().mode(0o755).create(&place) {
            Ok(()) => whole::sync(&parent).map_err(fail)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(fail(error)),
        }
    }
    whole::publish_durably(&tree.join(inside), bytes)
}
