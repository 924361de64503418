//! The programs under test.

use std::{
    env,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The built keymoot, two folders above the test programs.
pub fn program() -> PathBuf {
    beside("keymoot")
}

/// The built simulator.
pub fn simulator() -> PathBuf {
    beside("hsm-sim")
}

/// The built keymoot-verify.
pub fn verifier() -> PathBuf {
    beside("keymoot-verify")
}

/// The client of sigstore-tuf, which is in a workspace of its own.
pub fn sigstore() -> PathBuf {
    let program = env::var_os("KEYMOOT_SIGSTORE").map_or_else(
        || workspace().join("target/test-sigstore/debug/keymoot-bench-sigstore"),
        PathBuf::from,
    );
    assert!(
        program.is_file(),
        "{} is missing; build it first: make sigstore",
        program.display()
    );
    program
}

/// Writes a program, by another process. A file that this process has open for writing may be
/// inherited by one that another test starts at that moment, and Linux runs no program that
/// somebody may still write (ETXTBSY).
pub fn write_program(to: &Path, content: &[u8]) {
    let mut writer = Command::new("sh")
        .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
        .arg(to)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    writer.stdin.take().unwrap().write_all(content).unwrap();
    assert!(writer.wait().unwrap().success());
}

/// The Python that `make deps` equips, or the one of `KEYMOOT_PYTHON`.
pub fn python() -> Command {
    let named = env::var_os("KEYMOOT_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| workspace().join("target/test-venv/bin/python"));
    assert!(
        python.components().count() == 1 || python.is_file(),
        "{} is missing; `make deps` installs it, or set KEYMOOT_PYTHON",
        python.display()
    );
    Command::new(python)
}

/// Python with one of the programs in `tests/python`.
pub fn python_program(name: &str) -> Command {
    let mut python = python();
    python.arg(workspace().join("tests/python").join(name));
    python
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn beside(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let programs = test.parent().and_then(Path::parent).unwrap();
    let program = programs.join(name);
    assert!(
        program.is_file(),
        "{} is missing; build it first: cargo build --workspace",
        program.display()
    );
    program
}

/// Whether Yubico's own tool succeeds, with the devices that the caller's process sees.
pub fn yubico_piv_tool(arguments: &[&str]) -> bool {
    Command::new("yubico-piv-tool")
        .args(arguments)
        .output()
        .expect("yubico-piv-tool is needed: apt-get install yubico-piv-tool")
        .status
        .success()
}

/// keymoot without input and without devices.
pub fn keymoot() -> Command {
    let mut command = Command::new(program());
    quiet(&mut command);
    command
}

/// Without input and without devices.
pub fn quiet(command: &mut Command) -> &mut Command {
    command
        .stdin(Stdio::null())
        .env_remove("PCSCLITE_CSOCK_NAME")
}
