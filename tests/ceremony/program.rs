//! The program reports its own digest: at its start, in the transcript, in the report.

use std::{fs, path::Path, process::Command};

use keymoot_core::{Outcome, digest::Digest};
use keymoot_record::transcript::Event;
use serde_json::Value;

use crate::python::reader;
use testkit::{
    programs::write_program,
    stage::{Stage, finished, keymoot, program, said},
};

/// The digest of a program, by reading its file.
fn digest_of(program: &Path) -> Digest {
    Digest::of(&fs::read(program).unwrap())
}

fn output_of(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

/// Another build of the program, with the simulator beside it.
fn another_build(stage: &Stage) -> std::path::PathBuf {
    let folder = stage.path("another");
    fs::create_dir(&folder).unwrap();
    let simulator = program().with_file_name("hsm-sim");
    std::os::unix::fs::symlink(simulator, folder.join("hsm-sim")).unwrap();
    let another = folder.join("keymoot");
    // Bytes after the sections of an ELF file change its digest, and do not change how it runs.
    let content = [&fs::read(program()).unwrap()[..], b"another build"].concat();
    write_program(&another, &content);
    another
}

#[test]
fn the_transcript_names_the_file_that_ran_by_its_digest() {
    let state = finished().state();
    let [(0, ran)] = state.programs.as_slice() else {
        panic!("{:?}", state.programs);
    };
    assert_eq!(ran.sha256, digest_of(&program()));
    assert_eq!(ran.name, keymoot_record::PROGRAM);
}

#[test]
fn the_account_gives_the_digest_of_the_program_in_hexadecimal_and_in_words() {
    let digest = digest_of(&program());
    let account = fs::read_to_string(finished().out().join("report.md")).unwrap();
    assert!(account.contains(&digest.to_string()));
    assert!(account.contains(&digest.words()[..8].join(" ")));
}

#[test]
fn the_bundle_says_what_the_program_is_made_of_and_cyclonedxs_own_library_reads_it() {
    let digest = digest_of(&program()).to_string();
    let bill = finished().out().join(format!("sbom/{digest}.cdx.json"));
    let read = reader("sbom", &bill);
    assert_eq!(read["error"], Value::Null);
    assert_eq!(read["name"], "keymoot");
    assert_eq!(read["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(read["sha256"], serde_json::json!([digest]));
    let mut listed: Vec<String> = include_str!("../../docs/dependencies.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let parts: Vec<_> = line.split(' ').collect();
            let version = parts[2].replace('+', "%2B");
            format!("pkg:cargo/{}@{version}", parts[1])
        })
        .collect();
    listed.sort();
    assert_eq!(read["purls"], serde_json::json!(listed));
}

#[test]
fn its_version_is_one_line_and_with_verbose_also_its_digest() {
    let digest = digest_of(&program());
    for short in ["-V", "--version"] {
        assert_eq!(
            output_of(keymoot().arg(short)).trim(),
            keymoot_record::PROGRAM
        );
    }
    for long in [["--version", "--verbose"], ["--verbose", "--version"]] {
        let said = output_of(keymoot().args(long));
        let mut lines = said.lines();
        assert_eq!(lines.next(), Some(keymoot_record::PROGRAM));
        assert!(lines.next().unwrap().ends_with(&digest.to_string()));
        let words: Vec<_> = lines.flat_map(str::split_whitespace).collect();
        assert_eq!(words, digest.words());
    }
}

#[test]
fn completions_name_every_subcommand() {
    let help = output_of(keymoot().arg("--help"));
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands: Vec<_> = commands
        .lines()
        .map_while(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty())
        .collect();
    assert!(commands.contains(&"verify"), "{commands:?}");
    for shell in ["bash", "zsh", "fish"] {
        let script = output_of(keymoot().args(["completions", shell]));
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn every_subcommand_has_a_manual_page() {
    let home = tempfile::tempdir().unwrap();
    // A folder that is there, and one that is made.
    let folder = home.path().join("new/man");
    for folder in [home.path(), &folder] {
        let written = keymoot().arg("man").arg(folder).status().unwrap();
        assert!(written.success());
    }
    for page in ["keymoot", "keymoot-verify", "keymoot-tuf-verify"] {
        let page = folder.join(format!("{page}.1"));
        let text = fs::read_to_string(&page).unwrap();
        assert!(text.contains(".TH"), "{text}");
        assert!(text.contains(".SH SYNOPSIS"), "{text}");
    }
}

#[test]
fn an_unattended_rehearsal_begins_by_saying_which_program_it_is() {
    let stage = Stage::new();
    let mut child = stage.rehearse(&[]);
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let head: Vec<String> = lines.by_ref().take(2).map(Result::unwrap).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(head[0], keymoot_record::PROGRAM);
    assert!(head[1].ends_with(&digest_of(&program()).to_string()));
}

#[test]
fn a_ceremony_resumed_by_another_program_says_so_and_verifies_with_either() {
    let stage = Stage::new();
    stage.killed_at(30);
    let another = another_build(&stage);
    let resumed = Command::new(&another)
        .arg("resume")
        .arg(stage.dir())
        .env_remove("PCSCLITE_CSOCK_NAME")
        .output()
        .unwrap();
    assert!(resumed.status.success(), "{}", said(&resumed));

    let digests = [program(), another.clone()].map(|program| digest_of(&program));
    let recorded: Vec<_> = stage
        .chain()
        .entries()
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Opened { program, .. } => Some((program.sha256, false)),
            Event::Resumed {
                program, another, ..
            } => Some((program.sha256, *another)),
            _ => None,
        })
        .collect();
    assert_eq!(recorded, [(digests[0], false), (digests[1], true)]);
    let printed = String::from_utf8_lossy(&resumed.stdout);
    assert!(
        printed.contains("resumed with ANOTHER PROGRAM"),
        "{printed}"
    );
    let account = fs::read_to_string(stage.out().join("report.md")).unwrap();
    for verifier in [program(), another] {
        let output = Command::new(verifier)
            .args([
                "verify",
                "--expect",
                "rehearsal-small",
                "--rehearsal",
                "--json",
            ])
            .arg(stage.out())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let verdicts = report["verdicts"].as_array().unwrap();
        let told = verdicts
            .iter()
            .find(|verdict| verdict["rule"] == "TRANSCRIPT-PROGRAM")
            .unwrap();
        assert_eq!(
            told["outcome"],
            serde_json::to_value(Outcome::NotAsked).unwrap()
        );
        for digest in digests {
            let digest = digest.to_string();
            assert!(told["detail"].as_str().unwrap().contains(&digest));
            assert!(account.contains(&digest));
        }
    }
}
