//! `keymoot verify TREE`: a published repository compared with its own evidence, and the
//! refusals.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use keymoot_core::digest::Digest;
use serde_json::Value;

use testkit::stage::{below, finished, keymoot, said};

/// The exported tree of the shared rehearsal, for one test to change.
struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    fn exported() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = keymoot();
        command.args(["export", "--rehearsal", "--dialect", "tuf-on-ci", "--into"]);
        let output = command.arg(folder.path()).arg(finished().out()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", said(&output));
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn verify(&self, more: &[&str]) -> Output {
        let mut command = keymoot();
        command.args(["verify", "--rehearsal", "--vendor-dir"]);
        command.arg(finished().out().join("rehearsal/vendor"));
        command.arg(self.folder.path()).args(more).output().unwrap()
    }

    /// The rules that are violated, and with which words.
    fn violated(&self, more: &[&str]) -> Vec<(String, String)> {
        let output = self.verify(&[more, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["holds"], false);
        let verdicts = report["verdicts"].as_array().unwrap().iter();
        let violated = verdicts.filter(|verdict| verdict["outcome"] == "violated");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        violated
            .map(|verdict| (text(&verdict["rule"]), text(&verdict["detail"])))
            .collect()
    }

    fn refused(&self, rule: &str, words: &str) {
        let violated = self.violated(&[]);
        assert_eq!(violated.len(), 1, "{violated:?}");
        assert_eq!(violated[0].0, rule);
        assert!(violated[0].1.contains(words), "{violated:?}");
    }

    /// One file of the evidence of `holder-1`.
    fn evidence(&self, name: &str) -> PathBuf {
        let folder = self.path("attestations/holder-1");
        let device = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
        device.path().join(name)
    }
}

#[test]
fn an_exported_tree_verifies_and_states_what_clients_still_need() {
    let tree = Tree::exported();
    let output = tree.verify(&["--rules"]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("clients need timestamp and snapshot too"),
        "{said}"
    );
    assert!(said.contains("Nobody compared whose root it is"), "{said}");
}

#[test]
fn a_key_without_published_evidence_is_refused() {
    let tree = Tree::exported();
    fs::remove_dir_all(tree.path("attestations/holder-1")).unwrap();
    tree.refused(
        "TREE-KEYS",
        "of holder-1, in root 1: no published enrolment",
    );
}

#[test]
fn evidence_that_the_vendor_did_not_sign_is_refused() {
    let tree = Tree::exported();
    let mut command = keymoot();
    let output = command.args(["verify", "--rehearsal"]).arg(tree.path(""));
    let said = said(&output.output().unwrap());
    assert!(
        said.contains("DEVICE-CHAIN") && said.contains("NOT VERIFIED"),
        "{said}"
    );
}

#[test]
fn a_live_verifier_refuses_the_tree_of_a_rehearsal() {
    let tree = Tree::exported();
    let mut command = keymoot();
    let output = command.arg("verify").arg(tree.path("")).output().unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("ROOT-MARK"), "{said}");
}

#[test]
fn a_changed_enrolment_is_refused() {
    let tree = Tree::exported();
    fs::copy(
        tree.evidence("device.pem"),
        tree.evidence("attestation.pem"),
    )
    .unwrap();
    tree.refused("KEY-PUBLISHED", "holder-1");
}

#[test]
fn a_list_of_revoked_keys_that_the_quorum_did_not_sign_is_refused() {
    let tree = Tree::exported();
    let path = tree.path("targets/revoked.json");
    let list = fs::read_to_string(&path).unwrap();
    fs::write(&path, list.replace("[]", "[ ]")).unwrap();
    let violated = tree.violated(&[]);
    assert_eq!(violated[0].0, "REVOKED-AUTHORISED", "{violated:?}");
}

#[test]
fn a_target_file_that_is_missing_is_refused() {
    let tree = Tree::exported();
    fs::remove_dir_all(tree.path("targets/crates")).unwrap();
    tree.refused("TREE-TARGETS", "crates/root.json\" is missing");
}

#[test]
fn a_target_file_with_other_content_is_refused() {
    let tree = Tree::exported();
    fs::write(tree.path("targets/crates/root.json"), "{}").unwrap();
    tree.refused(
        "DELEGATION-PREVIOUS",
        "crates/root.json of the previous state is another file",
    );
}

#[test]
fn a_document_that_nobody_signed_is_refused() {
    let tree = Tree::exported();
    let path = tree.path("metadata/crates.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"version\": 1", "\"version\": 2", 1)).unwrap();
    tree.refused(
        "DELEGATION-PREVIOUS",
        "crates.json is not signed by enough keys",
    );
}

#[test]
fn a_snapshot_that_its_key_did_not_sign_is_refused() {
    let tree = Tree::exported();
    let snapshot = r#"{"signatures": [], "signed": {"_type": "snapshot", "expires": "2037-11-01T00:00:00Z", "meta": {"crates.json": {"version": 1}, "targets.json": {"version": 1}}, "spec_version": "1.0.31", "version": 1}}"#;
    fs::write(tree.path("metadata/snapshot.json"), snapshot).unwrap();
    tree.refused("TREE-DOCUMENTS", "snapshot");
}

#[test]
fn a_tree_that_is_weaker_than_expected_is_refused() {
    let tree = Tree::exported();
    let set = include_str!("../../ceremony-scripts/expectations/rfc-3724.toml");
    let set = set
        .replace("root = 455", "root = 30")
        .replace("threshold = 5", "threshold = 6");
    let path = tree.path("expected.toml");
    fs::write(&path, set).unwrap();
    let violated = tree.violated(&["--expect", path.to_str().unwrap()]);
    assert_eq!(violated.len(), 1, "{violated:?}");
    assert_eq!(violated[0].0, "POLICY-EXPECTED");
    for words in [
        "root: threshold 5 of 9, expected 6 of 9",
        "root expires after 455 days",
    ] {
        assert!(violated[0].1.contains(words), "{violated:?}");
    }
}

#[test]
fn an_option_for_bundles_is_refused_for_a_repository() {
    let tree = Tree::exported();
    let output = tree.verify(&["--ended"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("--ended out"), "{}", said(&output));
}

/// The same as a server publishes it, before the first online signing.
fn served() -> Tree {
    let tree = Tree::exported();
    let served = tempfile::tempdir().unwrap();
    let copy = |from: &Path, to: &str| {
        let to = served.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    };
    for role in ["root", "targets", "crates"] {
        let from = tree.path(&format!("metadata/{role}.json"));
        copy(&from, &format!("metadata/1.{role}.json"));
    }
    let file = tree.path("targets/crates/root.json");
    copy(&tree.path("targets/revoked.json"), "targets/revoked.json");
    let hash = Digest::of(&fs::read(&file).unwrap());
    copy(&file, &format!("targets/crates/{hash}.root.json"));
    for path in below(&tree.path("attestations")).keys() {
        copy(
            &tree.path("attestations").join(path),
            &format!("attestations/{path}"),
        );
    }
    Tree { folder: served }
}

#[test]
fn a_repository_as_servers_publish_it_verifies_too() {
    let served = served();
    let output = served.verify(&[]);
    assert!(output.status.success(), "{}", said(&output));
    // Clients of a server do not ask for root.json.
    fs::copy(
        served.path("metadata/1.root.json"),
        served.path("metadata/root.json"),
    )
    .unwrap();
    let output = served.verify(&[]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_numbered_file_that_differs_from_the_working_tree_beside_it_is_refused() {
    let tree = Tree::exported();
    let numbered = tree.path("metadata/1.targets.json");
    fs::copy(tree.path("metadata/targets.json"), &numbered).unwrap();
    let output = tree.verify(&[]);
    assert!(output.status.success(), "{}", said(&output));
    fs::write(numbered, "garbage").unwrap();
    tree.refused("TREE-DOCUMENTS", "targets: OTHER-FILE");
}

#[test]
fn a_served_document_under_the_number_of_another_version_is_refused() {
    let served = served();
    let [from, to] = ["1", "5"].map(|n| served.path(&format!("metadata/{n}.targets.json")));
    fs::rename(from, to).unwrap();
    served.refused("TREE-DOCUMENTS", "5.targets.json is version 1");
}

#[test]
fn a_served_timestamp_with_a_version_in_its_name_is_none() {
    let served = served();
    fs::write(served.path("metadata/1.timestamp.json"), "garbage").unwrap();
    let output = served.verify(&["--rules"]);
    assert!(output.status.success(), "{}", said(&output));
    let needed = "clients need timestamp and snapshot too";
    assert!(said(&output).contains(needed), "{}", said(&output));
    let unsigned = r#"{"signatures": [], "signed": {"_type": "timestamp", "expires": "2037-11-01T00:00:00Z", "meta": {"snapshot.json": {"version": 1}}, "spec_version": "1.0.31", "version": 99}}"#;
    fs::write(served.path("metadata/timestamp.json"), unsigned).unwrap();
    served.refused("TREE-DOCUMENTS", "timestamp: TOO-FEW-SIGNATURES");
}

#[test]
fn a_served_document_without_a_version_in_its_name_is_none() {
    let served = served();
    let [from, to] = ["1.", ""].map(|n| served.path(&format!("metadata/{n}targets.json")));
    fs::rename(from, to).unwrap();
    fs::remove_file(served.path("metadata/1.crates.json")).unwrap();
    served.refused("TREE-DOCUMENTS", "there is no targets.json");
}

#[test]
fn a_timestamp_that_cannot_be_read_is_refused() {
    let tree = Tree::exported();
    fs::write(tree.path("metadata/timestamp.json"), "garbage").unwrap();
    tree.refused("TREE-DOCUMENTS", "timestamp: ");
}

#[test]
fn a_root_alone_is_refused() {
    let tree = Tree::exported();
    for role in ["targets", "crates"] {
        fs::remove_file(tree.path(&format!("metadata/{role}.json"))).unwrap();
    }
    tree.refused("TREE-DOCUMENTS", "there is no targets.json");
}

#[test]
fn the_verdict_says_that_expiry_is_no_part_of_it() {
    let tree = Tree::exported();
    let said = said(&tree.verify(&[]));
    let command = format!("keymoot status {}", tree.folder.path().display());
    assert!(
        said.contains("What has expired") && said.contains(&command),
        "{said}"
    );
}

#[test]
fn a_rehearsal_without_its_vendor_is_verified_with_the_option_for_it() {
    let tree = Tree::exported();
    let mut command = keymoot();
    let output = command.args(["verify", "--rehearsal"]).arg(tree.path(""));
    let said = said(&output.output().unwrap());
    assert!(said.contains("--vendor-dir"), "{said}");
    assert!(!said.contains("F9 was replaced"), "{said}");
}

#[test]
fn the_metadata_of_a_repository_alone_is_answered_with_the_folder_that_holds_it() {
    let tree = Tree::exported();
    let mut command = keymoot();
    let output = command
        .arg("verify")
        .arg(tree.path("metadata"))
        .output()
        .unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let folder = tree.folder.path().display().to_string();
    assert!(
        text.contains(&format!("name the folder that holds it: {folder}\n")),
        "{text}"
    );
    let mut command = keymoot();
    let both = command
        .arg("verify")
        .args([tree.path(""), finished().out()]);
    let text = said(&both.output().unwrap());
    assert!(text.contains("verify it alone: keymoot verify"), "{text}");
}

#[test]
fn a_root_without_a_history_is_named_as_that() {
    let tree = Tree::exported();
    fs::remove_dir_all(tree.path("metadata/root_history")).unwrap();
    tree.refused(
        "ROOT-PREVIOUS",
        "metadata/root_history/1.root.json is missing",
    );
}

#[test]
fn exported_evidence_is_proven_in_the_layout_of_hardware_keys() {
    let team = tempfile::tempdir().unwrap();
    let export = || {
        let mut command = keymoot();
        command.args(["export", "--rehearsal", "--evidence-into"]);
        let output = command.arg(team.path()).arg(finished().out()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    assert!(export().contains("The evidence of 9 devices"));
    assert!(export().contains("0 files written, 18 as they were"));
    for folder in [
        team.path().join("hardware-keys"),
        finished().out().join("attestations"),
    ] {
        let mut command = keymoot();
        command.arg("attest").arg(folder).arg("--vendor-dir");
        let output = command
            .arg(finished().out().join("rehearsal/vendor"))
            .output();
        let said = said(&output.unwrap());
        assert!(said.contains("9 of 9 attestations are proven"), "{said}");
        assert!(said.contains("slot 9c, PIN always, touch always"), "{said}");
    }
}
