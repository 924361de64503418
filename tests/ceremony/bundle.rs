//! keymoot detects every change of a bundle, and names what was changed.

use std::{fs, process::Output};

use keymoot_core::digest::Digest;
use keymoot_record::bundle::{AFTER_THE_SEAL, Bundle, Files};

use serde_json::Value;
use testkit::stage::{Stage, finished, keymoot, said, violated};

fn files() -> Files {
    keymoot_verify::read(&finished().out())
        .unwrap()
        .files()
        .clone()
}

#[test]
fn one_changed_byte_in_any_file_is_found_and_the_file_is_named() {
    for (path, content) in files() {
        // Every file at its ends, in the middle and at places spread over it.
        let step = (content.len() / 16).max(1);
        let places = (0..content.len()).step_by(step).chain([content.len() - 1]);
        // Nothing names the digest of the last line after the seal, which nobody signed.
        let last = content.trim_ascii_end().rsplit(|byte| *byte == b'\n');
        let open = match path == AFTER_THE_SEAL {
            true => last.clone().next().map_or(0, <[u8]>::len) + 1,
            false => 0,
        };
        for place in places.filter(|place| *place + open < content.len()) {
            let mut changed = files();
            changed.get_mut(&path).unwrap()[place] ^= 1;
            let violated = violated(&Bundle::of(changed));
            assert!(!violated.is_empty(), "{path} at {place}");
            let named = violated
                .iter()
                .any(|verdict| verdict.detail.contains(&path));
            assert!(
                named || path == "MANIFEST.json",
                "{path} at {place}: {violated:?}"
            );
        }
    }
}

#[test]
fn every_byte_of_the_manifest_counts() {
    for place in 0..files()["MANIFEST.json"].len() {
        let mut changed = files();
        changed.get_mut("MANIFEST.json").unwrap()[place] ^= 0x20;
        assert!(!violated(&Bundle::of(changed)).is_empty(), "at {place}");
    }
}

#[test]
fn every_part_of_the_closing_signatures_counts() {
    // An odd step meets every position within the base64 of a signature.
    let name = "MANIFEST.sigs.json";
    for place in (0..files()[name].len()).step_by(7) {
        let mut changed = files();
        changed.get_mut(name).unwrap()[place] ^= 1;
        assert!(!violated(&Bundle::of(changed)).is_empty(), "at {place}");
    }
}

#[test]
fn a_removed_file_is_named() {
    for path in files().keys() {
        let mut changed = files();
        changed.remove(path);
        let violated = violated(&Bundle::of(changed));
        assert!(
            violated.iter().any(|verdict| verdict.detail.contains(path)),
            "{path}: {violated:?}"
        );
    }
}

#[test]
fn an_added_file_is_named() {
    let mut changed = files();
    changed.insert("attestations/extra.txt".to_owned(), Vec::new());
    let violated = violated(&Bundle::of(changed));
    assert!(
        violated[0]
            .detail
            .contains("attestations/extra.txt was added"),
        "{violated:?}"
    );
}

fn verify_on_disk(change: impl Fn(&Stage)) -> Output {
    let stage = Stage::new();
    for (path, content) in files() {
        let path = stage.out().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    change(&stage);
    stage.verify(&["--rehearsal"])
}

#[test]
fn a_copy_of_the_bundle_verifies_as_well() {
    let output = verify_on_disk(|_| {});
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn the_program_says_which_file_was_changed_and_leaves_with_three() {
    let output = verify_on_disk(|stage| {
        let root = stage.out().join("repositories/tuf-root/metadata/root.json");
        let mut content = fs::read(&root).unwrap();
        content[100] ^= 1;
        fs::write(root, content).unwrap();
    });
    assert_eq!(output.status.code(), Some(3));
    assert!(
        said(&output).contains("repositories/tuf-root/metadata/root.json was changed"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_link_in_a_bundle_is_refused_before_it_is_followed() {
    let output = verify_on_disk(|stage| {
        std::os::unix::fs::symlink("/etc/passwd", stage.out().join("report.txt")).unwrap();
    });
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("BUNDLE-FILES"), "{}", said(&output));
}

#[test]
fn an_empty_folder_in_a_bundle_is_refused() {
    let output = verify_on_disk(|stage| fs::create_dir(stage.out().join("more")).unwrap());
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
}

#[test]
fn the_root_of_the_bundle_follows_from_itself_as_a_trusted_root() {
    let root = finished()
        .out()
        .join("repositories/tuf-root/metadata/root.json");
    let output = keymoot()
        .args(["verify", "--expect", "rehearsal-small", "--rules"])
        .arg(finished().out())
        .args(["--rehearsal", "--trusted-root"])
        .arg(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn the_first_root_of_another_ceremony_with_the_same_keys_is_not_the_trusted_one() {
    let other = Stage::new();
    assert!(other.rehearsed(&[]).status.success());
    let root = other.out().join("repositories/tuf-root/metadata/root.json");
    let output = finished().verify(&["--rehearsal", "--trusted-root", root.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("BUNDLE-TRUSTED"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_file_that_is_no_root_is_named_where_it_is_given_as_the_trusted_one() {
    let file = finished().out().join("MANIFEST.json");
    let output = finished().verify(&["--rehearsal", "--trusted-root", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = "MANIFEST.json is no root to begin with: ";
    assert!(said(&output).contains(told), "{}", said(&output));
    let help = "name a root of tuf-root that you trust with --trusted-root";
    assert!(said(&output).contains(help), "{}", said(&output));
}

#[test]
fn the_head_that_was_published_elsewhere_is_compared_in_digits_and_in_words() {
    let manifest: Value =
        serde_json::from_slice(&fs::read(finished().out().join("MANIFEST.json")).unwrap()).unwrap();
    let head = Digest::from_hex(manifest["head"].as_str().unwrap()).unwrap();
    for written in [head.to_string(), head.in_words().to_uppercase()] {
        let output = finished().verify(&["--rehearsal", "--published", &written]);
        assert!(output.status.success(), "{}", said(&output));
        assert!(said(&output).contains("the one that was published"));
    }
    let other = Digest::of(b"another head").to_string();
    let output = finished().verify(&["--rehearsal", "--published", &other]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("BUNDLE-PUBLISHED"));
    let output = finished().verify(&["--rehearsal", "--published", "aardvark"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

#[test]
fn a_bundle_that_is_not_there_leaves_with_one_and_names_the_path() {
    let stage = Stage::new();
    let output = stage.verify(&["--rehearsal", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let path = stage.out().display().to_string();
    assert!(said(&output).contains(&path), "{}", said(&output));
}

#[test]
fn a_bundle_closed_again_by_an_administrator_alone_is_detected() {
    // The transcript is rewritten from one line on, the manifest follows, and only
    // the holders' signatures are missing for it.
    let mut changed = files();
    let report = changed.get_mut("report.md").unwrap();
    report.extend_from_slice(b"\nall is well\n");
    let digest = keymoot_core::digest::Digest::of(report).to_string();
    let size = report.len();
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&changed["MANIFEST.json"]).unwrap();
    for file in manifest["files"].as_array_mut().unwrap() {
        if file["path"] == "report.md" {
            file["sha256"] = digest.clone().into();
            file["size"] = size.into();
        }
    }
    changed.insert(
        "MANIFEST.json".to_owned(),
        manifest.to_string().into_bytes(),
    );
    let rules: Vec<_> = violated(&Bundle::of(changed))
        .into_iter()
        .map(|v| v.rule.to_string())
        .collect();
    assert_eq!(rules, ["BUNDLE-DERIVED", "BUNDLE-CLOSED"]);
}

#[test]
fn the_folder_of_a_ceremony_is_named_with_the_place_of_its_bundle() {
    let stage = finished();
    for command in ["verify", "status", "export"] {
        let mut command = {
            let mut named = keymoot();
            named.arg(command).arg(stage.dir());
            if command == "export" {
                named.args(["--dialect", "tuf-on-ci", "--into", "."]);
            }
            named
        };
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        for told in [
            "is the folder of a ceremony, not its bundle",
            stage.out().to_str().unwrap(),
        ] {
            assert!(said(&output).contains(told), "{}", said(&output));
        }
    }
}
