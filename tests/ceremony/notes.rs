//! The notes of `plan new`: every command in them works.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use keymoot::rehearsal::{
    cast::{self, Cast},
    team,
};
use keymoot_record::ceremony::shipped::SHIPPED;
use keymoot_tuf::Dialect;
use testkit::stage::{Stage, copy, finished, keymoot, said};

use crate::plans::{today, written};

#[test]
fn the_commands_in_the_notes_work_in_the_folder_of_the_notes() {
    let stage = Stage::new();
    let bundle = stage.path("last year");
    copy(&finished().out(), &bundle);
    let output = keymoot()
        .current_dir(stage.path(""))
        .args([
            "plan",
            "new",
            "annual-resign",
            "--rehearsal",
            "--dir",
            "plan",
        ])
        .args(["--previous", "last year"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    run_the_notes(&stage.path("plan"));
}

/// Runs every command that the notes of a plan print, in the folder of the notes.
fn run_the_notes(plan: &Path) {
    let notes = fs::read_to_string(plan.join("NOTES.md")).unwrap();
    let commands = notes.split('`').filter(|text| text.starts_with("keymoot "));
    // A holder runs the one that tests an identity, at home.
    let mut commands: Vec<_> = commands
        .filter(|command| !command.starts_with("keymoot escrow test"))
        .map(str::to_owned)
        .collect();
    assert_eq!(commands.len(), 4, "{notes}");
    for command in &mut commands {
        if command.starts_with("keymoot rehearse") {
            command.push_str(" --unattended --dir held --out bundle");
        }
        let program = testkit::programs::program();
        let command = command.replacen("keymoot", program.to_str().unwrap(), 1);
        let output = Command::new("sh")
            .current_dir(plan)
            .args(["-c", &command])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}: {}", said(&output));
    }
}

#[test]
fn the_commands_in_the_notes_of_a_first_root_work_once_the_files_are_filled_in() {
    let stage = Stage::new();
    let output = written(&stage, &["initial-root", "--rehearsal"]);
    assert!(output.status.success(), "{}", said(&output));
    let plan = stage.path("plan");
    let policy = fs::read_to_string(plan.join("policy.toml")).unwrap();
    let (uri, key) = ("uri = \"\"", "\"\"\"\n\"\"\"");
    assert!(policy.contains(uri) && policy.contains(key), "{policy}");
    let pem = cast::nobodys_key().unwrap();
    let policy = policy
        .replace(uri, "uri = \"simulated:nobody-holds-this-key\"")
        .replace(key, &format!("\"\"\"\n{pem}\"\"\""));
    fs::write(plan.join("policy.toml"), policy).unwrap();
    // As the notes say, the roster lists the serial numbers on the cases.
    let handle = "handle = \"holder-1\"\n";
    let roster = Cast::of(9).roster();
    let roster = roster.replace(handle, &format!("{handle}devices = [12345671]\n"));
    fs::write(plan.join("roster.toml"), roster).unwrap();
    let root = team::root(7, 1, today(), Dialect::TufOnCi).unwrap();
    fs::write(plan.join("crates-root.json"), root).unwrap();
    run_the_notes(&plan);
}

#[test]
fn a_plan_of_an_occasion_that_starts_from_a_previous_state_asks_for_it() {
    let scripts = SHIPPED
        .iter()
        .filter(|script| script.name != "initial-root");
    for script in scripts {
        let stage = Stage::new();
        let output = written(&stage, &[script.name]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(
            said(&output).contains("with --previous"),
            "{}",
            said(&output)
        );
        assert!(!stage.path("plan").exists(), "{}", script.name);
    }
}
