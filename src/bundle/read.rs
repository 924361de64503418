//! Reading a bundle: strictly, within bounds, into memory.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use super::Files;
use crate::{
    ceremony::previous::REVOKED,
    host::folder,
    rules::{Verdict, Violation},
    text::{escape, escape_path},
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

/// Reads what keymoot knows of in a working tree of the repository tuf-root, by the
/// same rules: `metadata/`, `targets/crates/`, `attestations/` and the list of
/// revoked keys. Whatever else lies there is not looked at.
///
/// # Errors
/// Violations of BUNDLE-FILES, or of BUNDLE-READ when the disk fails.
pub fn read_tree(path: &Path) -> Result<Files, Vec<Verdict>> {
    let mut reader = Reader {
        files: Files::new(),
        left: MOST_BYTES,
        faults: Vec::new(),
    };
    for folder in ["metadata", "targets/crates", "attestations"] {
        let whole = path.join(folder);
        match fs::symlink_metadata(&whole) {
            Ok(meta) if meta.is_dir() => reader.folder(&whole, &format!("{folder}/"), 1),
            Ok(_) => reader.fault(folder, "is no folder"),
            Err(_) => {}
        }
    }
    let revoked = path.join(REVOKED);
    match fs::symlink_metadata(&revoked) {
        Ok(meta) if meta.is_file() => reader.file(&revoked, REVOKED.to_owned(), meta.len()),
        Ok(_) => reader.fault(REVOKED, "is a link or no ordinary file"),
        Err(_) => {}
    }
    match reader.faults.is_empty() {
        true => Ok(reader.files),
        false => Err(reader.faults),
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
            Err(error) => return self.unreadable(path, &error.to_string()),
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
                Err(error) => self.unreadable(&entry.path(), &error.to_string()),
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
            Err(error) => self.unreadable(path, &error.what),
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

    fn unreadable(&mut self, path: &Path, why: &str) {
        self.faults.push(
            Violation::new(
                "BUNDLE-READ",
                format!("\"{}\" cannot be read: {}", escape_path(path), escape(why)),
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::{fs::symlink, net::UnixListener};

    use super::*;

    /// The one violation that a folder with a good file and this besides has.
    fn refused(make: impl FnOnce(&Path)) -> Verdict {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("good.txt"), "good").unwrap();
        make(folder.path());
        let mut faults = read(folder.path()).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.remove(0)
    }

    #[test]
    fn files_are_read_by_their_paths() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/c.txt"), "text").unwrap();
        let bundle = read(folder.path()).unwrap();
        assert_eq!(bundle.files()["a/b/c.txt"], b"text");
    }

    #[test]
    fn a_symbolic_link_is_refused_wherever_it_leads() {
        for target in ["good.txt", "/etc/passwd", "nowhere", "."] {
            let fault = refused(|folder| symlink(target, folder.join("link")).unwrap());
            assert_eq!(fault.rule, "BUNDLE-FILES");
            assert!(fault.detail.contains("\"link\""), "{fault:?}");
        }
    }

    #[test]
    fn a_file_with_another_name_elsewhere_is_refused() {
        let elsewhere = tempfile::tempdir().unwrap();
        let outside = elsewhere.path().join("outside");
        fs::write(&outside, "text").unwrap();
        let fault = refused(|folder| fs::hard_link(&outside, folder.join("hard")).unwrap());
        assert!(fault.detail.contains("\"hard\" is a link"), "{fault:?}");
    }

    #[test]
    fn what_is_no_ordinary_file_is_refused_and_not_opened() {
        let fault = refused(|folder| drop(UnixListener::bind(folder.join("socket")).unwrap()));
        assert!(fault.detail.contains("no ordinary file"), "{fault:?}");
    }

    #[test]
    fn names_that_no_bundle_holds_are_refused_and_shown_safely() {
        for name in [".hidden", "a b", "\u{1b}[2J", "ü", &"x".repeat(129)] {
            let fault = refused(|folder| fs::write(folder.join(name), "text").unwrap());
            assert!(fault.detail.contains("has a name"), "{fault:?}");
            assert!(!fault.detail.contains('\u{1b}'));
        }
    }

    #[test]
    fn empty_folders_and_folders_too_deep_are_refused() {
        let fault = refused(|folder| fs::create_dir(folder.join("empty")).unwrap());
        assert!(fault.detail.contains("empty folder"), "{fault:?}");
        let deep = "d/".repeat(DEEPEST + 1);
        let fault = refused(|folder| {
            fs::create_dir_all(folder.join(&deep)).unwrap();
            fs::write(folder.join(&deep).join("file"), "text").unwrap();
        });
        assert!(fault.detail.contains("deeper folders"), "{fault:?}");
    }

    #[test]
    fn more_than_a_bundle_may_hold_is_refused_before_it_is_read() {
        let fault = refused(|folder| {
            let file = fs::File::create(folder.join("large")).unwrap();
            file.set_len(MOST_BYTES + 1).unwrap();
        });
        assert!(fault.detail.contains("64 MiB"), "{fault:?}");
    }

    #[test]
    fn a_bundle_that_is_not_there_is_unread_and_not_violated() {
        let faults = read(Path::new("/nonexistent/bundle")).unwrap_err();
        assert_eq!(faults[0].rule, "BUNDLE-READ");
        assert!(faults[0].detail.contains("/nonexistent/bundle"));
    }
}
