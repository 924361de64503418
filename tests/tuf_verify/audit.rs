//! `keymoot audit` over a demonstration mirror that python-tuf made, and what a plain client
//! of tuf-crates says of the same mirror.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use serde_json::Value;

const CRATE: &str = "crates/demo/demo-1.0.0.crate";
const INDEX: &str = "index/de/mo/demo";

/// Each case, the rule that refuses it, and words of the refusal. `None` is accepted.
const CASES: [(&str, Option<(&str, &str)>); 10] = [
    ("good", None),
    ("swapped-crate", Some(("AUDIT-FILE", "another sha256"))),
    ("removed-line", Some(("AUDIT-FILE", "bytes, and"))),
    ("flipped-yank", Some(("AUDIT-FILE", "bytes, and"))),
    (
        "frozen-timestamp",
        Some(("AUDIT-FRESH", "timestamp expired 2026-01-01")),
    ),
    ("old-snapshot", Some(("AUDIT-ROLLBACK", "was there before"))),
    (
        "mixed-versions",
        Some(("AUDIT-DOCUMENTS", "the versions are mixed")),
    ),
    ("outside-prefix", Some(("AUDIT-DOCUMENTS", "no role lists"))),
    (
        "unauthorised-root",
        Some(("AUDIT-AUTHORISED", "the mirror has root 2 of tuf-crates")),
    ),
    (
        "other-root",
        Some(("AUDIT-AUTHORISED", "is not the authorised file")),
    ),
];

fn python(mode: &str, folder: &Path) -> String {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var_os("KEYMOOT_PYTHON").map_or_else(
        || workspace.join("target/test-venv/bin/python"),
        PathBuf::from,
    );
    let output = Command::new(python)
        .arg(workspace.join("tests/python/mirror.py"))
        .arg(mode)
        .arg(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The mirrors of all cases, made once.
fn mirrors() -> &'static Path {
    static MIRRORS: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = MIRRORS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        python("make", folder.path());
        folder
    });
    folder.path()
}

/// The case's file as the mirror serves it.
fn served(case: &Path, target: &str) -> PathBuf {
    let target = case.join("tuf-crates/targets").join(target);
    let name = format!(".{}", target.file_name().unwrap().to_str().unwrap());
    let mut entries = fs::read_dir(target.parent().unwrap()).unwrap();
    let found = entries.find_map(|entry| {
        let path = entry.unwrap().path();
        let matches = path.to_str().unwrap().ends_with(&name);
        matches.then_some(path)
    });
    found.unwrap()
}

fn audit(case: &Path, target: &str, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keymoot"))
        .args(["audit", "--json", "--target", target, "--trusted-root"])
        .arg(case.join("1.root.json"))
        .arg("--tuf-root")
        .arg(case.join("tuf-root"))
        .arg("--tuf-crates")
        .arg(case.join("tuf-crates"))
        .args(more)
        .arg(served(case, target))
        .output()
        .unwrap()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// The rule that refuses, with its words.
fn refusal(output: &Output) -> (String, String) {
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let report = report(output);
    let verdicts = report["verdicts"].as_array().unwrap().iter();
    let mut violated = verdicts.filter(|verdict| verdict["outcome"] == "violated");
    let verdict = violated.next().unwrap();
    assert!(violated.next().is_none());
    let text = |name: &str| verdict[name].as_str().unwrap().to_owned();
    (text("rule"), text("detail"))
}

#[test]
fn each_manipulation_of_the_mirror_is_refused_and_pythons_answer_stands_beside() {
    let answers: BTreeMap<String, String> = python("ask", mirrors())
        .lines()
        .map(|line| {
            let answer: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| answer[name].as_str().unwrap().to_owned();
            (text("case"), text("python-tuf"))
        })
        .collect();
    println!("| index | case | keymoot audit | python-tuf 7.0 |");
    for scheme in ["plain", "bins"] {
        for (case, expected) in CASES {
            let name = format!("{scheme}-{case}");
            // After the newer state this mirror goes back.
            let goes_back = case == "old-snapshot";
            let folder = match goes_back {
                true => mirrors().join(format!("{scheme}-good")),
                false => mirrors().join(&name),
            };
            if !folder.is_dir() {
                assert_eq!((scheme, case), ("plain", "outside-prefix"));
                continue;
            }
            let target = match case {
                "swapped-crate" => CRATE,
                _ => INDEX,
            };
            let state = tempfile::tempdir().unwrap();
            let state = ["--state", state.path().to_str().unwrap()];
            if goes_back {
                let newer = audit(&mirrors().join(format!("{scheme}-newer")), target, &state);
                assert!(newer.status.success(), "{name}: {newer:?}");
            }
            let output = audit(&folder, target, &state);
            let answer = match expected {
                None => {
                    assert!(output.status.success(), "{name}: {output:?}");
                    "accepted".to_owned()
                }
                Some((rule, words)) => {
                    let (found, detail) = refusal(&output);
                    assert!(
                        found == rule && detail.contains(words),
                        "{name}: {found}: {detail}"
                    );
                    found
                }
            };
            println!("| {scheme} | {case} | {answer} | {} |", answers[&name]);
        }
        // The rule outside of TUF: a plain client walks on to a root that nobody authorised.
        assert_eq!(answers[&format!("{scheme}-unauthorised-root")], "accepted");
        assert_eq!(answers[&format!("{scheme}-good")], "accepted");
    }
}

#[test]
fn an_auditor_with_a_state_refuses_a_mirror_that_goes_back() {
    let state = tempfile::tempdir().unwrap();
    let state = ["--state", state.path().to_str().unwrap()];
    let [newer, good] = ["bins-newer", "bins-good"].map(|name| mirrors().join(name));
    assert_eq!(report(&audit(&newer, INDEX, &state))["remembered"], false);
    assert_eq!(report(&audit(&newer, INDEX, &state))["remembered"], true);
    let (rule, detail) = refusal(&audit(&good, INDEX, &state));
    assert_eq!(rule, "AUDIT-ROLLBACK");
    assert!(
        detail.contains("timestamp is version 1, and version 2 was there before"),
        "{detail}"
    );
    // Without a state nobody can know.
    assert!(audit(&good, INDEX, &[]).status.success());
}

#[test]
fn the_answer_says_how_long_it_is_fresh_and_what_it_does_not_know() {
    let case = mirrors().join("bins-good");
    let report = report(&audit(&case, INDEX, &[]));
    assert_eq!(report["fresh_until"], "2046-01-01T00:00:00Z");
    let repositories = report["repositories"].as_array().unwrap();
    let roles = |place: usize| {
        let documents = repositories[place]["documents"].as_array().unwrap().iter();
        let roles = documents.map(|document| document["role"].as_str().unwrap().to_owned());
        roles.collect::<Vec<_>>()
    };
    assert_eq!(
        roles(0),
        ["root", "timestamp", "snapshot", "targets", "crates"]
    );
    assert_eq!(roles(1)[..4], ["root", "timestamp", "snapshot", "targets"]);
    assert!(roles(1)[4].starts_with("bin-"));

    let at = audit(&case, INDEX, &["--at", "2046-01-01T00:00:00Z"]);
    assert_eq!(refusal(&at).0, "AUDIT-FRESH");

    let mut command = Command::new(env!("CARGO_BIN_EXE_keymoot"));
    command.args(["audit", "--target", "crates/root.json", "--trusted-root"]);
    command
        .arg(case.join("1.root.json"))
        .arg("--tuf-root")
        .arg(case.join("tuf-root"));
    let output = command
        .arg(case.join("tuf-crates/metadata/1.root.json"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    for words in [
        "AUDITED",
        "stolen online key",
        "no earlier audit was compared",
        "3 of 5 keys sign its root",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_root_that_does_not_follow_the_trusted_one_is_refused() {
    let good = mirrors().join("plain-good");
    let other = mirrors().join("bins-good");
    let output = Command::new(env!("CARGO_BIN_EXE_keymoot"))
        .args(["audit", "--json", "--target", INDEX, "--trusted-root"])
        .arg(other.join("1.root.json"))
        .arg("--tuf-root")
        .arg(good.join("tuf-root"))
        .arg("--tuf-crates")
        .arg(good.join("tuf-crates"))
        .arg(served(&good, INDEX))
        .output()
        .unwrap();
    assert_eq!(refusal(&output).0, "AUDIT-DOCUMENTS");
}

#[test]
fn a_newer_root_that_the_trusted_one_did_not_sign_is_refused() {
    let case = mirrors().join("plain-good");
    let folder = tempfile::tempdir().unwrap();
    let metadata = folder.path().join("metadata");
    fs::create_dir(&metadata).unwrap();
    for entry in fs::read_dir(case.join("tuf-root/metadata")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), metadata.join(entry.file_name())).unwrap();
    }
    let first = fs::read(case.join("1.root.json")).unwrap();
    let mut root: Value = serde_json::from_slice(&first).unwrap();
    root["signed"]["version"] = 2.into();
    fs::write(metadata.join("2.root.json"), root.to_string()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_keymoot"))
        .args(["audit", "--json", "--target", INDEX, "--trusted-root"])
        .arg(case.join("1.root.json"))
        .arg("--tuf-root")
        .arg(folder.path())
        .arg(served(&case, INDEX))
        .output()
        .unwrap();
    let (rule, detail) = refusal(&output);
    assert_eq!(rule, "AUDIT-ROOT");
    assert!(detail.contains("tuf-root: root 2"), "{detail}");
}

#[test]
fn an_audit_of_the_demonstration_takes_little() {
    let case = mirrors().join("bins-good");
    let output = Command::new("bash")
        .args(["-c", "TIMEFORMAT='%U %S'; time \"$@\" > /dev/null", "bash"])
        .args([env!("CARGO_BIN_EXE_keymoot"), "audit", "--target", INDEX])
        .arg("--trusted-root")
        .arg(case.join("1.root.json"))
        .arg("--tuf-root")
        .arg(case.join("tuf-root"))
        .arg("--tuf-crates")
        .arg(case.join("tuf-crates"))
        .arg(served(&case, INDEX))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let times = String::from_utf8(output.stderr).unwrap();
    let seconds: f64 = times
        .split_whitespace()
        .map(|time| time.parse::<f64>().unwrap())
        .sum();
    assert!(seconds < 0.3, "{seconds} s of CPU");
}
