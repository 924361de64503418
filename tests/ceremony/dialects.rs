//! A policy names the dialect of a ceremony; everything else is the same.

use std::fs;

use keymoot::rehearsal::cast;

use testkit::stage::{Stage, keymoot, said};

const POLICY: &str = include_str!("../../ceremony-scripts/policy.toml");

/// The first ceremony and the annual one after it, in a dialect other than the shipped
/// policy's; the files that the second leaves in the repository.
fn two_ceremonies(dialect: &str) -> Vec<String> {
    let stage = Stage::new();
    let policy = cast::with_online_key(POLICY).unwrap() + &cast::delegations().unwrap();
    let policy = policy.replace("\"tuf-on-ci\"", &format!("\"{dialect}\""));
    fs::write(stage.path("policy.toml"), policy).unwrap();
    let policy = stage.path("policy.toml");
    let first = stage.rehearsed(&["--policy", policy.to_str().unwrap()]);
    assert!(first.status.success(), "{}", said(&first));

    let second = keymoot()
        .args(["rehearse", "annual-resign", "--unattended", "--previous"])
        .arg(stage.out())
        .arg("--dir")
        .arg(stage.path("annual"))
        .arg("--out")
        .arg(stage.path("second"))
        .output()
        .unwrap();
    assert!(second.status.success(), "{}", said(&second));
    let first_root = "repositories/tuf-root/metadata/root_history/1.root.json";
    let mut verify = keymoot();
    verify
        .args(["verify", "--expect", "rehearsal-small", "--rules"])
        .arg(stage.path("second"))
        .arg("--rehearsal")
        .arg("--trusted-root")
        .arg(stage.out().join(first_root));
    let verified = verify.output().unwrap();
    assert!(verified.status.success(), "{}", said(&verified));
    let metadata = stage.path("second").join("repositories/tuf-root/metadata");
    let mut names: Vec<_> = fs::read_dir(metadata)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn ceremonies_are_held_in_tufops() {
    assert_eq!(
        two_ceremonies("tufops"),
        ["crates.json", "root.json", "root_history", "targets.json"]
    );
}

#[test]
fn ceremonies_are_held_in_tuf_ci_with_signatures_in_files_of_their_own() {
    assert_eq!(
        two_ceremonies("tuf-ci"),
        [
            "crates.json",
            "crates.sig.json",
            "root.json",
            "root.sig.json",
            "root_history",
            "targets.json",
            "targets.sig.json",
        ]
    );
}
