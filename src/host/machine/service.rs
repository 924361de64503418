//! The smart card service that this process reaches.

use std::{
    fs, io,
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};

use keymoot_record::rules::machine::{Access, Service};

/// The environment variable that names another socket of the service to libpcsclite.
pub const SERVICE_VARIABLE: &str = "PCSCLITE_CSOCK_NAME";

/// Where pcscd listens; compiled into libpcsclite.
const SOCKET: &str = "/run/pcscd/pcscd.comm";

/// How long the service may take to say which protocol it speaks.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where libpcsclite looks for the service.
fn socket() -> PathBuf {
    let chosen = std::env::var_os(SERVICE_VARIABLE);
    chosen.map_or_else(|| SOCKET.into(), PathBuf::from)
}

/// Whether anything accepts connections there, even if it does nothing with them.
pub(super) fn is_listening() -> bool {
    UnixStream::connect(socket()).is_ok()
}

pub(super) fn examine(proc: &Path) -> Service {
    let socket = socket();
    let stat = rustix::fs::stat(&socket);
    Service {
        protocol: protocol(&socket).map_err(|error| error.to_string()),
        access: stat.ok().map(|stat| Access {
            owner: stat.st_uid,
            mode: stat.st_mode & 0o777,
        }),
        socket: socket.to_string_lossy().into_owned(),
        logging: logging(proc),
        systemd: Path::new("/run/systemd/system").is_dir(),
    }
}

/// Asks the service which protocol it speaks: pcsc-lite's `CMD_VERSION` (src/winscard_msg.h). The
/// answer names the service's own, also where it would not speak this one.
fn protocol(socket: &Path) -> io::Result<String> {
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
    let (mut major, mut minor) = ([0; 4], [0; 4]);
    service.read_exact(&mut major)?;
    service.read_exact(&mut minor)?;
    Ok(format!(
        "{}.{}",
        u32::from_ne_bytes(major),
        u32::from_ne_bytes(minor)
    ))
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
        io::{Read as _, Write as _},
        os::unix::net::UnixListener,
        thread,
    };

    use super::{logs, protocol};

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
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let service = thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut request = [0; 20];
            client.read_exact(&mut request).unwrap();
            let answer = [4_u32, 5, 0].map(u32::to_ne_bytes).concat();
            client.write_all(&answer).unwrap();
        });
        assert_eq!(protocol(&path).unwrap(), "4.5");
        service.join().unwrap();
        assert!(protocol(&path).is_err());
    }
}
