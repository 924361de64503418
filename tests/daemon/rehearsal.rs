//! Whole rehearsals through the daemon.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use keymoot::rehearsal::cast;
use testkit::another_program::{Attacker, Manner};
use testkit::programs::{program, simulator, write_program};

use crate::namespace::{play, said};
use crate::service::Service;

/// Replaces hsm-sim beside keymoot, which starts it with `yubikey --until-eof --socket PATH` and
/// more: the same devices, in the reader of the real service.
const STAND_IN: &str = r#"#!/bin/sh
set -eu
control="$4.control"
shift 4
exec SIMULATOR vpcd --until-eof --control "$control" "$@"
"#;

/// A copy of the program with the stand-in beside it.
fn beside_the_stand_in(service: &Service) -> PathBuf {
    let folder = service.path("programs");
    fs::create_dir(&folder).unwrap();
    let script = STAND_IN.replace("SIMULATOR", simulator().to_str().unwrap());
    write_program(&folder.join("hsm-sim"), script.as_bytes());
    let keymoot = folder.join("keymoot");
    write_program(&keymoot, &fs::read(program()).unwrap());
    keymoot
}

/// An unattended rehearsal in the service's folder.
fn rehearse(service: &Service, keymoot: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(keymoot);
    command
        .args(["rehearse", "--unattended", "--seed", "7"])
        .arg("--dir")
        .arg(service.path("ceremony"))
        .arg("--out")
        .arg(service.path("bundle"))
        .args(more)
        .stdin(Stdio::null());
    command
}

fn transcript(service: &Service) -> String {
    fs::read_to_string(service.path("ceremony/transcript.jsonl")).unwrap()
}

fn demand_that_its_bundle_verifies(service: &Service, keymoot: &Path) {
    let verified = Command::new(keymoot)
        .args(["verify", "--expect", "rehearsal-small"])
        .arg(service.path("bundle"))
        .arg("--rehearsal")
        .output()
        .unwrap();
    assert!(verified.status.success(), "{}", said(&verified));
}

#[test]
fn a_whole_rehearsal_goes_through_the_daemon_without_a_device_error() {
    play(0, |service| {
        let keymoot = beside_the_stand_in(service);
        let begun = Instant::now();
        let rehearsed = rehearse(service, &keymoot, &[]).output().unwrap();
        let took = begun.elapsed();
        assert!(rehearsed.status.success(), "{}", said(&rehearsed));
        assert_eq!(String::from_utf8_lossy(&rehearsed.stderr), "");
        assert!(!transcript(service).contains("\"mishap\""));
        println!("the rehearsal took {:.1} s", took.as_secs_f64());
        assert!(took < Duration::from_secs(40), "{took:?}");
        demand_that_its_bundle_verifies(service, &keymoot);
    });
}

#[test]
fn a_ceremony_says_that_another_program_uses_the_device_and_ends_well_without_it() {
    play(0, |service| {
        let keymoot = beside_the_stand_in(service);
        let policy = service.path("policy.toml");
        let few = include_str!("../../ceremony-scripts/policy.toml")
            .replace("holders = 9", "holders = 3")
            .replace("threshold = 5", "threshold = 2");
        fs::write(&policy, cast::with_online_key(&few).unwrap()).unwrap();
        let few = ["--holders", "3", "--policy", policy.to_str().unwrap()];
        let mut child = rehearse(service, &keymoot, &few)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let attacker = Attacker::start(Manner::Clinging);
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut lines = stderr.lines().map_while(Result::ok);
        let told = lines.find(|line| line.contains("is in use by another program"));
        let loot = attacker.stop();
        let last: Vec<_> = lines.collect();
        assert!(told.is_some(), "{last:?}");
        let status = child.wait().unwrap();
        assert!(matches!(status.code(), Some(0 | 4)), "{status}: {last:?}");
        if status.code() == Some(4) {
            let resumed = Command::new(&keymoot)
                .arg("resume")
                .arg(service.path("ceremony"))
                .output()
                .unwrap();
            assert!(resumed.status.success(), "{}", said(&resumed));
        }
        demand_that_its_bundle_verifies(service, &keymoot);
        assert_eq!(loot.signatures, 0);
    });
}
