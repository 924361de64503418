//! A dress rehearsal before its first screen: what this machine lacks.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::net::UnixListener,
    path::Path,
    process::Output,
    thread,
};

use keymoot::rehearsal::cast::Cast;
use testkit::stage::{Stage, keymoot, said};

/// Starts a dress rehearsal of nine holders with YubiKeys, with the service at this socket.
fn rehearse(stage: &Stage, service: Option<&Path>) -> Output {
    let roster = stage.path("roster.toml");
    fs::write(&roster, Cast::of(9).roster()).unwrap();
    let mut keymoot = keymoot();
    keymoot.envs(service.map(|socket| ("PCSCLITE_CSOCK_NAME", socket)));
    keymoot
        .args(["rehearse", "--real-devices", "--plain", "--roster"])
        .arg(&roster)
        .arg("--dir")
        .arg(stage.dir())
        .output()
        .unwrap()
}

#[test]
fn a_dress_rehearsal_says_what_this_machine_lacks_and_leaves_nothing_without_a_terminal() {
    let stage = Stage::new();
    let output = rehearse(&stage, None);
    let text = said(&output);
    // There is no terminal in this test: the ceremony is not opened.
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("there is no terminal"), "{text}");
    assert!(text.contains("Their signatures do not count"), "{text}");
    assert!(
        text.contains("A live ceremony would not begin on this machine:"),
        "{text}"
    );
    assert!(
        text.contains("MACHINE-") && text.contains("help: "),
        "{text}"
    );
    // So the next try with the same folder is not refused.
    assert!(!stage.dir().exists());
}

#[test]
fn a_service_that_refuses_the_library_makes_no_live_ceremony() {
    let stage = Stage::new();
    let socket = stage.path("pcscd");
    let listener = UnixListener::bind(&socket).unwrap();
    // As pcscd does for a library of another version: SCARD_E_SERVICE_STOPPED.
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            if client.read_exact(&mut [0; 20]).is_ok() {
                let reply = [4_u32, 9, 0x8010_001e].map(u32::to_ne_bytes).concat();
                let _ = client.write_all(&reply);
            }
        }
    });
    let text = said(&rehearse(&stage, Some(&socket)));
    let (_, said) = text.split_once("MACHINE-PCSC: ").expect(&text);
    assert!(
        said.starts_with("the smart card service (pcscd) speaks another version"),
        "{said}"
    );
}

#[test]
fn a_dress_rehearsal_needs_a_roster_of_real_people() {
    let output = keymoot()
        .args(["rehearse", "--real-devices"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("--roster"), "{}", said(&output));
}
