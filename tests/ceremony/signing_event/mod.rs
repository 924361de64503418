//! Signing events of tuf-on-ci, tufops and tuf-ci, signed by holders in a checkout.

mod by_hand;
mod refused;
mod repository;

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keymoot_tuf::Dialect;
use serde_json::Value;
use testkit::{programs::verifier, stage::said};

use self::repository::{Change, Event, rehearsal};
use crate::python::answer;

/// Whether the lines of a signature are the only difference.
fn only_signatures_differ(event: &Event) {
    let diff = event.git(&["diff", "--unified=0", "--no-color"]);
    let lines = diff.lines().filter(|line| line.starts_with(['+', '-']));
    let lines = lines.filter(|line| !line.starts_with("+++") && !line.starts_with("---"));
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for line in lines {
        let (sign, text) = line.split_at(1);
        let text = text.trim().to_owned();
        match sign {
            "+" => added.push(text),
            _ => removed.push(text),
        }
    }
    let of_entry = |text: &String| {
        text.starts_with("\"keyid\":")
            || text.starts_with("\"sig\":")
            || ["{", "}", "},", "]", "],"].contains(&text.as_str())
    };
    // An empty list was written in one line.
    let opened = |text: &String| text == "\"signatures\": [";
    assert!(
        added.iter().all(|text| of_entry(text) || opened(text)),
        "{diff}"
    );
    let empty = |text: &String| {
        text.starts_with("\"signatures\": []") || text == "\"sig\": \"\"" || text == "}"
    };
    assert!(removed.iter().all(empty), "{diff}");
    assert!(
        added.iter().any(|text| text.starts_with("\"sig\":")),
        "{diff}"
    );
}

/// python-tuf's result for the tree: the newest version of root, and the documents that
/// their delegators' keys have signed.
fn python_accepts(event: &Event, newest: u64) {
    let folder = tempfile::tempdir().unwrap();
    let form = match event.dialect {
        Dialect::TufCi => "dsse",
        Dialect::TufOnCi | Dialect::Tufops => "pouf1",
    };
    let roots = folder.path().join("roots");
    fs::create_dir(&roots).unwrap();
    for version in 1..=newest {
        event.published(
            "root",
            Some(version),
            &roots.join(format!("{version}.root.json")),
        );
    }
    let chain = answer("readers.py", &["chain".as_ref(), &roots, form.as_ref()]);
    assert_eq!(chain["version"], newest, "{chain}");
    let paths = ["root", "targets", "crates"].map(|role| {
        let path = folder.path().join(format!("{role}.json"));
        event.published(role, None, &path);
        path
    });
    let [root, targets, crates] = &paths;
    let arguments: [&Path; 6] = [
        "repository".as_ref(),
        form.as_ref(),
        root,
        targets,
        "crates".as_ref(),
        crates,
    ];
    let read = answer("readers.py", &arguments);
    for role in ["root", "targets", "delegated"] {
        assert_eq!(read[role], true, "{role}: {read}");
    }
}

/// Holders sign in turn; each adds signatures and nothing else.
fn signed_in_turn(event: &Event, holders: &[usize]) {
    for holder in holders {
        let output = event.sign(*holder);
        assert!(output.status.success(), "{}", said(&output));
        only_signatures_differ(event);
        event.commit("a signature");
    }
}

#[test]
fn a_holder_is_rotated_in_every_dialect_and_python_tuf_follows() {
    for dialect in Dialect::ALL {
        let event = Event::new(dialect, Change::Rotation, "sign/root-v2");
        signed_in_turn(&event, &[1, 2, 3]);
        python_accepts(&event, 2);
    }
}

#[test]
fn two_holders_sign_a_change_of_targets_in_every_dialect() {
    for dialect in Dialect::ALL {
        let event = Event::new(dialect, Change::Targets, "sign/new-file");
        signed_in_turn(&event, &[2, 1]);
        python_accepts(&event, 1);
    }
}

#[test]
fn one_holder_signs_two_documents_with_one_touch_each_and_one_for_the_receipt() {
    for dialect in Dialect::ALL {
        let event = Event::new(dialect, Change::Both, "sign/both");
        let first = event.sign(1);
        let shown = said(&first);
        assert!(first.status.success(), "{shown}");
        assert!(shown.contains("touch 1 of 3 is for root.json"), "{shown}");
        assert!(
            shown.contains("touch 2 of 3 is for targets.json"),
            "{shown}"
        );
        assert!(
            shown.contains("the last touch is for your receipt"),
            "{shown}"
        );
        event.commit("a signature");
        signed_in_turn(&event, &[2, 3]);
        python_accepts(&event, 2);
    }
}

#[test]
fn the_git_commands_that_are_left_put_the_signature_on_the_branch() {
    let event = Event::new(Dialect::TufCi, Change::Targets, "sign/new-file");
    let remote = event.path("remote");
    event.git(&["init", "--quiet", "--bare", &remote.display().to_string()]);
    event.git(&["remote", "add", "origin", &remote.display().to_string()]);
    let shown = said(&event.sign(1));
    let commands: Vec<_> = shown
        .lines()
        .filter_map(|line| line.strip_prefix("  git -C "))
        .collect();
    assert_eq!(commands.len(), 4, "{shown}");
    let tree = event.tree().display().to_string();
    for command in commands {
        let rest = command.strip_prefix(&tree).unwrap().trim();
        // As a shell takes them apart: one argument is in quotation marks.
        let arguments: Vec<_> = match rest.split_once('\'') {
            Some((before, quoted)) => before
                .split_whitespace()
                .chain([quoted.trim_end_matches('\'')])
                .collect(),
            None => rest.split_whitespace().collect(),
        };
        event.git(&arguments);
    }
    let log = event.git(&[
        "--git-dir",
        &remote.display().to_string(),
        "log",
        "--format=%s",
        "-1",
        "sign/new-file",
    ]);
    assert_eq!(log.trim(), "Signature from @holder-1");
    assert_eq!(event.git(&["status", "--porcelain"]), "");
}

/// The output of `keymoot-verify receipt` for a receipt.
fn verified(receipt: &Path, more: &[&str]) -> (bool, String) {
    let output = std::process::Command::new(verifier())
        .arg("receipt")
        .arg(receipt)
        .args(["--rehearsal", "--vendor-dir"])
        .arg(rehearsal().dir().join("rehearsal/vendor"))
        .args(more)
        .output()
        .unwrap();
    (output.status.success(), said(&output))
}

#[test]
fn a_receipt_verifies_and_each_changed_byte_of_it_is_found() {
    let event = Event::new(Dialect::TufOnCi, Change::Both, "sign/both");
    let output = event.sign(1);
    assert!(output.status.success(), "{}", said(&output));
    let tree = event.tree().display().to_string();
    let (good, shown) = verified(&event.receipt(1), &["--tree", &tree, "--rules"]);
    assert!(good, "{shown}");
    for words in [
        "RECEIPT-TREE",
        "DEVICE-CHAIN",
        "root.json version 2",
        "on branch sign/both",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let bytes = fs::read(event.receipt(1)).unwrap();
    let vendor = rehearsal().dir().join("rehearsal/vendor");
    assert!(vendor.is_dir());
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(repository::is_refused(&changed), "byte {at}");
    }
    // The tree with another signature is no longer what the holder signed.
    event.commit("a signature");
    let second = event.sign(2);
    assert!(second.status.success(), "{}", said(&second));
    let (same, shown) = verified(&event.receipt(1), &["--tree", &tree]);
    assert!(!same && shown.contains("RECEIPT-TREE"), "{shown}");
    // A live verifier takes no receipt of a rehearsal.
    let live = std::process::Command::new(verifier())
        .arg("receipt")
        .arg(event.receipt(1))
        .output()
        .unwrap();
    assert!(said(&live).contains("RECEIPT-READ"), "{}", said(&live));
}

#[test]
fn a_receipt_that_its_key_did_not_sign_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Targets, "sign/new-file");
    let output = event.sign(1);
    assert!(output.status.success(), "{}", said(&output));
    let text = fs::read_to_string(event.receipt(1)).unwrap();
    let receipt: Value = serde_json::from_str(&text).unwrap();
    let signature = receipt["signatures"][0]["sig"].as_str().unwrap();
    // A signature of the same form, over something else.
    let mut bytes = STANDARD.decode(signature).unwrap();
    bytes[10] ^= 1;
    let forged = event.path("forged.receipt");
    fs::write(&forged, text.replace(signature, &STANDARD.encode(bytes))).unwrap();
    let (good, shown) = verified(&forged, &[]);
    assert!(!good && shown.contains("RECEIPT-SIGNED"), "{shown}");
}
