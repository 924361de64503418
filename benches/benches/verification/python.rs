//! python-tuf, timed by itself: its start is not counted.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The interpreter that has python-tuf.
pub(crate) fn program() -> PathBuf {
    std::env::var_os("KEYMOOT_PYTHON").map_or_else(
        || crate::workspace().join("target/test-venv/bin/python"),
        PathBuf::from,
    )
}

pub(crate) fn time(kind: &str, rounds: u64, folder: &Path) -> Duration {
    let output = Command::new(program())
        .arg(crate::workspace().join("benches/python/times.py"))
        .args([kind, &rounds.to_string()])
        .arg(folder)
        .output()
        .expect("`make bench` installs python-tuf");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let nanoseconds = String::from_utf8(output.stdout).unwrap();
    Duration::from_nanos(nanoseconds.trim().parse().unwrap())
}
