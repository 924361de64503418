//! python-tuf 7, an independent implementation, reads the root of the bundle.

use std::path::Path;

use serde_json::Value;

use testkit::{
    programs::python_program,
    stage::{Stage, finished, keymoot, said},
};

fn python_tuf(root: &Path) -> Value {
    reader("root", root)
}

/// The result of a reader of `readers.py` for a file.
pub(crate) fn reader(name: &str, file: &Path) -> Value {
    answer("readers.py", &[name.as_ref(), file])
}

/// The output of a program in `tests/python`.
pub(crate) fn answer(program: &str, arguments: &[&Path]) -> Value {
    let output = python_program(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn root() -> std::path::PathBuf {
    finished()
        .out()
        .join("repositories/tuf-root/metadata/root.json")
}

/// The bundle's root with this many signatures left.
fn with_signatures(stage: &Stage, left: usize) -> std::path::PathBuf {
    let mut json: Value = serde_json::from_slice(&std::fs::read(root()).unwrap()).unwrap();
    json["signatures"].as_array_mut().unwrap().truncate(left);
    let path = stage.path("root.json");
    std::fs::write(&path, serde_json::to_vec(&json).unwrap()).unwrap();
    path
}

#[test]
fn it_accepts_the_root_with_at_least_five_signatures() {
    let answer = python_tuf(&root());
    assert_eq!(answer["verified"], true);
    assert!(answer["signed"].as_array().unwrap().len() >= 5);
}

#[test]
fn it_computes_the_same_key_ids() {
    let answer = python_tuf(&root());
    let ids = answer["ids"].as_object().unwrap();
    assert_eq!(ids.len(), 10);
    for (written, computed) in ids {
        assert_eq!(Some(written.as_str()), computed.as_str());
    }
}

#[test]
fn five_signatures_are_enough_there_and_here() {
    let stage = Stage::new();
    let path = with_signatures(&stage, 5);
    assert_eq!(python_tuf(&path)["verified"], true);
    let output = keymoot()
        .args(["tuf", "verify"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn four_signatures_are_refused_there_and_here() {
    let stage = Stage::new();
    let path = with_signatures(&stage, 4);
    assert_eq!(python_tuf(&path)["verified"], false);
    let output = keymoot()
        .args(["tuf", "verify"])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
}
