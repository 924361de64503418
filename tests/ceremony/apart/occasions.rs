//! Whole ceremonies with holders apart.

use std::fs;

use keymoot::rehearsal::cast::Cast;

use keymoot_record::transcript::{Chain, Event};
use testkit::{
    apart::Three,
    stage::{Stage, copy, keymoot, said},
};

use crate::python::reader;

#[test]
fn nine_answers_from_nine_folders_make_one_bundle_that_python_tuf_accepts() {
    let stage = Stage::new();
    let output = stage.rehearsed(&["annual-resign", "--apart"]);
    assert!(output.status.success(), "{}", said(&output));
    let verified = stage.verify(&["--rehearsal"]);
    assert!(verified.status.success(), "{}", said(&verified));
    for rule in ["REQUEST-DERIVED", "ANSWER-SIGNED", "ANSWER-MACHINE"] {
        assert!(
            said(&verified).contains(rule),
            "{rule}\n{}",
            said(&verified)
        );
    }
    let answers = stage.state().answers;
    assert_eq!(
        answers
            .iter()
            .filter(|given| given.apart.base == answers[0].apart.base)
            .count(),
        9
    );
    assert_eq!(
        fs::read_dir(stage.path("ceremony.apart/holders"))
            .unwrap()
            .count(),
        9
    );
    let root = stage.out().join("repositories/tuf-root/metadata/root.json");
    let read = reader("root", &root);
    assert_eq!(read["verified"], true);
    assert_eq!(read["signed"].as_array().unwrap().len(), 9);
}

#[test]
fn two_newcomers_enrol_apart_and_one_device_of_two_is_named() {
    let three = Three::new();
    let mut cast = Cast::of(3);
    let first = three.first_root(&cast);
    cast.leaves(1);
    cast.leaves(2);
    cast.joins(4);
    cast.joins(5);
    three.awaiting("onboard-member", &cast, &first, "--apart=holder-4,holder-5");
    let request = three.request("request", &[]);
    // Both have the one device that nobody has enrolled, each as it was before.
    let twin = three.stage.path("twin");
    copy(&three.stage.dir(), &twin);
    let (mut command, same) = three.answering(&request, "holder-5", &twin);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let fourth = three.answer(&request, "holder-4");
    assert!(fs::read(&fourth).unwrap().len() <= 32 << 10);
    let output = three.collect(&[&fourth, &same]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for named in ["KEY-DISTINCT", "holder-4", "holder-5"] {
        assert!(said(&output).contains(named), "{}", said(&output));
    }
    // With a device of their own they are in.
    three.with_devices(5);
    three.forget("holder-5");
    let own = three.answer(&request, "holder-5");
    let output = three.collect(&[&own]);
    assert!(output.status.success(), "{}", said(&output));
    // No earlier key says that the device is the newcomer's.
    let compared = "made the key: call holder-5, and compare it with the number on the case";
    assert!(said(&output).contains(compared), "{}", said(&output));
    let output = three.stage.resume();
    assert!(
        output.status.code() == Some(4) || output.status.success(),
        "{}",
        said(&output)
    );
    let state = three.stage.state();
    for holder in ["holder-4", "holder-5"] {
        let seat = state
            .seats
            .iter()
            .find(|seat| seat.handle.as_str() == holder)
            .unwrap();
        assert!(seat.enrolled().is_some(), "{holder}");
    }
}

#[test]
fn four_in_the_room_and_two_apart_are_one_quorum_in_an_emergency() {
    let stage = Stage::new();
    let mut cast = Cast::of(9);
    let rosters = ["first.toml", "roster.toml"].map(|name| stage.path(name));
    fs::write(&rosters[0], cast.roster()).unwrap();
    let first = stage.path("first");
    let mut command = keymoot();
    command.args([
        "rehearse",
        "initial-root",
        "--unattended",
        "--seed",
        "7",
        "--spares",
        "1",
    ]);
    command
        .arg("--roster")
        .arg(&rosters[0])
        .arg("--out")
        .arg(&first);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let transcript = fs::read(first.join("transcript.jsonl")).unwrap();
    let chain = Chain::read(&transcript).unwrap();
    let stolen = chain.entries().iter().find_map(|entry| match &entry.event {
        Event::Enrolled { holder, serial, .. } if holder.as_str() == "holder-1" => Some(*serial),
        _ => None,
    });
    cast.revoked(1, stolen.unwrap(), "stolen (simulated)");
    fs::write(&rosters[1], cast.roster()).unwrap();
    let output = stage.rehearsed(&[
        "emergency-revocation",
        "--apart=holder-5,holder-6",
        "--absent=holder-7,holder-8,holder-9",
        "--previous",
        first.to_str().unwrap(),
        "--roster",
        rosters[1].to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", said(&output));
    let verified = stage.verify(&["--rehearsal"]);
    assert!(verified.status.success(), "{}", said(&verified));
    let report = fs::read_to_string(stage.out().join("report.md")).unwrap();
    assert!(report.contains("Who took part apart"), "{report}");
    let signers = stage
        .state()
        .seats
        .into_iter()
        .filter(|seat| !seat.signatures.is_empty());
    let signers: Vec<_> = signers.map(|seat| seat.handle.to_string()).collect();
    assert!(
        signers.contains(&"holder-5".to_owned()) && signers.len() >= 5,
        "{signers:?}"
    );
    assert!(!signers.contains(&"holder-7".to_owned()), "{signers:?}");
}
