//! The program `keymoot-verify` by itself. That this test runs it makes cargo build it for
//! every test that starts it.
#![allow(clippy::unwrap_used)]

use std::process::Command;

#[test]
fn every_command_that_needs_no_device_is_there() {
    for command in [
        "bundle", "tree", "request", "answer", "receipt", "audit", "tuf", "attest",
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_keymoot-verify"))
            .args([command, "--help"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
    }
}
