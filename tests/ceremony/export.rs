//! The result of a ceremony, written into a git working tree.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use keymoot::export::{self, ExportError, Laying, Repository, Tree};
use keymoot_core::{Rule, digest::Digest};
use keymoot_record::{
    bundle::{self, Files},
    ceremony::{Plan, PlanFiles, previous::Revoked},
};
use keymoot_tuf::{Dialect, Document};

use testkit::{
    clock,
    programs::program,
    stage::{Stage, copy, files_below, finished, keymoot, said},
};

use crate::python::reader;

const DIALECT: Dialect = Dialect::TufOnCi;

/// The files of the finished rehearsal for tuf-root.
fn published() -> Files {
    let bundle = keymoot_verify::read(&finished().out()).unwrap();
    export::published(&bundle, Repository::TufRoot, DIALECT).unwrap()
}

fn laying(tree: &Path) -> Result<(Tree, Laying), ExportError> {
    let tree = Tree::read(tree, &published(), DIALECT)?;
    let laying = export::laying(&published(), &tree, DIALECT).map_err(ExportError::Violated)?;
    Ok((tree, laying))
}

/// A tree with the files of the finished rehearsal.
fn laid() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (tree, laying) = laying(folder.path()).unwrap();
    laying.write(&tree).unwrap();
    folder
}

/// Every file of a tree with its content.
fn content(tree: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let read = |path: PathBuf| (path.clone(), fs::read(path).unwrap());
    let mut files: Vec<_> = files_below(tree).into_iter().map(read).collect();
    files.sort();
    files
}

/// The rules that refuse an export into a tree that was changed so. Afterwards the tree is
/// it was before.
fn refused(change: impl FnOnce(&Path)) -> Vec<&'static str> {
    let folder = laid();
    change(folder.path());
    let before = content(folder.path());
    let Err(ExportError::Violated(violations)) = laying(folder.path()) else {
        panic!("it was not refused by rule");
    };
    assert_eq!(content(folder.path()), before);
    violations
        .iter()
        .map(|violation| violation.rule.id())
        .collect()
}

fn keymoot_export(tree: &Path) -> Output {
    let mut command = keymoot();
    command.arg("export").arg(finished().out());
    command.args(["--rehearsal", "--dialect", "tuf-on-ci", "--into"]);
    command.arg(tree).output().unwrap()
}

/// A document with another version, which nobody has signed.
fn of_version(document: &[u8], version: u64) -> Vec<u8> {
    let mut json: serde_json::Value = serde_json::from_slice(document).unwrap();
    json["signed"]["version"] = version.into();
    serde_json::to_vec(&json).unwrap()
}

#[test]
fn a_second_export_finds_nothing_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let first = keymoot_export(folder.path());
    assert!(first.status.success(), "{}", said(&first));
    assert!(said(&first).contains("wrote metadata/root.json"));
    let before = content(folder.path());
    let second = keymoot_export(folder.path());
    assert!(second.status.success(), "{}", said(&second));
    let told = said(&second);
    assert!(told.contains("nothing was written"), "{told}");
    assert!(!told.contains("wrote"), "{told}");
    assert_eq!(content(folder.path()), before);
}

#[test]
fn the_program_leaves_with_three_where_another_history_is() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("metadata/root_history");
    fs::create_dir_all(&history).unwrap();
    let mut other = published()["metadata/root.json"].clone();
    other.push(b'\n');
    fs::write(history.join("1.root.json"), other).unwrap();
    let before = content(folder.path());
    let output = keymoot_export(folder.path());
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("EXPORT-HISTORY"));
    assert_eq!(content(folder.path()), before);
}

#[test]
fn a_bundle_that_does_not_verify_is_not_exported() {
    let stage = Stage::new();
    copy(&finished().out(), &stage.out());
    fs::write(stage.out().join("report.md"), "all is well").unwrap();
    let tree = tempfile::tempdir().unwrap();
    let output = keymoot()
        .arg("export")
        .arg(stage.out())
        .args(["--rehearsal", "--dialect", "tuf-on-ci", "--into"])
        .arg(tree.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert_eq!(content(tree.path()), []);
}

#[test]
fn the_documents_and_the_history_are_those_of_the_bundle_byte_for_byte() {
    let (folder, repository) = (laid(), finished().out().join("repositories/tuf-root"));
    for path in files_below(&repository) {
        let inside = path.strip_prefix(&repository).unwrap();
        assert_eq!(
            fs::read(folder.path().join(inside)).unwrap(),
            fs::read(&path).unwrap(),
            "{}",
            inside.display()
        );
    }
    let metadata = folder.path().join("metadata");
    assert_eq!(
        fs::read(metadata.join("root.json")).unwrap(),
        fs::read(metadata.join("root_history/1.root.json")).unwrap()
    );
}

#[test]
fn securesystemslib_computes_every_key_id_of_the_tree() {
    let folder = laid();
    for (name, keys) in [("root.json", 10), ("targets.json", 15)] {
        let ids = reader("keys", &folder.path().join("metadata").join(name));
        let ids = ids.as_object().unwrap();
        assert_eq!(ids.len(), keys, "{name}");
        for (written, computed) in ids {
            assert_eq!(Some(written.as_str()), computed.as_str(), "{name}");
        }
    }
}

#[test]
fn no_empty_signature_is_exported() {
    let folder = laid();
    for path in files_below(&folder.path().join("metadata")) {
        let bytes = fs::read(&path).unwrap();
        let document = Document::parse(&bytes, bytes.len()).unwrap();
        let empty = document.signatures().iter().filter(|s| s.is_placeholder());
        assert_eq!(empty.count(), 0, "{}", path.display());
    }
}

#[test]
fn the_next_ceremony_starts_from_a_tree() {
    let folder = laid();
    let files = keymoot_verify::read_tree(folder.path()).unwrap();
    let kept = |name: &str| fs::read_to_string(finished().out().join(name)).unwrap();
    let plan = Plan::check(PlanFiles {
        script: include_str!("../../ceremony-scripts/annual-resign.toml").to_owned(),
        policy: kept("policy.toml"),
        roster: kept("roster.toml"),
        inputs: bundle::of_tree(&files),
    });
    let plan = plan.unwrap();
    let previous = plan.previous().unwrap();
    assert_eq!(previous.roots().len(), 1);
    assert_eq!(previous.enrolments().len(), 9);
}

#[test]
fn after_a_power_cut_the_tree_has_its_old_root_and_the_next_export_writes_the_rest() {
    let whole = laid();
    let expected: Vec<_> = content(whole.path()).into_iter().map(|(_, b)| b).collect();
    let order: Vec<String> = {
        let empty = tempfile::tempdir().unwrap();
        let (_, laying) = laying(empty.path()).unwrap();
        laying.paths().map(str::to_owned).collect()
    };
    assert_eq!(
        order[..2],
        [".gitattributes", "metadata/root_history/1.root.json"]
    );
    for cut in (0..order.len()).step_by(8).chain([order.len() - 1]) {
        let folder = tempfile::tempdir().unwrap();
        for path in &order[..cut] {
            let target = folder.path().join(path);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::copy(whole.path().join(path), target).unwrap();
        }
        assert!(!folder.path().join("metadata/root.json").exists());
        let (tree, laying) = laying(folder.path()).unwrap();
        laying.write(&tree).unwrap();
        let found: Vec<_> = content(folder.path()).into_iter().map(|(_, b)| b).collect();
        assert!(found == expected, "cut after {cut} files");
    }
}

#[test]
fn git_leaves_the_line_endings_of_the_tree_alone() {
    let tree = laid();
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.arg("-C").arg(tree.path()).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    };
    let before = content(&tree.path().join("metadata"));
    git(&["init", "--quiet"]);
    git(&["config", "core.autocrlf", "true"]);
    git(&["add", "."]);
    let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
    git(&[&identity[..], &["commit", "--quiet", "--message", "export"]].concat());
    fs::remove_dir_all(tree.path().join("metadata")).unwrap();
    git(&["checkout", "--", "metadata"]);
    assert_eq!(content(&tree.path().join("metadata")), before);
}

#[test]
fn the_command_that_is_printed_shows_the_difference_of_a_first_export() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("a tree");
    let mut git = Command::new("git");
    git.args(["init", "--quiet"]).arg(&tree);
    assert!(git.status().unwrap().success());
    let exported = keymoot_export(&tree);
    assert!(exported.status.success(), "{}", said(&exported));
    let text = said(&exported);
    let (_, command) = text.split_once("Look at it with ").unwrap();
    let (command, _) = command.split_once(", and commit it").unwrap();
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    assert!(output.status.success(), "{command}: {}", said(&output));
    let root = "+++ b/metadata/root_history/1.root.json";
    assert!(said(&output).contains(root), "{command}: {}", said(&output));
}

#[test]
fn other_files_in_the_tree_are_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let others = [
        ".git/config",
        "README.md",
        "metadata/snapshot.json",
        "metadata/timestamp.json",
        "metadata/release.json",
    ];
    for path in others {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "somebody's").unwrap();
    }
    let (tree, laying) = laying(folder.path()).unwrap();
    laying.write(&tree).unwrap();
    for path in others {
        assert_eq!(fs::read(folder.path().join(path)).unwrap(), b"somebody's");
    }
}

#[test]
fn the_root_of_tuf_crates_is_exported_into_its_own_tree() {
    let bundle = keymoot_verify::read(&finished().out()).unwrap();
    let files = export::published(&bundle, Repository::TufCrates, DIALECT).unwrap();
    let paths: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        ["metadata/root.json", "metadata/root_history/1.root.json"]
    );
}

#[test]
fn a_tree_whose_root_is_newer_than_the_bundle_is_refused() {
    let newer = of_version(&published()["metadata/root.json"], 2);
    let rules = refused(|tree| {
        fs::write(tree.join("metadata/root_history/2.root.json"), &newer).unwrap();
        fs::write(tree.join("metadata/root.json"), &newer).unwrap();
    });
    assert_eq!(rules, ["EXPORT-HISTORY", "EXPORT-HISTORY"]);
}

#[test]
fn a_tree_whose_root_is_another_one_of_the_same_version_is_refused() {
    let rules = refused(|tree| {
        let path = tree.join("metadata/root.json");
        let mut bytes = fs::read(&path).unwrap();
        bytes.push(b'\n');
        fs::write(path, bytes).unwrap();
    });
    assert_eq!(rules, ["EXPORT-HISTORY"]);
}

#[test]
fn a_tree_with_a_newer_document_is_refused() {
    for path in ["metadata/targets.json", "targets/crates/root.json"] {
        let newer = of_version(&published()[path], 2);
        let rules = refused(|tree| fs::write(tree.join(path), newer).unwrap());
        assert_eq!(rules, ["EXPORT-VERSION"], "{path}");
    }
}

#[test]
fn a_tree_in_the_middle_of_a_signing_event_is_refused() {
    let rules = refused(|tree| {
        fs::write(tree.join("metadata/.signing-event-state"), "{}").unwrap();
    });
    assert_eq!(rules, ["EXPORT-EVENT"]);
}

#[test]
fn a_key_that_the_tree_lists_as_revoked_stays_in_the_list() {
    let entry = keymoot_record::ceremony::previous::RevokedKey {
        ceremony: "0".repeat(32),
        handle: "holder-1".to_owned().try_into().unwrap(),
        key: Digest::of(b"key"),
        reason: "stolen".to_owned(),
        serial: 1,
    };
    let list = Revoked::default().with([entry]).bytes();
    let rules = refused(|tree| fs::write(tree.join("revoked.json"), list).unwrap());
    assert_eq!(rules, ["EXPORT-REVOKED"]);
}

#[test]
fn nothing_is_written_or_read_through_a_link() {
    for path in ["metadata/root.json", "metadata", "metadata/root_history"] {
        let elsewhere = tempfile::tempdir().unwrap();
        let rules = refused(|tree| {
            let path = tree.join(path);
            let target = elsewhere.path().join("moved");
            fs::rename(&path, &target).unwrap();
            symlink(target, path).unwrap();
        });
        assert!(rules.iter().all(|rule| *rule == "EXPORT-TREE"), "{rules:?}");
    }
}

#[test]
fn a_bundle_is_not_exported_in_another_dialect_than_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = keymoot();
    command.arg("export").arg(finished().out());
    command.args(["--rehearsal", "--dialect", "tufops", "--into"]);
    let output = command.arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("EXPORT-DIALECT"));
    assert_eq!(content(folder.path()), []);
}

#[test]
fn a_bundle_without_a_root_of_tuf_crates_is_not_exported_as_tuf_crates() {
    let bundle = keymoot_verify::read(&finished().out()).unwrap();
    let mut files = bundle.files().clone();
    files.retain(|path, _| !path.starts_with("repositories/tuf-crates/"));
    let without = bundle::Bundle::of(files);
    let refused = export::published(&without, Repository::TufCrates, DIALECT);
    assert_eq!(refused.unwrap_err().rule, Rule::ExportRepository);
}

#[test]
fn an_export_says_which_document_clients_refuse_by_now() {
    let tree = tempfile::tempdir().unwrap();
    let mut command = Command::new(program());
    command.envs(clock::variables("+500d"));
    command.arg("export").arg(finished().out());
    command.args(["--rehearsal", "--dialect", "tuf-on-ci", "--into"]);
    let output = command.arg(tree.path()).output().unwrap();
    let told = said(&output);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("EXPORT-EXPIRY: root.json expired"), "{told}");
    let fresh = tempfile::tempdir().unwrap();
    let told = said(&keymoot_export(fresh.path()));
    assert!(!told.contains("EXPORT-EXPIRY"), "{told}");
}
