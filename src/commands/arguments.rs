//! Paths and places as the command line gives them.

use std::path::{Path, PathBuf};

use crate::device::yubihsm::Place;
use keymoot_core::{HostError, text::escape_path};

/// The absolute path of a place where a bundle can be written.
///
/// # Errors
/// [`HostError`] when something is there already, or when the folder around it does not
/// exist or is not writable.
pub(crate) fn new_place(out: &Path) -> Result<PathBuf, HostError> {
    let out = absolute(out)?;
    // access(2) would not do: root has every permission, also on a file system that
    // takes no folders.
    std::fs::create_dir(&out)
        .and_then(|()| std::fs::remove_dir(&out))
        .map_err(|error| {
            HostError::new(
                format!("no bundle can be written to {}: {error}", escape_path(&out)),
                "with --out, name a bundle that does not exist yet, in a folder that exists and is writable",
            )
        })?;
    Ok(out)
}

/// Where YubiHSM 2 units are, as people write it: a connector's address and port on
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
