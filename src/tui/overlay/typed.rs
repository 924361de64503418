//! The checks of typed paths, days and lines: each is made when its line is left, so that nothing
//! else has to be typed again.

use std::{fs, path::Path};

use crate::{apart::end_of_day, host::clock};
use keymoot_core::text::escape_path;
use keymoot_record::{rules::LONGEST_LINE, transcript::Time};

/// The path of a file that is to be written.
///
/// # Errors
/// In words, when it is not absolute, its folder is missing, or something is there.
pub(super) fn new_file(line: &str) -> Result<(), String> {
    let path = absolute(line)?;
    let folder = path.parent().unwrap_or(path);
    if !folder.is_dir() {
        return Err(format!("There is no folder {}.", escape_path(folder)));
    }
    match fs::symlink_metadata(path) {
        Ok(_) => Err(format!(
            "There is something at {} already: name a new file.",
            escape_path(path)
        )),
        Err(_) => Ok(()),
    }
}

/// The path of a file or folder that is to be read.
///
/// # Errors
/// In words, when it is not absolute, or nothing is there.
pub(super) fn place(line: &str) -> Result<(), String> {
    let path = absolute(line)?;
    match path.exists() {
        true => Ok(()),
        false => Err(format!("There is nothing at {}.", escape_path(path))),
    }
}

fn absolute(line: &str) -> Result<&Path, String> {
    let path = Path::new(line.trim());
    match path.is_absolute() {
        true => Ok(path),
        false => Err("Type a path that begins with /.".to_owned()),
    }
}

/// The last second of the typed day; `-` is none.
///
/// # Errors
/// In words, when it is no day, or is past.
pub(super) fn day(line: &str) -> Result<Option<Time>, String> {
    let day = match line.trim() {
        "-" => return Ok(None),
        day => {
            end_of_day(day).map_err(|_| "Type a day like 2026-12-24, or - for none.".to_owned())?
        }
    };
    // A clock that cannot be read is reported when the request is made.
    match clock::now() {
        Ok(now) if day < now => Err(format!("That day is past: the clock shows {now}.")),
        _ => Ok(Some(day)),
    }
}

/// A line that is recorded.
///
/// # Errors
/// In words, when it is too long.
pub(super) fn line(line: &str) -> Result<(), String> {
    match keymoot_core::text::escape(line).chars().count() {
        ..=LONGEST_LINE => Ok(()),
        _ => Err(format!("Type at most {LONGEST_LINE} characters.")),
    }
}
