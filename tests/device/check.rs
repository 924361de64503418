//! `keymoot device check` with hsm-sim, whose answers are the expected ones.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use keymoot::device::piv;
use testkit::room::play;

const ONE: &[&str] = &["--inserted", "1"];

/// Runs the command with this word typed, and its report in this folder.
fn check(folder: &Path, word: &str) -> (Output, Option<String>) {
    let report = folder.join("report.txt");
    let mut keymoot = Command::new(env!("CARGO_BIN_EXE_keymoot"))
        .args(["device", "check", "--report"])
        .arg(&report)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut typed = keymoot.stdin.take().unwrap();
    writeln!(typed, "{word}").unwrap();
    drop(typed);
    let output = keymoot.wait_with_output().unwrap();
    (output, fs::read_to_string(report).ok())
}

#[test]
fn hsm_sim_answers_every_call_as_it_is_recorded() {
    play(ONE, |desk| {
        desk.touch_when_asked();
        let serial = desk.device().serial;
        let folder = tempfile::tempdir().unwrap();
        let (output, report) = check(folder.path(), "erase");
        let report = report.unwrap();
        assert_eq!(output.status.code(), Some(0), "{report}");
        assert!(report.contains(" 0 differ from hsm-sim"), "{report}");
        // The report can be sent to others.
        assert!(!report.contains(&serial.to_string()), "{report}");
        assert!(piv::contents(serial).unwrap().is_fresh());
    });
}

#[test]
fn an_answer_that_differs_is_reported_with_code_three() {
    play(ONE, |desk| {
        desk.touch_when_asked();
        desk.fault("error@0x47=6F00");
        let folder = tempfile::tempdir().unwrap();
        let (output, report) = check(folder.path(), "erase");
        let report = report.unwrap();
        assert_eq!(output.status.code(), Some(3), "{report}");
        assert!(report.contains("DIFFERS from hsm-sim"), "{report}");
        assert!(
            report.contains("status word 6F00") || report.contains("generic error"),
            "{report}"
        );
    });
}

#[test]
fn nothing_is_erased_without_the_word() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        crate::Holder::new().provision(serial);
        let folder = tempfile::tempdir().unwrap();
        let (output, report) = check(folder.path(), "yes");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains("This is lost: its PIN"), "{said}");
        assert_eq!(report, None);
        assert!(!piv::contents(serial).unwrap().is_fresh());
    });
}
