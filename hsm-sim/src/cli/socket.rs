//! Unix sockets that nobody else can use, and that are gone when the program is.

use super::error::CliError;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a predecessor that is about to end is waited for.
const PREDECESSOR: Duration = Duration::from_secs(1);

/// A socket that is removed again when the program ends in order.
pub(super) struct Socket {
    pub listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Binds it, for its owner only.
    pub(super) fn bind(path: &Path) -> Result<Self, CliError> {
        let error = |why: String| CliError::Socket {
            path: path.to_owned(),
            why,
        };
        match std::fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => {
                // A predecessor whose parent just died may need a moment to notice and go.
                let deadline = Instant::now() + PREDECESSOR;
                while UnixStream::connect(path).is_ok() {
                    if Instant::now() >= deadline {
                        return Err(error(
                            "another program is serving it. Stop that one, or choose another path"
                                .into(),
                        ));
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                // Left behind by a program that was killed; one that ended in order took it along.
                match std::fs::remove_file(path) {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => {
                        return Err(error(e.to_string()));
                    }
                    _ => {}
                }
            }
            Ok(_) => {
                return Err(error(
                    "there is a file of that name. Choose another path".into(),
                ));
            }
            Err(_) => {}
        }
        // The mode is set while the socket is made: there is no moment in which others could
        // connect.
        let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
        let listener = UnixListener::bind(path);
        rustix::process::umask(mask);
        let listener = listener.map_err(|e| {
            error(format!(
                "{e}. Its folder must exist, and the whole path fit into 107 bytes"
            ))
        })?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // When it is gone already there is nothing left to do.
        let _ = std::fs::remove_file(&self.path);
    }
}
