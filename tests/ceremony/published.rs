//! Snapshot and timestamp beside what the quorum signed, by their own key and in agreement: where
//! either is wrong, every client refuses the repository, and so do `status` and `verify`.

use std::{fs, path::PathBuf, process::Output};

use keymoot_tuf::Dialect;
use serde_json::Value;

use testkit::stage::{Stage, keymoot, said};

use crate::clients::{ceremonies, policy, publish, python};

const ONLINE: [&str; 2] = ["snapshot.json", "timestamp.json"];

/// A first root, and a second one that names another online key.
struct Repository {
    stage: Stage,
    bundles: Vec<PathBuf>,
    keys: [PathBuf; 2],
}

impl Repository {
    fn new() -> Self {
        let stage = Stage::new();
        let keys = ["first.pem", "second.pem"].map(|name| stage.path(name));
        let online = [&keys[0], &keys[1]]
            .map(|key| python(&["key", key.to_str().unwrap(), "ecdsa-p256"]).unwrap());
        let policy = policy(Dialect::TufOnCi, "ecdsa-p256", &online[0]);
        let bundles = ceremonies(&stage, policy, &["initial-root", "change-policy"], &online);
        fs::create_dir(stage.path("tree")).unwrap();
        Self {
            stage,
            bundles,
            keys,
        }
    }

    fn tree(&self) -> PathBuf {
        self.stage.path("tree")
    }

    /// Exports a bundle into the tree, and returns the snapshot and the timestamp of this version,
    /// signed by the first or the second online key.
    fn publish(&self, bundle: usize, key: usize, version: u64) -> [Vec<u8>; 2] {
        let served = self.stage.path("served");
        let (bundle, key) = (&self.bundles[bundle], &self.keys[key]);
        publish(
            bundle,
            Dialect::TufOnCi,
            &self.tree(),
            &served,
            key,
            version,
        );
        let names = [
            format!("{version}.snapshot.json"),
            "timestamp.json".to_owned(),
        ];
        names.map(|name| fs::read(served.join("metadata").join(name)).unwrap())
    }

    /// Lays both into the tree.
    fn lay(&self, documents: [&[u8]; 2]) {
        for (name, document) in ONLINE.iter().zip(documents) {
            fs::write(self.tree().join("metadata").join(name), document).unwrap();
        }
    }

    fn command(&self, arguments: &[&str]) -> Output {
        keymoot().args(arguments).arg(self.tree()).output().unwrap()
    }

    /// Why `status` says that clients refuse this document.
    fn refused(&self, name: &str) -> Value {
        let output = self.command(&["status", "--json"]);
        let status: Value = serde_json::from_slice(&output.stdout).unwrap();
        let documents = status["documents"].as_array().unwrap();
        let document = documents.iter().find(|one| one["name"] == name);
        document.unwrap()["refused"].clone()
    }

    fn verify(&self) -> Output {
        let vendor = self.bundles[0].join("rehearsal/vendor");
        let vendor = vendor.to_str().unwrap();
        let small = ["--expect", "rehearsal-small"];
        self.command(
            &[
                &["verify", "--rehearsal", "--vendor-dir", vendor][..],
                &small,
            ]
            .concat(),
        )
    }

    /// `verify` names the rule.
    fn is_refused(&self) {
        let output = self.verify();
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        let rule = "TREE-DOCUMENTS";
        assert!(said(&output).contains(rule), "{}", said(&output));
    }
}

#[test]
fn a_timestamp_by_the_key_that_the_newest_root_replaced_is_refused() {
    let repository = Repository::new();
    let [snapshot, timestamp] = repository.publish(0, 0, 1);
    repository.lay([&snapshot, &timestamp]);
    let output = repository.verify();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(
        ONLINE.map(|name| repository.refused(name)),
        [Value::Null, Value::Null]
    );

    repository.publish(1, 1, 2);
    repository.lay([&snapshot, &timestamp]);
    repository.is_refused();
    for name in ONLINE {
        let why = repository.refused(name);
        assert!(
            why.as_str().unwrap().contains("0 valid of 1 needed"),
            "{why}"
        );
    }
}

#[test]
fn a_snapshot_older_than_the_timestamp_says_is_refused() {
    let repository = Repository::new();
    let [old, _] = repository.publish(0, 0, 1);
    let [_, timestamp] = repository.publish(0, 0, 2);
    repository.lay([&old, &timestamp]);
    repository.is_refused();
    let output = repository.command(&["status"]);
    let refused = "Clients refuse the repository";
    assert!(said(&output).contains(refused), "{}", said(&output));
}
