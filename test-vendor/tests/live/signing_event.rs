//! A live holder signs a signing event of tuf-on-ci on a prepared machine, with no ceremony.

use std::fs;

use keymoot_record::ceremony::question::reading_words;
use keymoot_tuf::Dialect;
use serde_json::Value;
use testkit::{programs::program, stage::said};

use super::{
    ceremony::{pin, run},
    golden,
    lines::Lines,
    machine::Machine,
    plan::{self, HOLDERS},
    records::copy,
    room::Room,
    test_vendor,
};

/// The next version of a targets document, with places for its signatures.
fn next_targets(text: &[u8]) -> String {
    let mut targets: Value = serde_json::from_slice(text).unwrap();
    let year = plan::now().to_string()[..4].parse::<u32>().unwrap() + 1;
    targets["signed"]["expires"] = format!("{year}-01-02T00:00:00Z").into();
    targets["signed"]["version"] = 2.into();
    for signature in targets["signatures"].as_array_mut().unwrap() {
        signature["sig"] = "".into();
    }
    serde_json::to_string_pretty(&targets).unwrap()
}

#[test]
fn a_live_holder_signs_and_the_receipt_verifies_with_the_vendor_alone() {
    let Some(machine) = Machine::of_this_test() else {
        return;
    };
    let folder = tempfile::Builder::new().prefix("kl").tempdir().unwrap();
    golden::enrolled_devices(folder.path());
    let mut room = Room::open(folder.path(), HOLDERS);
    let place = |name: &str| folder.path().join(name);
    let published = golden::bundle().join("repositories/tuf-root");
    for side in ["base", "tree"] {
        copy(&published, &place(side));
    }
    let targets = place("tree/metadata/targets.json");
    let text = next_targets(&fs::read(&targets).unwrap());
    fs::write(&targets, &text).unwrap();
    let file = |path: &str| fs::read(place("tree").join(path)).ok();
    let document = Dialect::TufOnCi
        .read("targets", None, &file)
        .unwrap()
        .unwrap();

    let trusted = published.join("metadata/root_history/1.root.json");
    let receipt = place("receipt");
    let mut arguments = vec![
        "answer".into(),
        "--plain".into(),
        "--as".into(),
        "holder-1".into(),
    ];
    for (option, path) in [
        ("--tree", &place("tree")),
        ("--base", &place("base")),
        ("--trusted-root", &trusted),
        ("-o", &receipt),
    ] {
        arguments.extend([option.into(), path.clone().into_os_string()]);
    }
    let mut at = Lines::start(machine.command(room.socket(), &test_vendor(), arguments));
    while at.read_any(&["Enter shows more", "first two words"]).0 == 0 {
        at.reply("");
    }
    at.reply(&reading_words(&document.digest()));
    at.read("Insert your device");
    room.insert(1);
    at.answer("Type sign and press Enter", "sign");
    at.answer("PIN, then Enter", &pin(1));
    at.read("Take your device out");
    room.remove(1);
    at.read("git -C");
    assert_eq!(at.exit_code(), 0);

    // One place is filled, and nothing else differs.
    let signed = fs::read_to_string(&targets).unwrap();
    let differs = |(before, after): &(&str, &str)| before != after;
    let lines: Vec<_> = text.lines().zip(signed.lines()).filter(differs).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(text.lines().count(), signed.lines().count());

    let (receipt, tree) = (
        receipt.display().to_string(),
        place("tree").display().to_string(),
    );
    let verify = ["receipt", "--tree", &tree, &receipt];
    let verified = run(&test_vendor(), &verify);
    assert!(verified.status.success(), "{}", said(&verified));
    let released = run(&program(), &verify);
    assert!(
        said(&released).contains("DEVICE-CHAIN"),
        "{}",
        said(&released)
    );
}
