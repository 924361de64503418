//! The state of the quorum after a ceremony.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;

use testkit::{
    privileged::without_capabilities,
    stage::{Stage, copy, files_below, finished, keymoot, said},
};

fn status(source: &Path, more: &[&str]) -> Output {
    let mut command = keymoot();
    command.arg("status").arg(source).args(more);
    command.output().unwrap()
}

fn json(source: &Path, more: &[&str]) -> Value {
    let output = status(source, &[&["--json"], more].concat());
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The day on which the root of the finished rehearsal expires, moved by whole years.
fn at_its_end(years: i32) -> String {
    let root = finished()
        .out()
        .join("repositories/tuf-root/metadata/root.json");
    let root: Value = serde_json::from_slice(&fs::read(root).unwrap()).unwrap();
    let expires = root["signed"]["expires"].as_str().unwrap();
    let year: i32 = expires[..4].parse().unwrap();
    format!("{}-{}", year + years, &expires[5..])
}

/// A working tree that the finished rehearsal was written to.
fn laid(stage: &Stage) -> PathBuf {
    let tree = stage.path("tree");
    fs::create_dir(&tree).unwrap();
    let output = keymoot()
        .arg("export")
        .arg(finished().out())
        .args(["--rehearsal", "--dialect", "tuf-on-ci", "--into"])
        .arg(&tree)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    tree
}

/// The Foundation's repository as it is published, in tuf-ci's layout.
fn published(stage: &Stage) -> Option<PathBuf> {
    let vectors = testkit::left_out::vectors("tuf-roots/tuf-ci")?;
    let tree = stage.path("published");
    fs::create_dir(&tree).unwrap();
    copy(&vectors, &tree.join("metadata"));
    Some(tree)
}

#[test]
fn the_published_repository_of_tuf_ci_has_a_status() {
    let stage = Stage::new();
    let Some(tree) = published(&stage) else {
        return;
    };
    let status = json(&tree, &["--at", "2026-11-29T00:00:00Z"]);
    let named = |list: &str, name: &str| -> Vec<String> {
        let list = status[list].as_array().unwrap().iter();
        list.map(|one| one[name].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        named("documents", "name"),
        ["root.json", "targets.json", "rustup.json"]
    );
    assert_eq!(named("holders", "holder"), ["arlosi", "muscraft"]);
    assert_eq!(status["quorum"]["threshold"], 1);
    assert_eq!(status["quorum"]["root_version"], 2);
}

#[test]
fn a_checkout_of_tuf_ci_with_other_line_endings_is_refused_with_that_cause() {
    let stage = Stage::new();
    let Some(tree) = published(&stage) else {
        return;
    };
    for file in files_below(&tree) {
        let text = fs::read_to_string(&file).unwrap();
        // The copy of a sample may be read-only.
        fs::remove_file(&file).unwrap();
        fs::write(&file, text.replace('\n', "\r\n")).unwrap();
    }
    let output = status(&tree, &[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for named in [
        "ROOT-PREVIOUS",
        "its lines end with CR LF",
        ".gitattributes",
    ] {
        assert!(said(&output).contains(named), "{}", said(&output));
    }
}

#[test]
fn after_the_first_ceremony_nine_can_sign_and_four_may_be_lost() {
    let status = json(&finished().out(), &[]);
    assert_eq!(status["format"], "keymoot-status/1");
    assert_eq!(status["rehearsal"], true);
    let quorum = &status["quorum"];
    assert_eq!(quorum["can_sign"], 9);
    assert_eq!(quorum["threshold"], 5);
    assert_eq!(quorum["survives_losses"], 4);
    let names: Vec<_> = status["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|document| document["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["root.json", "targets.json", "crates.json"]);
}

#[test]
fn a_working_tree_has_the_same_status_as_the_bundle_exported_into_it() {
    let stage = Stage::new();
    let at = ["--at", &at_its_end(-1)];
    let (mut tree, mut bundle) = (json(&laid(&stage), &at), json(&finished().out(), &at));
    // A service publishes the rest; of a tree it is known to be missing.
    for status in [&mut tree, &mut bundle] {
        let status = status.as_object_mut().unwrap();
        status.remove("missing");
        // Only a bundle has a transcript.
        status.remove("untested");
        status.remove("next");
    }
    assert_eq!(tree, bundle);
}

#[test]
fn a_tree_without_snapshot_and_timestamp_is_to_publish_them() {
    let stage = Stage::new();
    let at = ["--at", &at_its_end(-1)];
    let status = json(&laid(&stage), &at);
    assert_eq!(
        status["missing"],
        serde_json::json!(["timestamp.json", "snapshot.json"])
    );
    let next = status["next"]["sentence"].as_str().unwrap();
    assert!(
        next.contains("Publish snapshot.json, timestamp.json"),
        "{next}"
    );
}

#[test]
fn a_timestamp_by_a_key_that_the_root_does_not_name_is_refused() {
    let stage = Stage::new();
    let tree = laid(&stage);
    let timestamp = r#"{"signatures": [{"keyid": "00", "sig": "00"}], "signed": {"_type":
        "timestamp", "spec_version": "1.0.0", "version": 3, "expires": "2099-01-01T00:00:00Z",
        "meta": {"snapshot.json": {"version": 1}}}}"#;
    fs::write(tree.join("metadata/timestamp.json"), timestamp).unwrap();
    let status = json(&tree, &["--at", &at_its_end(-1)]);
    let documents = status["documents"].as_array().unwrap();
    let of = |name: &str| documents.iter().find(|one| one["name"] == name).unwrap();
    let why = of("timestamp.json")["refused"].as_str().unwrap();
    assert!(why.contains("0 valid of 1 needed"), "{why}");
    assert_eq!(of("root.json")["refused"], Value::Null);
    let next = status["next"]["sentence"].as_str().unwrap();
    assert!(next.starts_with("Clients refuse the repository"), "{next}");
}

#[test]
fn at_the_end_of_the_root_the_annual_signing_is_next() {
    let at = at_its_end(0);
    let status = json(&finished().out(), &["--at", &at]);
    assert_eq!(status["documents"][0]["expired"], true);
    assert_eq!(status["documents"][0]["days_left"], 0);
    assert_eq!(status["next"]["script"], "annual-resign");
}

#[test]
fn the_page_says_in_words_what_is_next() {
    let at = at_its_end(1);
    let output = status(&finished().out(), &["--at", &at]);
    let page = said(&output);
    assert!(page.contains("EXPIRED"), "{page}");
    assert!(page.contains("Next: root.json expired"), "{page}");
    assert!(
        page.contains("keymoot script runbook annual-resign"),
        "{page}"
    );
    assert!(page.contains("This is a REHEARSAL"), "{page}");
}

#[test]
fn a_tree_with_a_root_that_was_changed_leaves_with_three() {
    let stage = Stage::new();
    let tree = laid(&stage);
    for path in files_below(&tree.join("metadata")) {
        if path.to_str().unwrap().ends_with("root.json") {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(path, text.replace("\"threshold\": 5", "\"threshold\": 1")).unwrap();
        }
    }
    let output = status(&tree, &[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("ROOT-PREVIOUS"), "{}", said(&output));
}

#[test]
fn a_folder_that_is_neither_leaves_with_one() {
    let stage = Stage::new();
    let output = status(&stage.path(""), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("neither a bundle nor a repository"));
}

#[test]
fn a_repository_as_a_server_publishes_it_has_the_status_of_its_working_tree() {
    let stage = Stage::new();
    let tree = laid(&stage);
    let at = ["--at", &at_its_end(-1)];
    let before = json(&tree, &at);
    for role in ["targets", "crates"] {
        let file = |name: String| tree.join("metadata").join(name);
        fs::rename(file(format!("{role}.json")), file(format!("1.{role}.json"))).unwrap();
    }
    let metadata = tree.join("metadata");
    fs::rename(metadata.join("root.json"), metadata.join("1.root.json")).unwrap();
    fs::remove_dir_all(metadata.join("root_history")).unwrap();
    assert_eq!(json(&tree, &at), before);
}

#[test]
fn what_cannot_be_read_and_what_is_missing_is_due() {
    let stage = Stage::new();
    let tree = laid(&stage);
    fs::write(tree.join("metadata/timestamp.json"), "garbage").unwrap();
    let at = ["--at", &at_its_end(-1)];
    let status_of = || json(&tree, &at);
    let status = status_of();
    assert_eq!(status["missing"], serde_json::json!(["snapshot.json"]));
    let unread = status["unread"].as_array().unwrap();
    let names: Vec<_> = unread
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["timestamp.json"]);
    let next = status["next"]["sentence"].as_str().unwrap();
    assert!(
        next.starts_with("Clients refuse the repository as it is"),
        "{next}"
    );
    let page = said(&self::status(&tree, &at));
    assert!(page.contains("CLIENTS REFUSE IT"), "{page}");
    for role in ["timestamp", "targets", "crates"] {
        fs::remove_file(tree.join(format!("metadata/{role}.json"))).unwrap();
    }
    assert_eq!(
        status_of()["missing"],
        serde_json::json!(["timestamp.json", "snapshot.json", "targets.json"])
    );
}

#[test]
fn a_path_that_cannot_be_looked_at_is_named_with_the_reason() {
    let stage = Stage::new();
    let file = stage.path("file");
    fs::write(&file, "").unwrap();
    for (path, reason) in [
        (stage.path("nowhere"), "No such file or directory"),
        (file, "no folder"),
    ] {
        let output = status(&path, &[]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains(reason), "{}", said(&output));
    }
}

#[test]
fn a_folder_that_may_not_be_read_is_named_with_the_reason() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::new();
    let tree = laid(&stage);
    let metadata = tree.join("metadata");
    let allow = |mode| fs::set_permissions(&metadata, fs::Permissions::from_mode(mode)).unwrap();
    allow(0o000);
    let output = without_capabilities(env!("CARGO_BIN_EXE_keymoot"))
        .arg("status")
        .arg(&tree)
        .output()
        .unwrap();
    allow(0o755);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("Permission denied"),
        "{}",
        said(&output)
    );
}

#[test]
fn who_misses_two_signings_in_a_row_is_named() {
    let stage = Stage::new();
    let mut previous = finished().out();
    for year in ["first", "second"] {
        let out = stage.path(&format!("{year}-bundle"));
        let output = keymoot()
            .args([
                "rehearse",
                "annual-resign",
                "--unattended",
                "--absent=holder-8",
            ])
            .arg("--previous")
            .arg(&previous)
            .arg("--dir")
            .arg(stage.path(year))
            .arg("--out")
            .arg(&out)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let text = status(&out, &[]);
        let text = String::from_utf8(text.stdout).unwrap();
        let is_named = text.contains("absent from the last 2 signings");
        assert_eq!(is_named, year == "second", "{text}");
        assert!(text.contains("Untested recoveries"), "{text}");
        previous = out;
    }
}

#[test]
fn the_devices_of_a_rehearsal_are_those_of_a_simulated_vendor() {
    let page = said(&status(&finished().out(), &[]));
    assert!(
        page.contains("the vendor of the devices is simulated"),
        "{page}"
    );
    assert!(!page.contains("lack the vendor's certificates"), "{page}");
}

#[test]
fn a_tree_without_snapshot_and_timestamp_has_neither_by_its_status() {
    let stage = Stage::new();
    let page = said(&status(&laid(&stage), &[]));
    assert!(
        page.contains("there is no timestamp.json and no snapshot.json"),
        "{page}"
    );
}
