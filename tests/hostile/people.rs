//! What people write by hand: scripts, policies, rosters, and arguments.

use std::{fs, path::Path};

use testkit::hostile::{
    script::script,
    strings::{self, quoted},
};

use crate::{TITLES, argument, is_safe, is_shown, said};

const SCRIPT: &str = include_str!("../../ceremony-scripts/initial-root.toml");

fn checked(folder: &Path, text: &str) -> [String; 2] {
    let path = folder.join("script.toml");
    fs::write(&path, text).unwrap();
    ["check", "runbook"].map(|what| said(["script".as_ref(), what.as_ref(), argument(&path)]))
}

#[test]
fn scripts_are_checked_and_printed_without_being_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    for hostile in strings::ALL {
        let [_, runbook] = checked(folder.path(), &script(&TITLES, hostile.text));
        is_shown(hostile, &runbook);
        let unknown = format!("{} = 1\n{SCRIPT}", quoted(hostile.text));
        let kind = SCRIPT.replacen(
            "kind = \"preflight\"",
            &format!("kind = {}", quoted(hostile.text)),
            1,
        );
        let id = SCRIPT.replacen("id = \"", &format!("id = {}\n#", quoted(hostile.text)), 1);
        for wrong in [unknown, kind, id] {
            let [check, runbook] = checked(folder.path(), &wrong);
            assert!(check.contains("SCRIPT-"), "{check}");
            is_safe(hostile, &check);
            is_safe(hostile, &runbook);
        }
    }
}

#[test]
fn arguments_come_back_in_errors_without_being_obeyed() {
    // A terminal's paste, or a pattern that met the names of somebody else's files.
    for hostile in strings::ALL
        .iter()
        .filter(|hostile| !hostile.text.contains('\0'))
    {
        let text = hostile.text;
        for arguments in [
            &["verify", text][..],
            &["status", text],
            &["attest", text, text],
            &["tuf", "show", text],
            &["tuf", "diff", text, text],
            &["tuf", "verify", text],
            &["script", "check", text],
            &["script", "runbook", text],
            &["resume", text],
            &["rehearse", text],
            &["rehearse", "--roster", text],
            &[
                "run", text, "--roster", text, "--policy", text, "--dir", text,
            ],
            &["export", text, "--dialect", "tuf-on-ci", "--into", text],
            &["export", ".", "--dialect", text, "--into", "."],
            &["device", "list", text],
            &["device", "info", "--connector", text],
            &[text],
        ] {
            is_safe(hostile, &said(arguments));
        }
    }
}
