//! `keymoot resume DIR --out OTHER`: where the bundle may be written, and where not.

use std::{fs, os::unix::fs::symlink, path::Path};

use crate::records::{INTERRUPTED, ends_with, keymoot, verify};

/// Tries to resume an interrupted ceremony to a place made by `place`; returns the output.
/// Nothing in the ceremony's folder changes.
fn refused(place: impl FnOnce(&Path) -> std::path::PathBuf) -> String {
    let folder = tempfile::tempdir().unwrap();
    let ceremony = folder.path().join("ceremony");
    INTERRUPTED[0].laid_out(&ceremony);
    let out = place(folder.path());
    let content =
        || ["settings.json", "transcript.jsonl"].map(|name| fs::read(ceremony.join(name)).unwrap());
    let before = content();
    let mut command = keymoot();
    command.arg("resume").arg(&ceremony).arg("--out").arg(out);
    let said = ends_with(1, &mut command).unwrap();
    assert_eq!(content(), before);
    assert!(said.contains("with --out, name"), "{said}");
    said
}

#[test]
fn a_bundle_does_not_replace_what_is_there() {
    let said = refused(|folder| folder.to_owned());
    assert!(said.contains("File exists"), "{said}");
}

#[test]
fn a_bundle_is_not_written_through_a_dangling_link() {
    let said = refused(|folder| {
        let link = folder.join("bundle");
        symlink(folder.join("nowhere"), &link).unwrap();
        link
    });
    assert!(said.contains("File exists"), "{said}");
}

#[test]
fn the_folder_around_the_bundle_must_exist() {
    let said = refused(|folder| folder.join("missing/bundle"));
    assert!(said.contains("missing/bundle: No such file"), "{said}");
}

#[test]
fn the_folder_around_the_bundle_must_be_writable() {
    // Nobody may make a folder here, the superuser neither.
    let said = refused(|_| "/proc/self/bundle".into());
    assert!(
        said.contains("no bundle can be written to /proc/self/bundle"),
        "{said}"
    );
}

#[test]
fn the_new_place_is_kept_in_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let [ceremony, out, other] = ["ceremony", "bundle", "other"].map(|n| folder.path().join(n));
    INTERRUPTED[0].laid_out(&ceremony);
    ends_with(
        0,
        keymoot()
            .arg("resume")
            .arg(&ceremony)
            .arg("--out")
            .arg(&out),
    )
    .unwrap();
    let said = ends_with(0, keymoot().arg("resume").arg(&ceremony)).unwrap();
    assert!(said.contains(out.to_str().unwrap()), "{said}");
    verify(&out).unwrap();

    // What is finished stays where it is.
    let mut command = keymoot();
    command
        .arg("resume")
        .arg(&ceremony)
        .arg("--out")
        .arg(&other);
    let said = ends_with(1, &mut command).unwrap();
    assert!(said.contains("the ceremony is finished"), "{said}");
    assert!(!other.exists());
}
