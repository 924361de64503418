//! Whole rehearsals through the daemon.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::namespace::{play, said};
use crate::service::{Service, program, simulator};

/// Stands in for hsm-sim beside keymoot, which starts it with `yubikey --until-eof --socket
/// PATH` and more: the same devices, in the reader of the real service.
const STAND_IN: &str = r#"#!/bin/sh
set -eu
control="$4.control"
shift 4
exec SIMULATOR vpcd --until-eof --control "$control" "$@"
"#;

/// A copy of the program with the stand-in beside it.
pub fn beside_the_stand_in(service: &Service) -> PathBuf {
    let folder = service.path("programs");
    fs::create_dir(&folder).unwrap();
    let script = STAND_IN.replace("SIMULATOR", simulator().to_str().unwrap());
    let stand_in = folder.join("hsm-sim");
    fs::write(&stand_in, script).unwrap();
    fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
    let keymoot = folder.join("keymoot");
    fs::copy(program(), &keymoot).unwrap();
    keymoot
}

#[test]
fn a_whole_rehearsal_goes_through_the_daemon_without_a_device_error() {
    play(0, |service| {
        let keymoot = beside_the_stand_in(service);
        let begun = Instant::now();
        let rehearsed = Command::new(&keymoot)
            .args(["rehearse", "--unattended", "--seed", "7"])
            .arg("--dir")
            .arg(service.path("ceremony"))
            .arg("--out")
            .arg(service.path("bundle"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let took = begun.elapsed();
        assert!(rehearsed.status.success(), "{}", said(&rehearsed));
        assert_eq!(String::from_utf8_lossy(&rehearsed.stderr), "");
        let transcript = fs::read_to_string(service.path("ceremony/transcript.jsonl")).unwrap();
        assert!(!transcript.contains("\"mishap\""));
        println!("the rehearsal took {:.1} s", took.as_secs_f64());
        assert!(took < Duration::from_secs(40), "{took:?}");
        let verified = Command::new(&keymoot)
            .arg("verify")
            .arg(service.path("bundle"))
            .arg("--rehearsal")
            .output()
            .unwrap();
        assert!(verified.status.success(), "{}", said(&verified));
    });
}
