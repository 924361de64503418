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
};

/// The library (Debian: libfaketime).
pub fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap();
    let libraries = folders.map(|folder| folder.unwrap().path().join("faketime/libfaketime.so.1"));
    libraries
        .chain(["/usr/lib/faketime/libfaketime.so.1".into()])
        .find(|library| library.exists())
        .expect("faketime is not installed; `make deps` installs what the tests need")
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
