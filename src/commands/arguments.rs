//! Paths and places as the command line gives them.

use std::{
    fs,
    path::{Component, Path, PathBuf},
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

/// The name of a bundle in the ceremony's own folder, where --out names no place.
pub(crate) const BUNDLE: &str = "bundle";

/// The places for copies of a bundle, absolute and tried, none twice. The one in the folder of the
/// ceremony, which does not exist yet, is not tried.
///
/// # Errors
/// As [`new_place`] and [`are_apart`]; also when a place is named twice.
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
        places.push(out);
    }
    are_apart(dir, &places)?;
    for out in places.iter().filter(|out| !out.starts_with(dir)) {
        bundle::try_place(out)?;
    }
    Ok(places)
}

/// Checks that the ceremony's folder and the bundles are not inside one another: only the export,
/// after everybody signed, would notice. DIR/bundle is the one place in the folder.
///
/// # Errors
/// [`HostError`] that names two of them.
pub(crate) fn are_apart(dir: &Path, outs: &[PathBuf]) -> Result<(), HostError> {
    let folder = resolved(dir);
    let places: Vec<_> = outs.iter().map(|out| (out, resolved(out))).collect();
    for (number, (out, place)) in places.iter().enumerate() {
        let own = *place == folder.join(BUNDLE);
        if !own && is_inside(place, &folder) {
            return Err(HostError::new(
                format!(
                    "the bundle {} and the ceremony's folder {} would be one inside the other",
                    escape_path(out),
                    escape_path(dir)
                ),
                format!("with --out, name a place outside of it, or {BUNDLE} in it"),
            ));
        }
        let mut others = places.iter().skip(number + 1);
        if let Some((other, _)) = others.find(|(_, other)| is_inside(place, other)) {
            return Err(HostError::new(
                format!(
                    "the bundles {} and {} would be one inside the other",
                    escape_path(out),
                    escape_path(other)
                ),
                "name another medium for each copy with --out",
            ));
        }
    }
    Ok(())
}

fn is_inside(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// The path without the links among those of its folders that exist.
fn resolved(path: &Path) -> PathBuf {
    let real = path.ancestors().find_map(|there| {
        let real = fs::canonicalize(there).ok()?;
        Some(real.join(path.strip_prefix(there).ok()?))
    });
    real.unwrap_or_else(|| path.to_owned())
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

/// The same, without a folder and the `..` that leaves it. A link is not followed: after one, `..`
/// stays, because it leaves the folder to which the link leads.
///
/// # Errors
/// As [`absolute`].
pub(crate) fn shortest(path: &Path) -> Result<PathBuf, HostError> {
    let mut short = PathBuf::new();
    for component in absolute(path)?.components() {
        let is_folder = || fs::symlink_metadata(&short).is_ok_and(|there| there.is_dir());
        let leaves = component == Component::ParentDir && short.file_name().is_some();
        match leaves && is_folder() {
            true => {
                short.pop();
            }
            false => short.push(component),
        }
    }
    Ok(short)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leaves_a_folder_again_is_shortened_and_a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("plans/deep")).unwrap();
        std::os::unix::fs::symlink(at("plans/deep"), at("link")).unwrap();
        for (long, short) in [
            ("plans/../b1", "b1"),
            ("plans/deep/../../b1", "b1"),
            ("link/../b1", "link/../b1"),
            ("link/../../b1", "link/../../b1"),
            ("nowhere/../b1", "nowhere/../b1"),
        ] {
            assert_eq!(shortest(&at(long)).unwrap(), at(short), "{long}");
        }
    }

    #[test]
    fn the_ceremonys_folder_and_the_bundles_are_not_inside_one_another() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink(folder.path(), at("link")).unwrap();
        let dir = at("dir");
        for inside in ["dir", "dir/objects", "link/dir", "dir/bundle/copy"] {
            let error = are_apart(&dir, &[at(inside)]).unwrap_err();
            assert!(error.what.contains("one inside the other"), "{error}");
        }
        are_apart(&at("stick/dir"), &[at("stick")]).unwrap_err();
        are_apart(&dir, &[at("out"), at("out/copy")]).unwrap_err();
        are_apart(&dir, &[at("out"), at("link/out")]).unwrap_err();
        for apart in [vec![at("dir/bundle"), at("out")], vec![at("dir.bundle")]] {
            assert_eq!(are_apart(&dir, &apart), Ok(()));
        }
    }
}
