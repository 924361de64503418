//! Paths and places as the command line gives them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    device::yubihsm::Place,
    host::{bundle, whole},
};
use keymoot_core::{HostError, text::escape_path};

/// The absolute path of a place where a bundle can be written.
///
/// # Errors
/// [`HostError`] when something is there already, or when the folder around it does not
/// exist or is not writable.
pub(crate) fn new_place(out: &Path) -> Result<PathBuf, HostError> {
    let out = absolute(out)?;
    bundle::try_place(&out)?;
    Ok(out)
}

/// Makes a new folder, its missing parents, and what `fill` puts into it: whole, or not at all.
/// Nothing may be at its place: somebody may have filled in the files of an earlier run, or sent
/// them.
///
/// # Errors
/// [`HostError`] when something is there, or cannot be written.
pub(crate) fn make_new_folder(
    dir: &Path,
    fill: impl FnOnce(&Path) -> Result<(), HostError>,
) -> Result<(), HostError> {
    if fs::symlink_metadata(dir).is_ok() {
        return Err(HostError::new(
            format!("{} exists already", escape_path(dir)),
            "name a folder that does not exist yet with --dir",
        ));
    }
    whole::make_folder(whole::parent(dir))?;
    whole::new_folder(dir, "make", fill)
}

/// The places for copies of a bundle, absolute and tried, none twice. A place inside the folder of
/// the ceremony, which does not exist yet, is not tried.
///
/// # Errors
/// As [`new_place`]; also when a place is named twice.
pub(crate) fn new_places(outs: &[PathBuf], dir: &Path) -> Result<Vec<PathBuf>, HostError> {
    let mut places = Vec::new();
    for out in outs {
        let out = absolute(out)?;
        if places.contains(&out) {
            return Err(HostError::new(
                format!("{} is named twice", escape_path(&out)),
                "name another medium for each copy with --out",
            ));
        }
        if !out.starts_with(dir) {
            bundle::try_place(&out)?;
        }
        places.push(out);
    }
    Ok(places)
}

/// Where YubiHSM 2s are, as people write it: a connector's address and port on
/// this machine, with or without `http://`, or `usb`.
///
/// # Errors
/// In words, when it is none.
pub(crate) fn place(text: &str) -> Result<Place, String> {
    let bare = text.strip_prefix("http://").unwrap_or(text);
    bare.trim_end_matches('/')
        .parse()
        .map_err(|error: crate::device::DeviceError| format!("{error}. {}", error.help()))
}

/// The same, checked and kept as it was written.
///
/// # Errors
/// As [`place`].
pub(crate) fn named_place(text: &str) -> Result<String, String> {
    place(text).map(|_| text.to_owned())
}

/// The absolute path of something that need not exist yet.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, HostError> {
    std::path::absolute(path).map_err(|error| HostError::file("find", path, &error))
}
