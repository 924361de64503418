//! Texts that try to steer a terminal or to pass for others, in every place that somebody else
//! may have written: no subcommand and no report shows one raw.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accounts;
mod devices;
mod documents;
mod people;

use std::{
    ffi::OsStr,
    path::Path,
    process::{Command, Stdio},
};

use testkit::{
    hostile::strings::{self, Hostile},
    programs::keymoot,
};

/// The members of a script that are hostile.
const TITLES: [&str; 2] = ["title", "words"];

/// What the program prints, on both its outputs, where no device is to be found.
fn said<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> String {
    printed(keymoot().args(arguments))
}

fn printed(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let whole = [output.stdout, output.stderr].concat();
    String::from_utf8(whole).expect("nothing but UTF-8 is printed")
}

/// The path as an argument.
fn argument(path: &Path) -> &OsStr {
    path.as_os_str()
}

/// The output contains no raw character of it. Line feeds are the program's own.
fn is_safe(hostile: &Hostile, said: &str) {
    for c in strings::raw(hostile.text).filter(|c| *c != '\n') {
        assert!(
            !said.contains(c),
            "{}: {c:?} is printed as it is:\n{}",
            hostile.what,
            said.escape_debug()
        );
    }
}

/// The output contains no raw character of it, and its visible form: in lines that may be broken,
/// and with the backslashes that Markdown and JSON double.
fn is_shown(hostile: &Hostile, said: &str) {
    is_safe(hostile, said);
    let flat = |text: &str| -> String {
        let kept = |c: &char| !c.is_whitespace() && *c != '\\';
        text.chars().filter(kept).collect()
    };
    assert!(
        flat(said).contains(&flat(hostile.seen)),
        "{}: no {} in\n{said}",
        hostile.what,
        hostile.seen
    );
}
