//! Output that does not arrive: a full disk behind `>`, and a reader that has enough.

use std::{
    fs::{self, File},
    io,
    path::Path,
    process::{Command, Output, Stdio},
};

use testkit::{
    programs::verifier,
    stage::{Stage, finished, keymoot, said, small},
};

/// The output of a command whose standard output has no space.
fn to_a_full_disk(command: &mut Command) -> Output {
    let full = File::options().write(true).open("/dev/full").unwrap();
    command.stdout(full).stderr(Stdio::piped());
    command.output().unwrap()
}

fn root() -> std::path::PathBuf {
    let bundle = finished().out();
    bundle.join("repositories/tuf-root/metadata/root.json")
}

/// keymoot with these arguments, and the path behind them.
fn command(arguments: &[&str], path: &Path) -> Command {
    let mut command = keymoot();
    command.args(arguments).arg(path);
    command
}

/// Commands that succeed and print something.
fn printing() -> Vec<Command> {
    let (bundle, root) = (finished().out(), root());
    let verify = ["verify", "--expect", "rehearsal-small", "--rehearsal"];
    let mut commands = vec![
        command(&["status"], &bundle),
        command(&["status", "--json"], &bundle),
        command(&verify, &bundle),
        command(&[&verify[..], &["--json"]].concat(), &bundle),
        command(&["report", "--rehearsal"], &bundle),
        command(&["tuf", "show"], &root),
        command(&["tuf", "verify"], &root),
        command(&["tuf", "verify", "--json"], &root),
    ];
    for alone in [
        &["completions", "bash"][..],
        &["--help"],
        &["--version"],
        &["--version", "--verbose"],
    ] {
        let mut command = keymoot();
        command.args(alone);
        commands.push(command);
    }
    let mut alone = Command::new(verifier());
    alone.args(["bundle", "--expect", "rehearsal-small", "--rehearsal"]);
    alone.arg(bundle);
    commands.push(alone);
    commands
}

#[test]
fn a_command_whose_output_finds_no_space_says_so_and_fails() {
    for mut command in printing() {
        let output = to_a_full_disk(&mut command);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
        let told = "cannot write to the standard output: No space";
        assert_eq!(said.matches(told).count(), 1, "{command:?}: {said}");
        assert!(said.contains("\n  help: "), "{command:?}: {said}");
    }
}

#[test]
fn a_refusal_whose_output_finds_no_space_keeps_its_exit_code() {
    let output = to_a_full_disk(&mut command(&["verify"], &finished().out()));
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("cannot write to the standard output"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_reader_that_closes_the_pipe_changes_no_exit_code() {
    for mut command in printing() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let output = command.stdout(writer).stderr(Stdio::piped()).output();
        let output = output.unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{command:?}: {}",
            said(&output)
        );
        assert!(output.stderr.is_empty(), "{command:?}: {}", said(&output));
    }
}

#[test]
fn a_ceremony_whose_output_finds_no_space_reaches_its_end() {
    let stage = Stage::new();
    let mut command = keymoot();
    command.args(["rehearse", "--unattended", "--holders", "3", "--dir"]);
    command.arg(stage.dir()).arg("--out").arg(stage.out());
    let output = to_a_full_disk(&mut command);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let errors = String::from_utf8_lossy(&output.stderr);
    let told = "cannot write to the standard output";
    assert_eq!(errors.matches(told).count(), 1, "{errors}");
    let bundle = keymoot_verify::read(&stage.out()).unwrap();
    let vendor = keymoot_attestation::TrustStore::vendor().unwrap();
    let verdicts = keymoot_record::bundle::verify(&bundle, &small(), &vendor);
    assert!(!verdicts.iter().any(keymoot_core::Verdict::is_violated));
}

#[test]
fn each_error_of_tuf_and_attest_says_what_to_do() {
    let stage = Stage::new();
    let (folder, text) = (stage.path("folder"), stage.path("text.json"));
    fs::create_dir(&folder).unwrap();
    fs::write(&text, "no JSON").unwrap();
    let missing = stage.path("missing");
    for (arguments, path, code, help) in [
        (&["tuf", "show"][..], &folder, 1, "name a file, because"),
        (&["tuf", "verify"], &folder, 1, "name a file, because"),
        (&["tuf", "show"], &missing, 1, "check the path"),
        (
            &["tuf", "diff", "/dev/null"],
            &missing,
            1,
            "name an ordinary",
        ),
        (&["tuf", "show"], &text, 3, "check that this is the file"),
        (&["tuf", "verify"], &text, 3, "check that this is the file"),
        (&["attest", "missing.pem"], &missing, 1, "check the path"),
        (&["attest"], &folder, 1, "name a folder of evidence"),
    ] {
        let output = command(arguments, path).output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        let due = format!("\n  help: {help}");
        assert!(said.contains(&due), "{arguments:?} {due}: {said}");
    }
}
