//! The memory that a long history takes.

use std::io::Read as _;
use std::process::{Command, Stdio};

use super::fixture::{Folder, keys, root, signed};

/// What each root may take, in bytes: a line of the report. Its document has 3,000.
const EACH: u64 = 2000;

/// The most memory that the program had until it began to print its report, in bytes.
fn peak(folder: &Folder, versions: u64) -> u64 {
    let names = (1..=versions).map(|version| format!("{version}.root.json"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_keymoot"))
        .current_dir(folder.path())
        .args(["tuf", "verify", "--json"])
        .args(names)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
    assert!(child.wait().unwrap().success());
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.unwrap().trim().strip_suffix(" kB").unwrap();
    kilobytes.parse::<u64>().unwrap() * 1024
}

#[test]
fn a_history_takes_a_line_for_each_root_and_not_its_document() {
    let folder = Folder::new();
    let holders = keys([1, 2]);
    for version in 1..=2500 {
        let file = signed(&root(version, &holders, 2), &holders);
        folder.put(&format!("{version}.root.json"), file);
    }
    let (short, long) = (peak(&folder, 500), peak(&folder, 2500));
    let more = long.saturating_sub(short);
    println!("500 roots: {short} bytes; 2,000 more: {more} bytes");
    assert!(more < 2000 * EACH, "{short}, then {long}");
}

#[test]
fn files_that_are_named_for_other_versions_are_still_read_in_order() {
    let folder = Folder::new();
    let holders = keys([1, 2]);
    for version in 1..=3 {
        let file = signed(&root(version, &holders, 2), &holders);
        folder.put(&format!("{}.root.json", 9 - version), file);
    }
    let outcome = folder.verify(&["6.root.json", "8.root.json", "7.root.json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.report);
    assert_eq!(
        outcome.roots(),
        [(1, 0, false), (2, 0, false), (3, 0, false)]
    );
    assert_eq!(outcome.report["roots"][0]["file"], "8.root.json");
}
