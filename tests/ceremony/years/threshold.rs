//! A new threshold: its root needs the signatures of the old threshold and of the new one.

use std::{fs, process::Output};

use serde_json::Value;
use testkit::stage::{keymoot, said};

use super::renaming;
use crate::python::reader;

/// The root of the new threshold with the signatures of these holders alone, after those before it:
/// the results of keymoot and of python-tuf.
fn signed_by(holders: &[&str]) -> (Output, Value) {
    let folder = tempfile::tempdir().unwrap();
    let history = renaming().join("repositories/tuf-root/metadata/root_history");
    let read = |version: u64| -> Value {
        let path = history.join(format!("{version}.root.json"));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    };
    let keys = [3, 4].map(|version| read(version)["signed"]["keys"].clone());
    let is_theirs = |id: &str| {
        let owner = keys
            .iter()
            .find_map(|keys| keys[id]["x-tuf-on-ci-keyowner"].as_str());
        holders
            .iter()
            .any(|holder| owner == Some(&format!("@{holder}")))
    };
    let mut command = keymoot();
    command.args(["tuf", "verify"]);
    for version in 1..=4 {
        let mut root = read(version);
        if version == 4 {
            let signatures = root["signatures"].as_array_mut().unwrap();
            signatures.retain(|signature| is_theirs(signature["keyid"].as_str().unwrap()));
        }
        let path = folder.path().join(format!("{version}.root.json"));
        fs::write(&path, serde_json::to_vec(&root).unwrap()).unwrap();
        command.arg(path);
    }
    (command.output().unwrap(), reader("chain", folder.path()))
}

fn is_refused(holders: &[&str], why: &str) {
    let (output, python) = signed_by(holders);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains(why), "{}", said(&output));
    assert!(python["error"].is_string(), "{python}");
}

const NEWCOMERS: [&str; 2] = ["holder-10", "holder-11"];

#[test]
fn a_new_threshold_that_only_the_old_one_signed_is_refused_here_and_by_python_tuf() {
    let old = ["holder-1", "holder-2", "holder-4", "holder-5", "holder-6"];
    is_refused(&old, "5 valid of 6 needed");
}

#[test]
fn a_new_threshold_that_the_old_one_did_not_sign_is_refused_here_and_by_python_tuf() {
    let four = ["holder-1", "holder-2", "holder-4", "holder-5"];
    is_refused(&[&four[..], &NEWCOMERS].concat(), "4 valid of 5 needed");
}

#[test]
fn the_signature_of_a_renamed_holder_counts_for_the_old_root_and_for_the_new_one() {
    let five = [
        "holder-1",
        "holder-2",
        "holder-3",
        "holder-33",
        "holder-4",
        "holder-5",
    ];
    let (output, python) = signed_by(&[&five[..], &NEWCOMERS].concat());
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(python["version"], 4, "{python}");
}
