//! `action.yml`: the commands of a workflow, run as the action runs them.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use testkit::programs::verifier;
use testkit::stage::{finished, keymoot, said};

fn action(environment: &[(&str, &Path)], arguments: &str) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("action/verify.sh");
    let mut command = Command::new(script);
    command.env("PROGRAMS", verifier().parent().unwrap());
    command
        .env("ARGUMENTS", arguments)
        .env("RUST_BACKTRACE", "0");
    for (name, value) in environment {
        command.env(name, value);
    }
    command.output().unwrap()
}

fn exported() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    let mut command = keymoot();
    command.args(["export", "--rehearsal", "--dialect", "tuf-on-ci", "--into"]);
    let output = command.arg(tree.path()).arg(finished().out()).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("docs/publishing.md"));
    tree
}

#[test]
fn the_action_verifies_a_tree_and_refuses_one_without_its_evidence() {
    let tree = exported();
    let vendor = finished().out().join("rehearsal/vendor");
    let arguments = format!("--rehearsal --vendor-dir {}", vendor.display());
    let root = tree.path().join("metadata/root_history/1.root.json");
    let inputs = [("TREE", tree.path()), ("TRUSTED_ROOT", &root)];
    let output = action(&inputs, &arguments);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("Its root is the one that you trust"));

    fs::remove_dir_all(tree.path().join("attestations/holder-2")).unwrap();
    let output = action(&inputs, &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("TREE-KEYS"));
}

#[test]
fn the_action_verifies_bundles_and_refuses_evidence_of_no_vendor() {
    let bundle = finished().out();
    let output = action(&[("BUNDLE", &bundle)], "--rehearsal");
    assert!(output.status.success(), "{}", said(&output));
    let output = action(&[("EVIDENCE", &bundle.join("attestations"))], "");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("0 of 9 attestations are proven"));
}

#[test]
fn the_weekly_status_fails_where_clients_refuse_a_tree() {
    let tree = exported();
    let output = action(&[("STATUS", tree.path())], "");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("::error title=keymoot status::"), "{said}");
}

#[test]
fn an_action_that_checks_nothing_fails() {
    assert_eq!(action(&[], "").status.code(), Some(2));
}

#[test]
fn every_input_of_the_action_reaches_the_script() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(workspace.join(name)).unwrap();
    let (action, script) = (read("action.yml"), read("action/verify.sh"));
    let inputs = action.split("runs:").next().unwrap().lines();
    let names = inputs.filter_map(|line| {
        let name = line.strip_prefix("  ")?.strip_suffix(':')?;
        (!name.starts_with(' ')).then_some(name)
    });
    let mut count = 0;
    for name in names {
        count += 1;
        let variable = name.to_uppercase().replace('-', "_");
        let mapped = format!("{variable}: ${{{{ inputs.{name} }}}}");
        assert!(action.contains(&mapped), "{mapped}");
        assert!(
            script.contains(&format!("${variable}")) || script.contains(&format!("${{{variable}"))
        );
    }
    assert_eq!(count, 7);
}
