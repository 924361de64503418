//! Runs the real program and finds the samples.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Files that the repository holds.
pub(crate) fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/attestation")
        .join(path)
}

/// A folder of samples that may not be in the repository; where there is none,
/// says how many cases are left out.
pub(crate) fn vectors(folder: &str, cases: usize) -> Option<PathBuf> {
    match std::env::var_os("KEYMOOT_VECTORS") {
        Some(root) => Some(Path::new(&root).join("attestations").join(folder)),
        None => {
            // Written past the harness, which hides the output of tests that pass.
            let line = format!(
                "KEYMOOT_VECTORS is not set: {cases} cases of attestations/{folder} left out\n"
            );
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            None
        }
    }
}

pub(crate) fn attest(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keymoot"))
        .arg("attest")
        .args(arguments)
        .output()
        .unwrap()
}

/// The JSON object of a run that proved its evidence.
pub(crate) fn proven(arguments: &[&Path]) -> Value {
    let report = report(arguments, 0);
    assert_eq!(report["proven"], true);
    assert_eq!(report["violations"], serde_json::json!([]));
    report
}

/// The rules that a run reports as violated.
pub(crate) fn refused(arguments: &[&Path]) -> Vec<String> {
    let report = report(arguments, 3);
    assert_eq!(report["proven"], false);
    assert!(
        report.get("key").is_none(),
        "facts of refused evidence are not shown"
    );
    let violations = report["violations"].as_array().unwrap();
    assert!(!violations.is_empty());
    violations
        .iter()
        .map(|violation| violation["rule"].as_str().unwrap().to_owned())
        .collect()
}

fn report(arguments: &[&Path], code: i32) -> Value {
    let mut arguments = arguments.to_vec();
    arguments.push(Path::new("--json"));
    let output = attest(&arguments);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {output:?}"
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["format"], "keymoot-attest/1");
    report
}

/// The text of a refusal.
pub(crate) fn refusal(arguments: &[&Path]) -> String {
    let output = attest(arguments);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}
