//! What `keymoot-verify` needs of a system.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, process::Command};

#[test]
fn the_verifier_links_libc_and_libgcc_s_and_no_device_library() {
    let program = env!("CARGO_BIN_EXE_keymoot-verify");
    let printed = Command::new("ldd").arg(program).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let libraries: BTreeSet<_> = printed
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.split(".so").next())
        .filter_map(|library| library.rsplit('/').next())
        .filter(|library| !["linux-vdso", "ld-linux-x86-64"].contains(library))
        .collect();
    assert_eq!(libraries, BTreeSet::from(["libc", "libgcc_s"]));
}
