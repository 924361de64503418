//! The program as it is called.
#![allow(clippy::unwrap_used)]

use std::process::Command;

#[test]
fn a_case_that_is_not_there_is_refused_with_the_names_of_those_that_are() {
    let output = Command::new(env!("CARGO_BIN_EXE_image-test"))
        .args(["--shipped", "none", "--folder", "none", "no-such-case"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    for name in ["no-such-case", "machine-rules", "power-cuts-vfat"] {
        assert!(said.contains(name), "{said}");
    }
}
