//! Another clock for a program: libfaketime's, which the loader puts before the C library.
//!
//! The tests do not run it by faketime(1). That program names a semaphore after the number of its
//! process, and ends if there is one of this name. A program that was killed, or replaced itself
//! by another as `keymoot rehearse` does, has left one behind. The library works without it
//! (0.9.10: `main` of `src/faketime.c`, `ft_shm_create` of `src/libfaketime.c`).

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

/// What gives a program a clock: seconds or days more than the machine's (`-7200`, `+500d`), or
/// the time in UTC that it begins at (`@2025-06-01 12:00:00`).
pub fn variables(setting: &str) -> [(&'static str, String); 4] {
    [
        ("LD_PRELOAD", library().display().to_string()),
        ("FAKETIME", setting.to_owned()),
        ("TZ", "UTC".to_owned()),
        // Only the time of day differs; another clock measures how long something takes.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
}

/// The library (Debian: libfaketime).
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap();
    let libraries = folders.map(|folder| folder.unwrap().path().join("faketime/libfaketime.so.1"));
    libraries
        .chain(["/usr/lib/faketime/libfaketime.so.1".into()])
        .find(|library| library.exists())
        .expect("faketime is not installed; `make deps` installs what the tests need")
}

/// Runs a program with another clock to its end.
pub fn output(command: &mut Command) -> Output {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    ended(command.spawn().unwrap())
}

/// Waits for the end of a program with another clock.
pub fn ended(program: Child) -> Output {
    let process = program.id();
    let output = program.wait_with_output().unwrap();
    sweep(process);
    output
}

/// Removes what a program of this process number with another clock left in shared memory.
pub fn sweep(process: u32) {
    for left in [
        format!("sem.faketime_sem_{process}"),
        format!("faketime_shm_{process}"),
    ] {
        let removed = fs::remove_file(Path::new("/dev/shm").join(left));
        // Another user's stays: the program has made none then.
        let harmless = [ErrorKind::NotFound, ErrorKind::PermissionDenied];
        assert!(removed.map_or_else(|error| harmless.contains(&error.kind()), |()| true));
    }
}
