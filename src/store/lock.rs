//! The lock on a ceremony's folder, and who holds it.
//!
//! The lock is the kernel's, on the file `lock`: it ends with the process, however that
//! ends. The text in the file is for the message to a second process; a file that a
//! crash left locks nobody out.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::host::{clock, whole};
use keymoot_core::HostError;
use keymoot_core::text;
use keymoot_record::transcript::Time;

/// The lock's file in a ceremony's folder.
const NAME: &str = "lock";

/// The most bytes of it that are read.
const LARGEST: u64 = 4096;

/// Who works in a ceremony's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupant {
    /// The administrator, as the roster has the name.
    pub administrator: String,
    /// The machine's name.
    pub host: String,
    /// The process.
    pub process: u32,
    /// When it took the lock, by the machine's clock.
    pub since: Time,
}

impl Occupant {
    /// This process, from now on.
    ///
    /// # Errors
    /// [`HostError`] when the clock shows nothing that can be written.
    pub fn new(administrator: &str) -> Result<Self, HostError> {
        let system = rustix::system::uname();
        Ok(Self {
            administrator: administrator.to_owned(),
            host: system.nodename().to_string_lossy().into_owned(),
            process: std::process::id(),
            since: clock::now()?,
        })
    }
}

/// A lock that is held as long as this lives.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock on a folder, and writes down who has it.
    ///
    /// # Errors
    /// [`HostError`] when another process holds it, naming who does and since when;
    /// or when it cannot be written.
    pub(super) fn take(folder: &Path, occupant: &Occupant) -> Result<Self, HostError> {
        let path = folder.join(NAME);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            // A planted link is not followed, and nobody waits for a pipe.
            .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
            .open(&path)
            .map_err(|error| HostError::file("open", &path, &error))?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => taken(folder, &path),
            TryLockError::Error(error) => HostError::file("lock", &path, &error),
        })?;
        let written = serde_json::to_vec(occupant)
            .map_err(io::Error::from)
            .and_then(|bytes| {
                file.set_len(0)?;
                file.write_all(&bytes)?;
                // Nobody needs it after a crash. But on vfat, its entry in the folder can be on the
                // medium while the table does not know its cluster: the next file that grows gets
                // the same one, and both are damaged.
                file.sync_all()?;
                whole::sync(folder)
            });
        written.map_err(|error| HostError::file("write", &path, &error))?;
        Ok(Self { _file: file })
    }
}

fn taken(folder: &Path, path: &Path) -> HostError {
    let said = keymoot_verify::files::read_bounded(path, LARGEST)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Occupant>(&bytes).ok());
    let who = match said {
        Some(occupant) => format!(
            "{} on {}, since {}, in process {}",
            text::escape(&occupant.administrator),
            text::escape(&occupant.host),
            occupant.since,
            occupant.process
        ),
        None => "its identity is unknown".to_owned(),
    };
    HostError::new(
        format!("another keymoot uses {}: {who}", text::escape_path(folder)),
        "continue there, or end it first",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn occupant() -> Occupant {
        Occupant {
            administrator: "Administrator (simulated)".to_owned(),
            host: "host-1".to_owned(),
            process: 4711,
            since: Time::from_unix(1_700_000_000).unwrap(),
        }
    }

    #[test]
    fn a_second_process_fails_with_the_first_ones_host_pid_and_start_time() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Lock::take(folder.path(), &occupant()).unwrap();
        let error = Lock::take(folder.path(), &Occupant::new("other").unwrap()).unwrap_err();
        assert!(
            error.what.ends_with(
                ": Administrator (simulated) on host-1, since 2023-11-14T22:13:20Z, in process 4711"
            ),
            "{error}"
        );
    }

    #[test]
    fn what_is_written_in_a_lock_that_nobody_holds_locks_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        drop(Lock::take(folder.path(), &occupant()).unwrap());
        let next = Occupant::new("next").unwrap();
        let _held = Lock::take(folder.path(), &next).unwrap();
        let written = std::fs::read(folder.path().join(NAME)).unwrap();
        assert_eq!(serde_json::from_slice::<Occupant>(&written).unwrap(), next);
    }

    #[test]
    fn an_occupant_who_cannot_be_read_is_not_made_up() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Lock::take(folder.path(), &occupant()).unwrap();
        std::fs::write(folder.path().join(NAME), "\u{1b}[2J").unwrap();
        let error = Lock::take(folder.path(), &occupant()).unwrap_err();
        assert!(error.what.ends_with("identity is unknown"), "{error}");
    }

    #[test]
    fn the_name_of_an_occupant_is_shown_safely() {
        let folder = tempfile::tempdir().unwrap();
        let first = Occupant {
            administrator: "\u{1b}[2Jnobody".to_owned(),
            ..occupant()
        };
        let _first = Lock::take(folder.path(), &first).unwrap();
        let error = Lock::take(folder.path(), &occupant()).unwrap_err();
        assert!(!error.what.contains('\u{1b}'), "{error}");
    }
}
