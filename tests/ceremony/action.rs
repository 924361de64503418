//! `action.yml`: the commands of a workflow, run as the action runs them.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use keymoot_tuf::Dialect;
use testkit::programs::verifier;
use testkit::stage::{Stage, finished, keymoot, said};

use crate::{
    apart::post,
    clients::{publish, python},
};

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
    // A workflow may write one option a line.
    let arguments = format!("--rehearsal\n--vendor-dir {}", vendor.display());
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

/// The arguments with which a small rehearsal is verified.
const SMALL: (&str, &str) = ("EXPECT", "rehearsal-small");

/// A request and its answers as a pull request has them: the request, and a folder of answers.
fn branch() -> tempfile::TempDir {
    let branch = tempfile::tempdir().unwrap();
    fs::copy(post("1.request"), branch.path().join("signing.request")).unwrap();
    fs::create_dir(branch.path().join("answers")).unwrap();
    for holder in ["holder-1", "holder-2"] {
        let answer = post(&format!("1-{holder}.answer"));
        let to = branch.path().join(format!("answers/{holder}.answer"));
        fs::copy(answer, to).unwrap();
    }
    branch
}

/// The action on a request and answers of a small rehearsal.
fn checked(branch: &Path) -> Output {
    let request = branch.join("signing.request");
    let answers = format!("{}/answers/", branch.display());
    let [expect, answers] = [SMALL.1, &answers].map(Path::new);
    let inputs = [
        ("REQUEST", &*request),
        ("ANSWERS", answers),
        (SMALL.0, expect),
    ];
    action(&inputs, "--rehearsal")
}

/// The one line with which GitHub annotates a pull request.
fn annotation(output: &Output, kind: &str) -> String {
    let printed = String::from_utf8_lossy(&output.stdout);
    let begin = format!("::{kind} title=");
    let mut lines = printed.lines().filter(|line| line.starts_with(&begin));
    let line = lines.next().unwrap_or_else(|| panic!("{printed}"));
    assert_eq!(lines.next(), None, "{printed}");
    line.to_owned()
}

/// The file with one bit changed in its middle.
fn altered(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn the_action_verifies_a_request_and_the_answers_to_it() {
    let branch = branch();
    let output = checked(branch.path());
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    for words in [
        "signing.request asks holder-1",
        "holder-1.answer: holder-1 answers request",
        "holder-2.answer: holder-2 answers request",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(
        !said.contains("::error") && !said.contains("::warning"),
        "{said}"
    );
}

#[test]
fn the_action_verifies_a_request_before_there_is_an_answer() {
    let branch = branch();
    fs::remove_dir_all(branch.path().join("answers")).unwrap();
    let output = checked(branch.path());
    assert!(output.status.success(), "{}", said(&output));
    assert!(!said(&output).contains("::group::keymoot-verify answer"));
}

#[test]
fn a_changed_bit_of_a_request_is_an_error_beside_the_pull_request() {
    let branch = branch();
    altered(&branch.path().join("signing.request"));
    fs::remove_dir_all(branch.path().join("answers")).unwrap();
    let output = checked(branch.path());
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let line = annotation(&output, "error");
    assert!(
        line.starts_with("::error title=keymoot-verify request::"),
        "{line}"
    );
    assert!(line.contains("%0A  help: "), "{line}");
}

#[test]
fn a_changed_bit_of_an_answer_is_an_error_beside_the_pull_request() {
    let branch = branch();
    altered(&branch.path().join("answers/holder-2.answer"));
    let output = checked(branch.path());
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let line = annotation(&output, "error");
    assert!(
        line.starts_with("::error title=keymoot-verify answer::ANSWER-"),
        "{line}"
    );
    assert!(said(&output).contains("signing.request asks holder-1"));
}

#[test]
fn an_answer_to_another_request_is_refused() {
    let branch = branch();
    let answers = branch.path().join("answers");
    fs::copy(post("2-holder-1.answer"), answers.join("holder-1.answer")).unwrap();
    let output = checked(branch.path());
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(annotation(&output, "error").contains("ANSWER-HEAD"));
}

#[test]
fn answers_without_their_request_are_not_checked() {
    let branch = branch();
    let answers = branch.path().join("answers/holder-1.answer");
    let output = action(&[("ANSWERS", &answers)], "--rehearsal");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(annotation(&output, "error").contains("name the request"));
}

#[test]
fn no_file_in_a_pull_request_gives_the_runner_a_command() {
    let branch = branch();
    let name = "x\n::error title=keymoot-verify request::forged";
    let request = branch.path().join(name);
    fs::rename(branch.path().join("signing.request"), &request).unwrap();
    let output = action(
        &[("REQUEST", &request), (SMALL.0, Path::new(SMALL.1))],
        "--rehearsal",
    );
    assert!(output.status.success(), "{}", said(&output));
    let printed = said(&output);
    let commands: Vec<_> = printed
        .lines()
        .filter(|line| line.starts_with("::"))
        .collect();
    let [group, stop, resume, end] = commands.as_slice() else {
        panic!("{printed}");
    };
    assert_eq!(
        [*group, *end],
        ["::group::keymoot-verify request", "::endgroup::"]
    );
    let token = stop.strip_prefix("::stop-commands::").unwrap();
    assert_eq!(*resume, format!("::{token}::"));
    assert_eq!(token.len(), 32);
}

#[test]
fn the_weekly_status_warns_before_a_key_is_missed() {
    let stage = Stage::new();
    let key = stage.path("online.pem");
    let online = python(&["key", key.to_str().unwrap(), "ecdsa-p256"]).unwrap();
    let policy = crate::clients::policy(Dialect::TufOnCi, "ecdsa-p256", &online);
    // Nobody may be missing.
    let policy = policy.replace("threshold = 2", "threshold = 3");
    fs::write(stage.path("policy.toml"), policy).unwrap();
    let policy = stage.path("policy.toml").display().to_string();
    let output = stage.rehearsed(&["--holders", "3", "--policy", &policy]);
    assert!(output.status.success(), "{}", said(&output));
    let [tree, served] = ["tree", "served"].map(|name| stage.path(name));
    fs::create_dir(&tree).unwrap();
    publish(&stage.out(), Dialect::TufOnCi, &tree, &served, &key, 1);
    for (from, to) in [("timestamp", "timestamp"), ("1.snapshot", "snapshot")] {
        let to = tree.join(format!("metadata/{to}.json"));
        fs::copy(served.join(format!("metadata/{from}.json")), to).unwrap();
    }
    let output = action(&[("STATUS", &tree)], "");
    assert!(output.status.success(), "{}", said(&output));
    let line = annotation(&output, "warning");
    assert!(
        line.starts_with("::warning title=keymoot status::"),
        "{line}"
    );
    assert!(
        line.len() > "::warning title=keymoot status::".len(),
        "{line}"
    );
}

#[test]
fn an_action_that_checks_nothing_fails() {
    assert_eq!(action(&[], "").status.code(), Some(2));
}

#[test]
fn every_workflow_in_the_documents_names_inputs_of_the_action() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(workspace.join(name)).unwrap();
    let (action, page) = (read("action.yml"), read("docs/publishing.md"));
    let inputs = page.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("          ")?.split_once(": ")?;
        (!name.starts_with(' ')).then_some(name)
    });
    let mut count = 0;
    for name in inputs {
        count += 1;
        assert!(action.contains(&format!("\n  {name}:\n")), "{name}");
    }
    assert_eq!(count, 7);
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
    assert_eq!(count, 9);
}
