//! Writing a bundle, whole or not at all.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use crate::host::whole;
use keymoot_attestation::TrustStore;
use keymoot_core::HostError;
use keymoot_record::bundle::{Expectations, Files, same_but_after_the_seal, verify};
use keymoot_verify::{Failure, read};

/// Writes a bundle to a temporary folder beside `target`, syncs it, reads it back
/// from the medium, verifies it as a stranger would, and renames it into place. It never
/// touches what is already there: it leaves the very same bundle alone, and
/// refuses anything else.
///
/// # Errors
/// [`HostError`]; nothing is left behind at `target`.
pub fn write(
    files: &Files,
    target: &Path,
    expected: &Expectations,
    vendor: &TrustStore,
) -> Result<(), HostError> {
    let fail = |error: io::Error| HostError::file("move the bundle to", target, &error);
    whole::remove_empty(target);
    if fs::symlink_metadata(target).is_ok() {
        return match read(target) {
            // Written before an interruption, and not yet recorded.
            Ok(bundle) if same_but_after_the_seal(bundle.files(), files) => {
                whole::make_last(target).map_err(fail)
            }
            _ => Err(HostError::new(
                format!(
                    "there is something else at {}",
                    keymoot_core::text::escape_path(target)
                ),
                "move it away, then resume",
            )),
        };
    }
    let part = whole::part_of(target);
    whole::remove(&part)?;
    let outcome = write_part(files, &part)
        .and_then(|()| check(files, &part, expected, vendor))
        .and_then(|()| whole::settle(&part, target).map_err(fail));
    if outcome.is_err() {
        // The first failure is the one to report.
        let _ = whole::remove(&part);
    }
    outcome
}

/// Tries whether a bundle can be written to a place: makes a folder where its parts are written,
/// and removes it. A power cut in between leaves nothing at the place itself.
///
/// # Errors
/// [`HostError`] when something is there already, or when the folder around it does not
/// exist or is not writable.
pub fn try_place(out: &Path) -> Result<(), HostError> {
    let fail = |error: io::Error| {
        HostError::new(
            format!(
                "no bundle can be written to {}: {error}",
                keymoot_core::text::escape_path(out)
            ),
            "with --out, name a bundle that does not exist yet, in a folder that exists and is writable",
        )
    };
    if fs::symlink_metadata(out).is_ok() {
        return Err(fail(rustix::io::Errno::EXIST.into()));
    }
    let part = whole::part_of(out);
    whole::remove(&part)?;
    // access(2) would not do: root has every permission, also on a file system that
    // takes no folders.
    fs::create_dir(&part)
        .and_then(|()| fs::remove_dir(&part))
        .map_err(fail)
}

fn write_part(files: &Files, part: &Path) -> Result<(), HostError> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| HostError::file("write", &path, &error)
    };
    let mut folders = vec![part.to_owned()];
    for path in files.keys() {
        let whole = part.join(path);
        let parents = whole
            .ancestors()
            .skip(1)
            .take_while(|parent| parent.starts_with(part));
        for parent in parents.collect::<Vec<_>>().into_iter().rev() {
            if !folders.iter().any(|folder| folder == parent) {
                folders.push(parent.to_owned());
            }
        }
    }
    for folder in &folders {
        fs::DirBuilder::new()
            .mode(0o755)
            .create(folder)
            .map_err(fail(folder))?;
    }
    for (path, bytes) in files {
        let path = part.join(path);
        let mut file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o644)
            .open(&path)
            .map_err(fail(&path))?;
        file.write_all(bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| whole::forget(&file))
            .map_err(fail(&path))?;
    }
    for folder in folders.iter().rev() {
        whole::sync(folder).map_err(fail(folder))?;
    }
    Ok(())
}

/// The files on the medium are those that were written, and a stranger's verifier accepts them.
fn check(
    files: &Files,
    part: &Path,
    expected: &Expectations,
    vendor: &TrustStore,
) -> Result<(), HostError> {
    let damaged = |why: String| {
        HostError::new(
            format!("the written bundle does not verify: {why}"),
            "write it to another disk: resume with --out",
        )
    };
    let bundle = read(part).map_err(|failure| match failure {
        Failure::Host(error) | Failure::Usage(error) => damaged(error.what),
        Failure::Violated(verdicts) => damaged(list(&verdicts)),
    })?;
    if bundle.files() != files {
        return Err(damaged("the disk gave back something else".to_owned()));
    }
    let violated: Vec<_> = verify(&bundle, expected, vendor)
        .into_iter()
        .filter(|verdict| verdict.is_violated())
        .collect();
    match violated.is_empty() {
        true => Ok(()),
        // The disk gave back what was written: the record itself violates the rule.
        false => Err(HostError::new(
            format!("the bundle does not verify: {}", list(&violated)),
            "another disk does not help: keep the ceremony's folder unchanged, and find out who changed it or its program",
        )),
    }
}

fn list(verdicts: &[keymoot_core::Verdict]) -> String {
    let list: Vec<_> = verdicts
        .iter()
        .map(|v| format!("{}: {}", v.rule, v.detail))
        .collect();
    list.join("; ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn files() -> Files {
        [("a/b.txt", "one"), ("c.txt", "two")]
            .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
            .into()
    }

    fn write_to(target: &Path) -> Result<(), HostError> {
        write(
            &files(),
            target,
            &Expectations::default(),
            &TrustStore::vendor().unwrap(),
        )
    }

    #[test]
    fn a_bundle_that_fails_its_verification_is_not_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_to(&folder.path().join("bundle")).unwrap_err();
        assert!(error.what.contains("BUNDLE-MANIFEST"), "{error}");
        assert!(!error.next.contains("to another disk"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_at_the_target_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("bundle");
        fs::write(&target, "somebody's").unwrap();
        let error = write_to(&target).unwrap_err();
        assert!(error.what.contains("there is something else at"), "{error}");
        assert_eq!(fs::read(&target).unwrap(), b"somebody's");
    }

    #[test]
    fn the_very_same_bundle_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("bundle");
        write_part(&files(), &target).unwrap();
        write_to(&target).unwrap();
        assert_eq!(read(&target).unwrap().files(), &files());
    }

    #[test]
    fn the_rest_of_an_interrupted_write_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let (target, part) = (
            folder.path().join("bundle"),
            folder.path().join("bundle.keymoot-part"),
        );
        write_part(&files(), &part).unwrap();
        // The bundle is written, and then fails its verification.
        let error = write_to(&target).unwrap_err();
        assert!(error.what.contains("does not verify"), "{error}");
    }
}
