//! Reading a bundle: strictly, within bounds, into memory.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use super::Files;
use crate::{
    host::folder,
    rules::{Verdict, Violation},
    text::escape,
};

/// The most files that a bundle may have.
const MOST_FILES: usize = 4096;
/// The most bytes that all files of a bundle may have together.
const MOST_BYTES: u64 = 64 << 20;
/// How deep folders may lie in one another.
const DEEPEST: usize = 8;

/// A bundle in memory, as it was read. Nothing about it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    files: Files,
}

impl Bundle {
    /// Its files.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// A bundle of these files.
    #[must_use]
    pub fn of(files: Files) -> Self {
        Self { files }
    }
}

/// Reads a bundle. Links, devices, odd names, too many files and too many bytes
/// are refused before anything is believed.
///
/// # Errors
/// Violations of BUNDLE-FILES, or of BUNDLE-READ when the disk fails.
pub fn read(path: &Path) -> Result<Bundle, Vec<Verdict>> {
    let mut reader = Reader {
        files: Files::new(),
        left: MOST_BYTES,
        faults: Vec::new(),
    };
    reader.folder(path, "", 0);
    if reader.faults.is_empty() {
        Ok(Bundle {
            files: reader.files,
        })
    } else {
        Err(reader.faults)
    }
}

struct Reader {
    files: Files,
    left: u64,
    faults: Vec<Verdict>,
}

impl Reader {
    fn folder(&mut self, path: &Path, inside: &str, depth: usize) {
        let listed = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let entries = match listed {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(inside, &error.to_string()),
        };
        if depth > DEEPEST || self.files.len() + entries.len() > MOST_FILES {
            return self.fault(
                inside,
                "holds more files, or deeper folders, than a bundle does",
            );
        }
        if entries.is_empty() {
            return self.fault(inside, "is an empty folder, which no bundle holds");
        }
        for entry in entries {
            let name = entry.file_name();
            let plain = name.to_str().filter(|name| is_plain(name));
            let Some(name) = plain else {
                self.fault(
                    &format!("{inside}{}", name.to_string_lossy()),
                    "has a name that no bundle holds",
                );
                continue;
            };
            let inside = format!("{inside}{name}");
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => {
                    self.folder(&entry.path(), &format!("{inside}/"), depth + 1)
                }
                Ok(meta) if meta.is_file() && meta.nlink() == 1 => {
                    self.file(&entry.path(), inside, meta.len())
                }
                Ok(_) => self.fault(&inside, "is a link or no ordinary file"),
                Err(error) => self.unreadable(&inside, &error.to_string()),
            }
        }
    }

    fn file(&mut self, path: &Path, inside: String, size: u64) {
        if size > self.left {
            return self.fault(&inside, "makes the bundle larger than 64 MiB");
        }
        match folder::read_bounded(path, self.left) {
            Ok(bytes) => {
                self.left -= bytes.len() as u64;
                self.files.insert(inside, bytes);
            }
            Err(error) => self.unreadable(&inside, &error.what),
        }
    }

    fn fault(&mut self, inside: &str, what: &str) {
        self.faults.push(
            Violation::new(
                "BUNDLE-FILES",
                format!("\"{}\" {what}", escape(inside)),
                "get the bundle anew from whoever published it",
            )
            .into(),
        );
    }

    fn unreadable(&mut self, inside: &str, why: &str) {
        self.faults.push(
            Violation::new(
                "BUNDLE-READ",
                format!("\"{}\" cannot be read: {}", escape(inside), escape(why)),
                "check the path and the disk",
            )
            .into(),
        );
    }
}

/// Whether a file or folder of a bundle may have this name.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}
