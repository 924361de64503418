//! Every file of every corpus, in every run of the tests: what a fuzzer once found is
//! found no more.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use keymoot_fuzz::{bundle, connector, documents, evidence, pcsc, plans, transcript};

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a target with every file of its corpus. Which file it is that breaks a promise
/// is said by the last line before the panic.
fn each(target: &str, run: impl Fn(&[u8])) {
    let files = fs::read_dir(package().join("corpus").join(target)).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "there is no corpus of {target}");
    for path in paths {
        println!("{}", path.display());
        run(&fs::read(path).unwrap());
    }
}

#[test]
fn evidence_of_the_corpus_breaks_no_promise() {
    each("evidence", evidence::run);
}

#[test]
fn documents_of_the_corpus_break_no_promise() {
    each("documents", documents::run);
}

#[test]
fn transcripts_of_the_corpus_break_no_promise() {
    each("transcript", transcript::run);
}

#[test]
fn plans_of_the_corpus_break_no_promise() {
    each("plans", plans::run);
}

#[test]
fn frames_to_simulated_yubikeys_of_the_corpus_break_no_promise() {
    each("pcsc", pcsc::run);
}

#[test]
fn messages_to_simulated_yubihsms_of_the_corpus_break_no_promise() {
    each("connector", connector::run);
}

#[test]
fn changes_to_a_bundle_of_the_corpus_break_no_promise() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle");
    let program = std::env::current_exe().unwrap();
    let program = program.parent().unwrap().with_file_name("keymoot");
    assert!(
        program.is_file() && program.with_file_name("hsm-sim").is_file(),
        "the programs are not beside the tests: run `cargo build --workspace`, or `make test`"
    );
    let output = Command::new(program)
        .args(["rehearse", "--unattended", "--seed", "7", "--policy"])
        .arg(package().join("plan/policy.toml"))
        .arg("--roster")
        .arg(package().join("plan/roster.toml"))
        .arg("--dir")
        .arg(folder.path().join("ceremony"))
        .arg("--out")
        .arg(&bundle)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let honest = bundle::Honest::read(bundle);
    each("bundle", |data| bundle::run_on(&honest, data));
}
