//! The files of a checkout that a signing event is read from: everything below `metadata/`, and
//! `tufops.toml`.

use std::{fs, io, path::Path};

use keymoot_core::{
    HostError, Rule, Violation,
    text::{escape_path, excerpt},
};
use keymoot_record::{bundle::Files, signing_event::METADATA};
use keymoot_tuf::{FileFacts, TargetFile, dialect::tufops};

use crate::{Failure, files::read_bounded, tree};

/// The largest file of a checkout that is read, in bytes.
const LARGEST: u64 = 16 << 20;
/// The most files that are read.
const MOST: usize = 8192;
/// The deepest folder that is read.
const DEEPEST: usize = 4;

/// Reads them. It checks nothing about them.
///
/// # Errors
/// A [`Violation`] of EVENT-LAYOUT for a link, or more than a repository holds. A [`HostError`] when
/// the disk fails or there is no such folder.
pub fn read(path: &Path) -> Result<Files, Failure> {
    let metadata = METADATA.trim_end_matches('/');
    match fs::symlink_metadata(path.join(metadata)) {
        Ok(kind) if kind.is_dir() => {}
        // Git keeps links, and a write would follow them.
        Ok(_) => return Err(refused(metadata, "is a link, or no ordinary folder")),
        Err(_) => {
            return Err(HostError::new(
                format!(
                    "{} is no checkout: it holds no {METADATA}",
                    escape_path(path)
                ),
                "name the folder that holds metadata/",
            )
            .into());
        }
    }
    let mut found = Files::new();
    below(path, metadata, DEEPEST, &mut found)?;
    let names = path.join(tufops::FILE);
    if fs::symlink_metadata(&names).is_ok() {
        one(&names, tufops::FILE, &mut found)?;
    }
    Ok(found)
}

/// Length and hashes of a target file in a checkout, by its name in the documents. `None` where there
/// is none, or a longer one than is listed.
#[must_use]
pub fn target(path: &Path, name: &str, listed: &TargetFile) -> Option<FileFacts> {
    tree::target(path, name, listed)
}

fn below(root: &Path, inside: &str, depth: usize, found: &mut Files) -> Result<(), Failure> {
    let folder = root.join(inside);
    let fail = |error: io::Error| HostError::file("list", &folder, &error);
    for entry in fs::read_dir(&folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            return Err(refused(inside, "holds a name that is not text"));
        };
        let path = format!("{inside}/{name}");
        match entry.file_type().map_err(fail)? {
            kind if kind.is_dir() && depth == 0 => return Err(refused(&path, "lies too deep")),
            kind if kind.is_dir() => below(root, &path, depth - 1, found)?,
            _ => one(&entry.path(), &path, found)?,
        }
    }
    Ok(())
}

fn one(place: &Path, inside: &str, found: &mut Files) -> Result<(), Failure> {
    let kind =
        fs::symlink_metadata(place).map_err(|error| HostError::file("look at", place, &error))?;
    if !kind.is_file() {
        return Err(refused(inside, "is a link, or no ordinary file"));
    }
    if found.len() == MOST {
        return Err(refused(inside, "is one file more than a repository has"));
    }
    found.insert(inside.to_owned(), read_bounded(place, LARGEST)?);
    Ok(())
}

fn refused(inside: &str, what: &str) -> Failure {
    Failure::violations(vec![Violation::new(
        Rule::EventLayout,
        format!("\"{}\" {what}", excerpt(inside)),
        "make a fresh checkout of the branch",
    )])
}
