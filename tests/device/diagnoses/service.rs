//! The smart card service is missing, refuses this user or fails: `keymoot device list` with services
//! that behave so.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use testkit::privileged::without_capabilities;

use super::{said, sentence};

/// The length of the library's first message, in bytes: a header and a version.
const REQUEST: usize = 20;

/// The output of `keymoot device list` with the service at this socket.
fn list(socket: &Path) -> (String, String) {
    list_by(Command::new(env!("CARGO_BIN_EXE_keymoot")), socket)
}

/// The same by a command that becomes keymoot.
fn list_by(mut keymoot: Command, socket: &Path) -> (String, String) {
    let output = keymoot
        .args(["device", "list"])
        .env("PCSCLITE_CSOCK_NAME", socket)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let (message, next) = said.trim().split_once("\n  help: ").unwrap();
    let message = message.strip_prefix("keymoot: ").unwrap();
    (message.to_owned(), sentence(next))
}

#[test]
fn a_service_that_is_missing_or_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let (message, help) = list(&folder.path().join("none"));
    said("no smart card service runs", &message, &help);

    // Nobody may open this socket, except with the capabilities that root keeps.
    let socket = folder.path().join("forbidden");
    let _listener = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, Permissions::from_mode(0o000)).unwrap();
    let keymoot = without_capabilities(env!("CARGO_BIN_EXE_keymoot"));
    let (message, help) = list_by(keymoot, &socket);
    let cause = "this user may not open the socket of the service";
    said(cause, &message, &help);

    // As pcscd does for a user whom polkit refuses (`ContextThread` in winscard_svc.c): it closes
    // the connection without an answer. The library's request may come before that, or too late.
    let refuses = |name: &str, takes: fn(&mut UnixStream)| {
        let socket = folder.path().join(name);
        let listener = UnixListener::bind(&socket).unwrap();
        thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                takes(&mut client);
            }
        });
        let (message, help) = list(&socket);
        said("polkit refuses this user the service", &message, &help);
    };
    refuses("reads-and-closes", |client| {
        let _ = client.read_exact(&mut [0; REQUEST]);
    });
    refuses("leaves-a-part", |client| {
        let _ = client.read_exact(&mut [0; 1]);
    });
    for time in 0..10 {
        refuses(&format!("closes-{time}"), |_| {});
    }

    // As pcscd does for a library of another major version: SCARD_E_SERVICE_STOPPED.
    let socket = folder.path().join("other-version");
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut request = [0; REQUEST];
            if client.read_exact(&mut request).is_ok() {
                let mut reply = [0; 12];
                reply[..4].copy_from_slice(&9_u32.to_le_bytes());
                reply[8..].copy_from_slice(&0x8010_001e_u32.to_le_bytes());
                let _ = client.write_all(&reply);
            }
        }
    });
    let (message, help) = list(&socket);
    said(
        "pcscd and libpcsclite have different versions",
        &message,
        &help,
    );

    // A service that speaks the version, and then gives no context: SCARD_E_NO_MEMORY.
    let socket = folder.path().join("no-memory");
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            for status in [0_u32, 0x8010_0006] {
                let mut request = [0; REQUEST];
                if client.read_exact(&mut request).is_ok() {
                    request[16..].copy_from_slice(&status.to_le_bytes());
                    let _ = client.write_all(&request[8..]);
                }
            }
        }
    });
    let (message, help) = list(&socket);
    said(
        "the service fails before it reaches a device: SCARD_E_NO_MEMORY",
        &message,
        &help,
    );
}
