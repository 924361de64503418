//! Looks for evidence in a folder and below it. What it does not read it says, so that no evidence is
//! left out in silence.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use keymoot_core::{HostError, text::escape_path};

/// The attestation of the one key in a folder of a bundle.
pub(super) const ATTESTATION: &str = "attestation.pem";
/// The names of a device's certificate.
pub(super) const DEVICE: [&str; 2] = ["f9-intermediate.pem", "device.pem"];
/// The key of [`ATTESTATION`].
pub(super) const KEY: &str = "key.pem";
/// A statement of enrolment, which is evidence only beside certificates.
pub(super) const ENROLMENT: &str = "enrolment.json";
/// The deepest folder that is read.
const DEEPEST: usize = 4;
/// The most folders that are read, and the most files in one.
const MOST: usize = 4096;

/// A folder with evidence, or with something that may be evidence and is not read.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    names: Vec<String>,
    /// What is not read, and why.
    pub(super) unread: Vec<(String, &'static str)>,
}

impl Folder {
    /// Those of these files that exist.
    pub(super) fn files<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let own = self.names.iter().map(String::as_str);
        own.filter(|name| names.contains(name))
    }

    /// The attestations of keys.
    pub(super) fn attestations(&self) -> impl Iterator<Item = &str> {
        let names = self.names.iter().map(String::as_str);
        names.filter(|name| is_attestation(name))
    }

    fn has_evidence(&self) -> bool {
        let others = [DEVICE[0], DEVICE[1], ENROLMENT];
        self.attestations().next().is_some() || self.files(&others).next().is_some()
    }
}

/// The slot or object in the name of an attestation.
pub(super) fn place(name: &str) -> Option<&str> {
    name.strip_prefix("attestation-")?.strip_suffix(".pem")
}

fn is_attestation(name: &str) -> bool {
    name == ATTESTATION || place(name).is_some()
}

/// Whether a person would take a file of this name for evidence.
fn poses_as_evidence(name: &str) -> bool {
    let lower = name.to_lowercase();
    let known = [DEVICE[0], DEVICE[1], KEY, ENROLMENT];
    !is_attestation(name)
        && !known.contains(&name)
        && (lower.starts_with("attestation") || known.contains(&lower.as_str()))
}

/// The folders with evidence, below one and itself, in the order of their paths.
///
/// # Errors
/// A folder cannot be read, or there are more than evidence has.
pub(super) fn folders(path: &Path) -> Result<Vec<Folder>, HostError> {
    let mut found = Vec::new();
    collect(path, 0, &mut found)?;
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

fn collect(path: &Path, depth: usize, found: &mut Vec<Folder>) -> Result<(), HostError> {
    let fail = |error: io::Error| HostError::file("read", path, &error);
    let too_many = |what: &str| {
        HostError::new(
            format!("{} {what} than evidence has", escape_path(path)),
            "name the folder of the evidence itself, such as hardware-keys/ or attestations/",
        )
    };
    if depth > DEEPEST {
        return Err(too_many("is in more folders"));
    }
    let mut folder = Folder {
        path: path.to_owned(),
        names: Vec::new(),
        unread: Vec::new(),
    };
    for (number, entry) in fs::read_dir(path).map_err(fail)?.enumerate() {
        if number >= MOST || found.len() >= MOST {
            return Err(too_many("holds more files and folders"));
        }
        let entry = entry.map_err(fail)?;
        let kind = entry.file_type().map_err(fail)?;
        let name = match entry.file_name().into_string() {
            Ok(name) => name,
            Err(name) => {
                let shown = name.to_string_lossy().into_owned();
                folder.unread.push((shown, "its name is not UTF-8"));
                continue;
            }
        };
        if kind.is_dir() {
            // What git keeps is no evidence, and has any number of folders.
            if name != ".git" {
                collect(&entry.path(), depth + 1, found)?;
            }
        } else if kind.is_symlink() {
            folder.unread.push((name, "it is a link"));
        } else if !kind.is_file() {
            folder
                .unread
                .push((name, "it is a pipe, a device or a socket"));
        } else if poses_as_evidence(&name) {
            folder.unread.push((name, "evidence has other names"));
        } else {
            folder.names.push(name);
        }
    }
    folder.names.sort();
    folder.unread.sort();
    if folder.has_evidence() || !folder.unread.is_empty() {
        found.push(folder);
    }
    Ok(())
}
