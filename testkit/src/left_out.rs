//! Tests that cannot run here. They pass, and each says in one line what was left out, why,
//! and which command runs it; `make test` counts these lines.

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
    thread,
};

/// Counts the running test as left out, for this reason. Its own command after `words` runs
/// it.
pub fn leave_out(reason: &str, words: &str) {
    let program = env::current_exe().unwrap_or_default();
    let thread = thread::current();
    let test = thread.name().unwrap_or_default();
    let line = format!(
        "left out: {test}: {reason}; run: {words} {} --exact {test}",
        program.display()
    );
    // print! writes to libtest, which only shows it for tests that fail.
    let _ = writeln!(io::stdout().lock(), "\n{line}");
}

/// A folder of samples that may not be published with the code. Where there are none, the
/// running test is counted as left out.
pub fn vectors(folder: &str) -> Option<PathBuf> {
    let found = env::var_os("KEYMOOT_VECTORS");
    if found.is_none() {
        leave_out(
            "needs samples that are not published",
            "KEYMOOT_VECTORS=FOLDER",
        );
    }
    Some(Path::new(&found?).join(folder))
}
