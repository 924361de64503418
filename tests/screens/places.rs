//! The places of bundles: tried at the opening and before anybody signs, and more than one.

use std::{fs, path::Path, process::Output};

use super::rehearsal::{Rehearsal, course};
use keymoot_core::digest::Digest;
use keymoot_record::bundle;
use testkit::programs::keymoot;

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn rehearse(dir: &Path, outs: &[&Path]) -> Output {
    let mut command = keymoot();
    command.args(["rehearse", "--unattended", "--seed", "7", "--dir"]);
    command.arg(dir);
    for out in outs {
        command.arg("--out").arg(out);
    }
    command.output().unwrap()
}

#[test]
fn a_place_that_cannot_be_written_to_is_refused_at_the_opening() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("ceremony");
    let output = rehearse(&dir, &[&folder.path().join("no-such-folder/bundle")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("no bundle can be written to"));
    assert!(!dir.exists());
}

#[test]
fn a_place_that_is_gone_is_noticed_before_anybody_signs() {
    let media = tempfile::tempdir().unwrap();
    let stick = media.path().join("stick");
    fs::create_dir(&stick).unwrap();
    let out = stick.join("bundle");
    let rehearsal = Rehearsal::until("review", &["--out", out.to_str().unwrap()]);
    fs::remove_dir(&stick).unwrap();
    let settings = rehearsal.dir().join("settings.json");
    let text = fs::read_to_string(&settings).unwrap();
    let text = text.replace("\"unattended\": false", "\"unattended\": true");
    fs::write(&settings, text).unwrap();
    let resume = |more: &[&str]| {
        let mut command = keymoot();
        command.arg("resume").arg(rehearsal.dir()).args(more);
        command.output().unwrap()
    };
    let output = resume(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("no bundle can be written to"));
    assert!(said(&output).contains("--out BUNDLE"), "{}", said(&output));
    let signing = |line: &String| line.starts_with("step-begun signing");
    assert!(!course(&rehearsal.dir()).iter().any(signing));
    let other = media.path().join("bundle");
    let output = resume(&["--out", other.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(other.join("MANIFEST.json").exists());
}

#[test]
fn each_copy_is_written_and_read_back_and_commands_are_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first stick");
    let second = folder.path().join("second");
    let output = rehearse(&folder.path().join("ceremony"), &[&first, &second]);
    assert!(output.status.success(), "{}", said(&output));
    let read = |path| keymoot_verify::read(path).unwrap();
    assert_eq!(read(&first).files(), read(&second).files());
    assert!(read(&first).files().contains_key(bundle::AFTER_THE_SEAL));
    let said = said(&output);
    assert!(
        said.contains(&format!("keymoot verify '{}'", first.display())),
        "{said}"
    );
    assert!(
        said.contains(&format!("A copy, read back: {}", second.display())),
        "{said}"
    );
    let words = Digest::of(&read(&first).files()[bundle::MANIFEST]).short_words();
    let label = said
        .lines()
        .find(|line| line.starts_with("Label for each medium: "));
    let label = label.unwrap_or_else(|| panic!("{said}"));
    assert!(
        label.contains("REHEARSAL") && label.contains("of 2"),
        "{label}"
    );
    assert!(
        label.ends_with(&format!("MANIFEST.json {words}")),
        "{label}"
    );
}

#[test]
fn without_a_terminal_no_folder_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("ceremony");
    let output = keymoot()
        .arg("rehearse")
        .arg("--dir")
        .arg(&dir)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("there is no terminal"));
    assert!(!dir.exists());
}

#[test]
fn a_folder_that_is_no_bundle_is_reported_as_none() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "nothing").unwrap();
    let packed = folder.path().join("bundle.tar");
    fs::write(&packed, "packed").unwrap();
    for (path, expected) in [
        (folder.path(), "holds no bundle"),
        (packed.as_path(), "unpack it: tar -xf"),
    ] {
        let output = keymoot().arg("verify").arg(path).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = said(&output);
        assert!(said.contains(expected), "{said}");
        assert!(!said.contains("Do not trust"), "{said}");
    }
}
