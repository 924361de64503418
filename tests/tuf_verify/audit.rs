//! `keymoot audit` over a demonstration mirror that python-tuf made, and what plain clients of
//! tuf-crates say of the same mirror.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use serde_json::Value;
use testkit::{
    programs::{python, python_program, sigstore},
    shared,
};

const CRATE: &str = "crates/demo/demo-1.0.0.crate";
const INDEX: &str = "index/de/mo/demo";

/// A case; the rule that refuses it and words of the refusal, `None` where it is accepted; what
/// python-tuf answers; words of what sigstore-tuf answers.
type Case = (
    &'static str,
    Option<(&'static str, &'static str)>,
    &'static str,
    &'static str,
);

const CASES: [Case; 10] = [
    ("good", None, "accepted", "accepted"),
    (
        "swapped-crate",
        Some(("AUDIT-FILE", "another sha256")),
        "LengthOrHashMismatchError",
        "integrity check failed",
    ),
    (
        "removed-line",
        Some(("AUDIT-FILE", "bytes, and")),
        "LengthOrHashMismatchError",
        "integrity check failed",
    ),
    (
        "flipped-yank",
        Some(("AUDIT-FILE", "bytes, and")),
        "LengthOrHashMismatchError",
        "integrity check failed",
    ),
    (
        "frozen-timestamp",
        Some(("AUDIT-FRESH", "timestamp expired 2026-01-01")),
        "ExpiredMetadataError",
        "timestamp metadata expired",
    ),
    (
        "old-snapshot",
        Some(("AUDIT-ROLLBACK", "was there before")),
        "BadVersionNumberError",
        "rollback",
    ),
    (
        "mixed-versions",
        Some(("AUDIT-DOCUMENTS", "the versions are mixed")),
        "BadVersionNumberError",
        "does not match snapshot pin",
    ),
    (
        "outside-prefix",
        Some(("AUDIT-DOCUMENTS", "no role lists")),
        "ValueError",
        "is not listed by any trusted targets role",
    ),
    (
        "unauthorised-root",
        Some(("AUDIT-AUTHORISED", "the mirror has root 2 of tuf-crates")),
        "accepted",
        "accepted",
    ),
    (
        "other-root",
        Some(("AUDIT-AUTHORISED", "is not the authorised file")),
        "UnsignedMetadataError",
        "signature threshold not met",
    ),
];

fn mirror(mode: &str, folder: &Path) -> String {
    let output = python_program("mirror.py")
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
        let folder = shared::folder();
        mirror("make", folder.path());
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

/// What sigstore-tuf's client of tuf-crates says of a mirror, which knows what is in `state`.
fn sigstore_tuf(scheme: &str, case: &Path, target: &str, state: &Path) -> String {
    let first = format!("{scheme}-good/tuf-crates/metadata/1.root.json");
    let output = Command::new(sigstore())
        .arg(case.join("tuf-crates"))
        .arg(mirrors().join(first))
        .arg(target)
        .arg(state)
        .output()
        .unwrap();
    match output.status.success() {
        true => "accepted".to_owned(),
        false => String::from_utf8(output.stderr).unwrap().trim().to_owned(),
    }
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// The rule that refuses, with its words.
pub(super) fn refusal(output: &Output) -> (String, String) {
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
fn each_manipulation_of_the_mirror_is_refused_beside_the_answers_of_other_clients() {
    let answers: BTreeMap<String, String> = mirror("ask", mirrors())
        .lines()
        .map(|line| {
            let answer: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| answer[name].as_str().unwrap().to_owned();
            (text("case"), text("python-tuf"))
        })
        .collect();
    let page =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/for-clients.md")).unwrap();
    println!("| index | case | keymoot audit | python-tuf | sigstore-tuf |");
    for scheme in ["plain", "bins"] {
        for (case, expected, pythons, sigstores) in CASES {
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
            let [state, theirs] = [(); 2].map(|()| tempfile::tempdir().unwrap());
            let state = ["--state", state.path().to_str().unwrap()];
            if goes_back {
                let newer = mirrors().join(format!("{scheme}-newer"));
                let said = audit(&newer, target, &state);
                assert!(said.status.success(), "{name}: {said:?}");
                let said = sigstore_tuf(scheme, &newer, target, theirs.path());
                assert_eq!(said, "accepted", "{name}");
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
            let theirs = sigstore_tuf(scheme, &folder, target, theirs.path());
            println!(
                "| {scheme} | {case} | {answer} | {} | {theirs} |",
                answers[&name]
            );
            let rule = expected.map_or("accepted", |(rule, _)| rule);
            let title = case.replace('-', " ");
            let line = format!("| {title} | {rule} | {pythons} | {sigstores} |");
            assert!(page.contains(&line), "{line}");
            // The rule outside of TUF: plain clients walk on to a root that nobody authorised.
            assert_eq!(answers[&name], pythons, "{name}");
            assert!(theirs.contains(sigstores), "{name}: {theirs}");
        }
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
fn a_mirror_that_was_never_audited_is_not_remembered() {
    let (case, folder) = (mirrors().join("bins-good"), tempfile::tempdir().unwrap());
    let state = ["--state", folder.path().to_str().unwrap()];
    let of_tuf_root = Command::new(env!("CARGO_BIN_EXE_keymoot"))
        .args(["audit", "--target", "crates/root.json", "--trusted-root"])
        .arg(case.join("1.root.json"))
        .arg("--tuf-root")
        .arg(case.join("tuf-root"))
        .args(state)
        .arg(case.join("tuf-crates/metadata/1.root.json"))
        .output()
        .unwrap();
    assert!(of_tuf_root.status.success(), "{of_tuf_root:?}");
    for remembered in [false, true] {
        let report = report(&audit(&case, INDEX, &state));
        assert_eq!(report["remembered"], remembered);
    }
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

/// What a program took: its exit code, seconds of CPU, and MiB of memory at its peak.
fn taken(arguments: &[&OsStr]) -> (i32, f64, f64) {
    const MEASURE: &str = "import resource, subprocess, sys\n\
        null = subprocess.DEVNULL\n\
        code = subprocess.run(sys.argv[1:], stdout=null, stderr=null).returncode\n\
        used = resource.getrusage(resource.RUSAGE_CHILDREN)\n\
        print(code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)";
    let output = python()
        .args(["-c", MEASURE])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let [code, seconds, memory] = text.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{text}");
    };
    (
        code.parse().unwrap(),
        seconds.parse().unwrap(),
        memory.parse().unwrap(),
    )
}

/// What an audit of a case's index file took.
fn audit_takes(case: &Path) -> (i32, f64, f64) {
    let [root, tuf_root, crates] =
        ["1.root.json", "tuf-root", "tuf-crates"].map(|name| case.join(name));
    let file = served(case, INDEX);
    taken(&[
        env!("CARGO_BIN_EXE_keymoot").as_ref(),
        "audit".as_ref(),
        "--target".as_ref(),
        INDEX.as_ref(),
        "--trusted-root".as_ref(),
        root.as_ref(),
        "--tuf-root".as_ref(),
        tuf_root.as_ref(),
        "--tuf-crates".as_ref(),
        crates.as_ref(),
        file.as_ref(),
    ])
}

#[test]
fn an_audit_of_the_demonstration_takes_little() {
    for case in ["plain-good", "bins-good"] {
        let (code, seconds, memory) = audit_takes(&mirrors().join(case));
        println!("{case}: {seconds:.3} s of CPU, {memory:.0} MiB");
        assert_eq!(code, 0, "{case}");
        assert!(seconds < 0.3, "{case}: {seconds} s of CPU");
        assert!(memory < 64.0, "{case}: {memory} MiB");
    }
}

#[test]
fn a_mirror_that_serves_endless_documents_takes_no_memory() {
    let good = mirrors().join("bins-good");
    for name in [
        "tuf-root/metadata/2.root.json",
        "tuf-root/metadata/1.targets.json",
        "tuf-crates/metadata/2.root.json",
        "tuf-crates/metadata/timestamp.json",
        "tuf-crates/metadata/1.snapshot.json",
        "tuf-crates/metadata/1.targets.json",
    ] {
        let stage = tempfile::tempdir().unwrap();
        testkit::stage::copy(&good, stage.path());
        let file = fs::File::create(stage.path().join(name)).unwrap();
        // It takes no disk.
        file.set_len(1 << 30).unwrap();
        let (code, seconds, memory) = audit_takes(stage.path());
        assert_eq!(code, 3, "{name}");
        assert!(
            seconds < 0.3 && memory < 64.0,
            "{name}: {seconds} s, {memory} MiB"
        );
    }
}
