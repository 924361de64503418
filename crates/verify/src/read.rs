//! Reading a bundle: strictly, within bounds, into memory.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use rustix::fs::OFlags;

use crate::Failure;
use keymoot_core::{
    HostError, Rule, Verdict, Violation,
    text::{escape, escape_path},
};
use keymoot_record::bundle::{Bundle, Files, MANIFEST, is_plain};
use keymoot_record::rules::scenario::{REVOKED, TARGETS};
use keymoot_tuf::{Dialect, Targets, dialect::tufops};

/// The most files and folders that a bundle may have.
const MOST_ENTRIES: usize = 4096;
/// The most bytes that all files of a bundle may have together: twenty times the size of a
/// ceremony of nine holders. It limits the memory for verification; a
/// small file of brackets takes many times its length.
const MOST_BYTES: u64 = 8 << 20;
/// The most bytes of one file. The largest file of nine holders has a twentieth.
const MOST_OF_ONE: u64 = 2 << 20;
/// Report at most this many problems.
const MOST_FAULTS: usize = 20;
/// The deepest folder.
const DEEPEST: usize = 8;

/// Reads a bundle. It refuses links, devices, odd names, too many files and too many bytes
/// before it verifies anything.
///
/// # Errors
/// Violations of BUNDLE-FILES, or what could not be read where the path or the disk is the cause.
pub fn read(path: &Path) -> Result<Bundle, Failure> {
    if let Some(bundle) = of_ceremony(path) {
        return Err(Failure::Host(HostError::new(
            format!(
                "{} is the folder of a ceremony, not its bundle",
                escape_path(path)
            ),
            format!(
                "the ceremony writes its bundle to {}; name that folder",
                escape(&bundle)
            ),
        )));
    }
    let mut reader = Reader::of(Whole::Bundle);
    reader.folder(path, "", 0);
    reader.finish().map(Bundle::of)
}

/// Where a ceremony writes its bundle, if this is the folder in which it runs: people confuse the
/// two, and what is wrong with the one as the other helps nobody.
fn of_ceremony(path: &Path) -> Option<String> {
    // A bundle into which somebody has put that file is a bundle.
    if fs::symlink_metadata(path.join(MANIFEST)).is_ok() {
        return None;
    }
    let settings = plain_file(&path.join("settings.json"), MOST_OF_ONE).ok()??;
    let settings: serde_json::Value = serde_json::from_slice(&settings).ok()?;
    Some(settings.get("out")?.as_str()?.to_owned())
}

/// Reads the files that keymoot knows of in a working tree of the repository tuf-root, by the same
/// rules. They are `metadata/`, `targets/crates/`, the other files that `targets.json` signs,
/// `attestations/`, an unsigned list of revoked keys, and `tufops.toml`. It reads nothing else.
///
/// # Errors
/// Violations of BUNDLE-FILES, or what could not be read where the path or the disk is the cause.
pub fn read_tree(path: &Path) -> Result<Files, Failure> {
    let mut reader = Reader::of(Whole::Repository);
    for folder in ["metadata", "targets", "targets/crates", "attestations"] {
        if is_no_folder(&path.join(folder)) {
            reader.fault(folder, "is a link or no folder");
            return reader.finish();
        }
    }
    for folder in ["metadata", "targets/crates", "attestations"] {
        let whole = path.join(folder);
        if whole.is_dir() {
            reader.folder(&whole, &format!("{folder}/"), 1);
        }
    }
    let mut names = signed_files(&reader.files);
    names.extend([REVOKED, tufops::FILE].map(str::to_owned));
    names.retain(|name| !reader.files.contains_key(name));
    for name in &names {
        let file = path.join(name);
        if is_below_a_link(&file, name) {
            reader.fault(name, "is below a link or a file");
            continue;
        }
        match fs::symlink_metadata(&file) {
            Ok(meta) if meta.is_file() => reader.file(&file, name.clone()),
            Ok(_) => reader.fault(name, "is a link or no ordinary file"),
            Err(_) => {}
        }
    }
    reader.finish()
}

/// Whether something is there that is no folder: a link is none.
fn is_no_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| !meta.is_dir())
}

/// Whether one of the folders that a file's name has is a link, or no folder.
pub(crate) fn is_below_a_link(file: &Path, name: &str) -> bool {
    let mut folders = file.ancestors().skip(1).take(name.matches('/').count());
    folders.any(is_no_folder)
}

/// The paths of the files that `targets.json` of a tree signs.
fn signed_files(files: &Files) -> Vec<String> {
    let file = |path: &str| files.get(path).cloned();
    let dialect = Dialect::detect(&file);
    let document = dialect.and_then(|dialect| dialect.read("targets", None, &file).ok().flatten());
    let content = document.and_then(|document| Targets::read(&document).ok());
    let names = content
        .into_iter()
        .flat_map(|content| content.targets.into_keys());
    names
        .filter(|name| name.split('/').all(is_plain) && name.split('/').count() < DEEPEST)
        .map(|name| format!("{TARGETS}/{name}"))
        .collect()
}

/// What is read: its word, and what ends a fault.
#[derive(Clone, Copy)]
enum Whole {
    Bundle,
    Repository,
}

impl Whole {
    fn word(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Repository => "repository",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Bundle => "get the bundle again from its publisher",
            Self::Repository => {
                "make a fresh checkout; where the repository itself has that file, remove it there"
            }
        }
    }
}

struct Reader {
    of: Whole,
    files: Files,
    /// How many bytes more the files may have together.
    left: u64,
    /// How many entries of any kind were met.
    met: usize,
    faults: Vec<Verdict>,
    /// The first thing that could not be read.
    unread: Option<HostError>,
}

impl Reader {
    fn of(of: Whole) -> Self {
        Self {
            of,
            files: Files::new(),
            left: MOST_BYTES,
            met: 0,
            faults: Vec::new(),
            unread: None,
        }
    }

    fn finish(self) -> Result<Files, Failure> {
        match self.unread {
            Some(unread) => Err(Failure::Host(unread)),
            None if self.faults.is_empty() => Ok(self.files),
            None => Err(Failure::Violated(self.faults)),
        }
    }

    /// Reads a folder, until it has found the most problems that are reported.
    fn folder(&mut self, path: &Path, inside: &str, depth: usize) {
        let whole = self.of.word();
        if depth > DEEPEST {
            return self.fault(inside, &format!("holds deeper folders than a {whole} does"));
        }
        let names = match self.names(path) {
            Ok(Some(names)) => names,
            Ok(None) => {
                return self.fault(inside, &format!("holds more files than a {whole} does"));
            }
            Err(error) => return self.unreadable(path, &error.to_string()),
        };
        if names.is_empty() {
            return self.fault(
                inside,
                &format!("is an empty folder, which no {whole} holds"),
            );
        }
        let mut cases = BTreeSet::new();
        for name in names {
            if self.faults.len() >= MOST_FAULTS {
                return;
            }
            let Some(plain) = name.to_str().filter(|name| is_plain(name)) else {
                self.odd_name(&format!("{inside}{}", name.to_string_lossy()));
                continue;
            };
            let inside = format!("{inside}{plain}");
            if !cases.insert(plain.to_ascii_lowercase()) {
                self.fault(
                    &inside,
                    "differs from another name only in its letters' case",
                );
                continue;
            }
            let path = path.join(plain);
            match fs::symlink_metadata(&path) {
                Ok(meta) if meta.is_dir() => self.folder(&path, &format!("{inside}/"), depth + 1),
                Ok(meta) if meta.is_file() => self.file(&path, inside),
                Ok(_) => self.fault(&inside, "is a link or no ordinary file"),
                Err(error) => self.unreadable(&path, &error.to_string()),
            }
        }
    }

    /// The names in a folder, in order; `None` where there are too many. The disk may
    /// never end: no more is read than the limit.
    fn names(&mut self, path: &Path) -> io::Result<Option<Vec<OsString>>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            self.met += 1;
            if self.met > MOST_ENTRIES {
                return Ok(None);
            }
            names.push(entry?.file_name());
        }
        names.sort();
        Ok(Some(names))
    }

    fn file(&mut self, path: &Path, inside: String) {
        match plain_file(path, self.left.min(MOST_OF_ONE)) {
            Ok(Some(bytes)) => {
                self.left -= bytes.len() as u64;
                self.files.insert(inside, bytes);
            }
            Ok(None) => self.fault(&inside, "is a link or no ordinary file"),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                let [one, all] = [MOST_OF_ONE, MOST_BYTES].map(|most| most >> 20);
                let what =
                    format!("is larger than {one} MiB, or makes the whole larger than {all} MiB");
                self.fault(&inside, &what);
            }
            Err(error) => self.unreadable(path, &error.to_string()),
        }
    }

    fn odd_name(&mut self, inside: &str) {
        let mut marks = Dialect::ALL.into_iter().filter_map(Dialect::event_state);
        match (self.of, marks.any(|mark| mark == inside)) {
            (Whole::Repository, true) => self.fault_with(
                inside,
                "marks an open signing event",
                "check out the branch that is published, which has no open signing event",
            ),
            _ => self.fault(
                inside,
                &format!("has a name that no {} holds", self.of.word()),
            ),
        }
    }

    fn fault(&mut self, inside: &str, what: &str) {
        self.fault_with(inside, what, self.of.help());
    }

    fn fault_with(&mut self, inside: &str, what: &str, help: &str) {
        let what = format!("\"{}\" {what}", escape(inside));
        let fault = Violation::new(Rule::BundleFiles, what, help);
        self.faults.push(fault.into());
    }

    fn unreadable(&mut self, path: &Path, why: &str) {
        self.unread.get_or_insert_with(|| {
            HostError::new(
                format!("\"{}\" cannot be read: {}", escape_path(path), escape(why)),
                "check the path and the disk",
            )
        });
    }
}

/// The content of an ordinary file with one name, of at most `most` bytes; `None` where
/// it is anything else. The type is that of the opened file, so that nobody can exchange
/// the file meanwhile; and it waits for nothing.
fn plain_file(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() || meta.nlink() != 1 {
        return Ok(None);
    }
    if meta.len() > most {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or_default());
    // It may grow while it is read.
    file.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(Some(bytes)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
