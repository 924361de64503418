//! The smart card service that this process reaches.

use std::{
    fs, io,
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::host::contain::{Failed, contained};
use keymoot_record::rules::machine::{Access, Service, Unusable};

/// The environment variable that names another socket of the service to libpcsclite.
pub const SERVICE_VARIABLE: &str = "PCSCLITE_CSOCK_NAME";

/// Where pcscd listens; compiled into libpcsclite.
const SOCKET: &str = "/run/pcscd/pcscd.comm";

/// How long the service may take for each answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where libpcsclite looks for the service.
fn socket() -> PathBuf {
    let chosen = std::env::var_os(SERVICE_VARIABLE);
    chosen.map_or_else(|| SOCKET.into(), PathBuf::from)
}

/// What a program meets at the place where libpcsclite looks for the service. The library reports
/// one error for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// Something accepts connections, even if it does nothing with them.
    Accepts,
    /// This user may not connect.
    Forbidden,
    /// Nobody listens.
    Missing,
}

/// Who listens where libpcsclite looks for the smart card service.
#[must_use]
pub fn listener() -> Listener {
    match UnixStream::connect(socket()) {
        Ok(_) => Listener::Accepts,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Listener::Forbidden,
        Err(_) => Listener::Missing,
    }
}

pub(super) fn examine(proc: &Path) -> Service {
    let socket = socket();
    let stat = rustix::fs::stat(&socket);
    Service {
        protocol: protocol(&socket, library),
        access: stat.ok().map(|stat| Access {
            owner: stat.st_uid,
            mode: stat.st_mode & 0o777,
        }),
        user: rustix::process::geteuid().as_raw(),
        socket: socket.to_string_lossy().into_owned(),
        logging: logging(proc),
        systemd: Path::new("/run/systemd/system").is_dir(),
    }
}

/// Whether the service serves the library. Only the library knows its own version: until pcsc-lite
/// 2.4.0, a service refuses every version except its own.
fn library() -> Result<(), pcsc::Error> {
    pcsc::Context::establish(pcsc::Scope::System).map(drop)
}

/// The protocol of a service that serves this user and the library.
fn protocol(
    socket: &Path,
    library: impl FnOnce() -> Result<(), pcsc::Error> + Send + 'static,
) -> Result<String, Unusable> {
    // A service that ends closes its connections like one that refuses this user; after its end,
    // nobody accepts the second one.
    let spoken = match ask(socket).map_err(unusable) {
        Err(Unusable::Closes) => ask(socket).map_err(unusable),
        first => first,
    }?;
    // The library waits without a limit.
    let answer = contained(PATIENCE, || {}, |_| library()).map_err(|failed| {
        Unusable::Fails(match failed {
            Failed::NoThread(why) => why,
            Failed::Hung(_) | Failed::Panicked => "it serves no client".to_owned(),
        })
    })?;
    match answer {
        Ok(()) => Ok(spoken),
        Err(pcsc::Error::ServiceStopped) => Err(Unusable::OtherVersion),
        Err(error) => Err(Unusable::Fails(error.to_string())),
    }
}

/// What a failed exchange with the service means.
fn unusable(error: io::Error) -> Unusable {
    use io::ErrorKind as E;
    match error.kind() {
        E::PermissionDenied => Unusable::SocketForbidden,
        E::UnexpectedEof | E::BrokenPipe | E::ConnectionReset => Unusable::Closes,
        _ => Unusable::Fails(error.to_string()),
    }
}

/// Asks the service which protocol it speaks: pcsc-lite's `CMD_VERSION` (src/winscard_msg.h). The
/// answer names the service's own, also where it would not speak this one. The third word of the
/// answer says whether it speaks the version of the request. That is not the library's version, so
/// the library makes a request of its own.
fn ask(socket: &Path) -> io::Result<String> {
    const CMD_VERSION: u32 = 0x11;
    const OURS: [u32; 3] = [4, 4, 0];
    let mut service = UnixStream::connect(socket)?;
    service.set_read_timeout(Some(PATIENCE))?;
    service.set_write_timeout(Some(PATIENCE))?;
    let header = [
        u32::try_from(size_of_val(&OURS)).unwrap_or_default(),
        CMD_VERSION,
    ];
    let request: Vec<u8> = header
        .iter()
        .chain(&OURS)
        .flat_map(|n| n.to_ne_bytes())
        .collect();
    service.write_all(&request)?;
    let mut answer = [[0; 4]; 3];
    for word in &mut answer {
        service.read_exact(word)?;
    }
    let [major, minor, _] = answer.map(u32::from_ne_bytes);
    Ok(format!("{major}.{minor}"))
}

/// The processes called pcscd that log what is sent to devices (pcscd(8), `--apdu`).
fn logging(proc: &Path) -> Vec<u32> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let mut found: Vec<u32> = entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let line = fs::read(entry.path().join("cmdline")).ok()?;
            logs(&line).then_some(pid)
        })
        .collect();
    found.sort_unstable();
    found
}

/// Whether a command line is that of such a service. Options may be shortened and joined.
fn logs(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == 0);
    let program = words.next().unwrap_or_default();
    let name = program.rsplit(|byte| *byte == b'/').next();
    let is_apdu = |word: &[u8]| match word.strip_prefix(b"--") {
        Some(long) => long.starts_with(b"ap"),
        // After `c` comes the name of a file.
        None => word.strip_prefix(b"-").is_some_and(|short| {
            let letters = short.split(|letter| *letter == b'c').next();
            letters.is_some_and(|letters| letters.contains(&b'a'))
        }),
    };
    name == Some(b"pcscd") && words.any(is_apdu)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{
        io::{self, Read as _, Write as _},
        os::unix::net::{UnixListener, UnixStream},
        path::{Path, PathBuf},
        thread,
    };

    use super::{Unusable, logs, protocol, unusable};

    /// A service that does this with each connection.
    fn service(folder: &Path, serve: impl Fn(UnixStream) + Send + 'static) -> PathBuf {
        let path = folder.join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        thread::spawn(move || listener.incoming().flatten().for_each(serve));
        path
    }

    /// A service that answers a request for its version with these words.
    fn answering(folder: &Path, words: [u32; 3]) -> PathBuf {
        service(folder, move |mut client| {
            let mut request = [0; 20];
            client.read_exact(&mut request).unwrap();
            let answer = words.map(u32::to_ne_bytes).concat();
            client.write_all(&answer).unwrap();
        })
    }

    #[test]
    fn a_service_that_logs_apdus_is_known_by_its_arguments() {
        for logging in [
            &b"/usr/sbin/pcscd\0--foreground\0--apdu\0"[..],
            b"pcscd\0-fa\0",
            b"pcscd\0--ap\0",
        ] {
            assert!(logs(logging));
        }
        for other in [
            &b"/usr/sbin/pcscd\0--foreground\0--auto-exit\0"[..],
            b"pcscd\0-c/etc/reader.conf.d/a\0",
            b"cat\0--apdu\0",
            b"",
        ] {
            assert!(!logs(other));
        }
    }

    #[test]
    fn a_service_is_asked_for_its_protocol_and_answers() {
        let folder = tempfile::tempdir().unwrap();
        let path = answering(folder.path(), [4, 5, 0]);
        assert_eq!(protocol(&path, || Ok(())), Ok("4.5".to_owned()));
        let gone = protocol(&folder.path().join("none"), || Ok(()));
        assert!(matches!(gone, Err(Unusable::Fails(_))), "{gone:?}");
    }

    #[test]
    fn a_service_that_refuses_the_version_of_the_library_cannot_be_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = answering(folder.path(), [4, 5, 0x8010_001e]);
        // It refuses the version of the request, and serves the library's.
        assert_eq!(protocol(&path, || Ok(())), Ok("4.5".to_owned()));
        let refused = protocol(&path, || Err(pcsc::Error::ServiceStopped));
        assert_eq!(refused, Err(Unusable::OtherVersion));
        let failed = protocol(&path, || Err(pcsc::Error::NoMemory));
        assert!(matches!(failed, Err(Unusable::Fails(_))), "{failed:?}");
    }

    #[test]
    fn a_service_that_closes_each_connection_refuses_this_user() {
        let closes: [fn(UnixStream); 2] = [drop, |mut client| {
            let _ = client.read_exact(&mut [0; 20]);
        }];
        for close in closes {
            let folder = tempfile::tempdir().unwrap();
            let path = service(folder.path(), close);
            assert_eq!(protocol(&path, || Ok(())), Err(Unusable::Closes));
        }
    }

    #[test]
    fn a_socket_that_this_user_may_not_open_is_no_missing_service() {
        let error = io::Error::from(io::ErrorKind::PermissionDenied);
        assert_eq!(unusable(error), Unusable::SocketForbidden);
    }
}
