//! Answers of holders apart are collected while the power may go.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use testkit::stage::{SEED, below, keymoot, program, said};

/// The answers of the first round, and what the closing needs.
pub(crate) const POST: &str = "post";

/// The holders apart: all of them.
const HOLDERS: [&str; 3] = ["holder-1", "holder-2", "holder-3"];

/// The exit code of a ceremony that awaits holders apart.
const LEFT: i32 = 4;

/// Lays out in `folder` a ceremony of three holders apart, and an answer of each that nobody has
/// collected yet.
pub(crate) fn prepare(folder: &Path, policy: &str) {
    fs::create_dir(folder.join(POST)).unwrap();
    let mut rehearse = keymoot();
    rehearse.args(["rehearse", "annual-resign", "--unattended", "--apart"]);
    rehearse.args(["--ask-by-hand", "--holders", "3", "--policy", policy]);
    rehearse.args(["--seed", &SEED.to_string(), "--dir"]);
    rehearse.arg(folder.join("ceremony")).arg("--out");
    let output = rehearse.arg(folder.join("bundle")).output().unwrap();
    assert_eq!(output.status.code(), Some(LEFT), "{}", said(&output));
    for first in ["ceremony.first", "ceremony.first.ceremony"] {
        fs::remove_dir_all(folder.join(first)).unwrap();
    }
    answered(folder, 1).unwrap();
}

/// The command that collects the answers.
pub(crate) fn line(folder: &Path) -> Vec<String> {
    let mut line = vec![program().to_str().unwrap().to_owned(), "collect".to_owned()];
    let answers = HOLDERS.map(|holder| answer(folder, 1, holder));
    let paths = [folder.join("ceremony")].into_iter().chain(answers);
    line.extend(paths.map(|path| path.to_str().unwrap().to_owned()));
    line
}

/// Brings the ceremony to its end once the answers are collected: the holders close apart.
pub(crate) fn finish(folder: &Path) -> Result<(), String> {
    let ceremony = folder.join("ceremony");
    let resume = || keymoot().arg("resume").arg(&ceremony).output().unwrap();
    ended(resume(), LEFT)?;
    answered(folder, 2)?;
    let answers = HOLDERS.map(|holder| answer(folder, 2, holder));
    let mut collect = keymoot();
    let output = collect.arg("collect").arg(&ceremony).args(answers).output();
    ended(output.unwrap(), 0)?;
    ended(resume(), 0)
}

/// Whether two bundles have the same signed documents.
pub(crate) fn same_documents(folders: [&Path; 2]) -> bool {
    let [one, other] = folders.map(|folder| below(&folder.join("bundle/repositories")));
    !one.is_empty() && one == other
}

fn answer(folder: &Path, round: u8, holder: &str) -> PathBuf {
    folder.join(POST).join(format!("{round}-{holder}.answer"))
}

/// Asks all holders, and has each of them answer.
fn answered(folder: &Path, round: u8) -> Result<(), String> {
    let (ceremony, file) = (folder.join("ceremony"), folder.join(POST).join("request"));
    let mut request = keymoot();
    request.arg("request").arg(&ceremony).arg("-o").arg(&file);
    ended(request.output().unwrap(), 0)?;
    for holder in HOLDERS {
        let out = answer(folder, round, holder);
        let mut turn = keymoot();
        turn.arg("answer").arg(&file).arg("-o").arg(&out);
        turn.args(["--as", holder, "--rehearsal", "--unattended"]);
        turn.args(["--expect", "rehearsal-small", "--devices"]);
        ended(turn.arg(&ceremony).output().unwrap(), 0)?;
        fs::remove_dir_all(out.with_extension("answer.turn")).unwrap();
    }
    fs::remove_file(file).unwrap();
    Ok(())
}

fn ended(output: Output, code: i32) -> Result<(), String> {
    match output.status.code() == Some(code) {
        true => Ok(()),
        false => Err(format!("not exit code {code}: {}", said(&output))),
    }
}
