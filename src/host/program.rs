//! The running program, and the digest that people compare with their own build.

use std::{
    env,
    fs::File,
    io,
    path::{Path, PathBuf},
    thread,
};

use keymoot_core::HostError;
use keymoot_core::digest::Digest;

/// The file that this process runs, also where it was moved or deleted since (proc(5)).
const RUNNING: &str = "/proc/self/exe";

/// The path of the running program, to start it once more.
///
/// # Errors
/// [`HostError`] when the system does not say.
pub fn path() -> Result<PathBuf, HostError> {
    env::current_exe().map_err(|error| HostError::file("find", Path::new("this program"), &error))
}

/// Finds the digest of the running program. A thread of its own reads the file: it is large,
/// and other work continues meanwhile.
#[derive(Debug)]
pub struct Measuring(thread::JoinHandle<io::Result<Digest>>);

impl Measuring {
    /// Begins to read.
    #[must_use]
    pub fn begin() -> Self {
        Self(thread::spawn(|| Digest::of_all(File::open(RUNNING)?)))
    }

    /// Waits until it is read.
    ///
    /// # Errors
    /// [`HostError`] when it cannot be read.
    pub fn digest(self) -> Result<Digest, HostError> {
        let read = self.0.join();
        let read = read.unwrap_or_else(|_| Err(io::Error::other("its reader ended early")));
        read.map_err(|error| {
            let mut failed = HostError::file("read", Path::new(RUNNING), &error);
            failed.next = "mount /proc, then try again".to_owned();
            failed
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_running_program_is_the_file_that_was_started() {
        let started = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let running = Measuring::begin().digest().unwrap();
        assert_eq!(running, Digest::of(&started));
    }
}
