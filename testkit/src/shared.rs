//! Folders that the tests of a process share.

use std::{
    mem,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A folder for a static, which nothing drops.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    remove_at_exit(folder.path());
    folder
}

/// Has a folder removed when this process has ended, also by a signal: another process waits for
/// the end of a pipe that only this one writes to.
pub fn remove_at_exit(folder: &Path) {
    let remover = Command::new("sh")
        .args(["-c", "trap '' INT TERM HUP; read -r _; rm -rf \"$0\""])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    mem::forget(remover);
}
