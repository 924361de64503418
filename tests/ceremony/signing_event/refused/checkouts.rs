//! Checkouts in which no holder signs: of an unknown layout, with links, with other files than the
//! listed ones, and with a base that is unsigned, too old, or weaker than the holder expects.

use std::{collections::BTreeMap, fs, path::Path, process::Output};

use keymoot_tuf::Dialect;
use keymoot_verify::checkout;
use testkit::stage::{keymoot, said};

use super::{Wish, opened, refused, refused_with};
use crate::signing_event::repository::{Change, Event, State, signatures};

#[test]
fn what_is_no_checkout_of_a_known_layout_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    fs::write(event.tree().join("metadata/root.json"), "{}").unwrap();
    refused(
        &event,
        "EVENT-LAYOUT",
        "the tree holds no metadata/root.json that can be read",
    );
    // Without the names of tufops.
    let event = Event::new(Dialect::Tufops, Change::Rotation, "sign/event");
    fs::remove_file(event.tree().join("tufops.toml")).unwrap();
    refused(&event, "EVENT-LAYOUT", "tufops.toml is missing");
    // A history that is not the current root.
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    let path = event.tree().join("metadata/root_history/2.root.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text + "\n").unwrap();
    refused(&event, "EVENT-LAYOUT", "are not the same file");
}

#[test]
fn a_link_in_the_checkout_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    std::os::unix::fs::symlink("/etc/passwd", event.tree().join("metadata/more.json")).unwrap();
    let output = event.sign(1);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("EVENT-LAYOUT"), "{}", said(&output));
}

#[test]
fn a_checkout_whose_metadata_is_a_link_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    let (metadata, elsewhere) = (event.tree().join("metadata"), event.path("elsewhere"));
    fs::rename(&metadata, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &metadata).unwrap();
    let output = event.sign(1);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("EVENT-LAYOUT"), "{}", said(&output));
}

#[test]
fn a_receipt_or_a_history_that_cannot_be_written_is_refused_before_the_device_is_used() {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    let named = event.receipt(1);
    let with_receipt = |out: &Path| {
        let answer = event.answer(1);
        let arguments = answer.get_args();
        let arguments = arguments.map(|argument| match argument == named.as_os_str() {
            true => out.as_os_str(),
            false => argument,
        });
        keymoot()
            .args(arguments)
            .arg("--unattended")
            .output()
            .unwrap()
    };
    let refused = |output: &Output, words: &str| {
        let shown = said(output);
        assert_eq!(output.status.code(), Some(1), "{shown}");
        assert!(
            shown.contains("cannot write") && shown.contains(words),
            "{shown}"
        );
        assert!(shown.contains("nothing is signed yet"), "{shown}");
        assert!(!shown.contains("touch 1 of"), "{shown}");
        assert_eq!(
            event.git(&["status", "--porcelain", "--untracked-files=no"]),
            ""
        );
    };
    refused(
        &with_receipt(&event.path("missing/receipt")),
        "missing/receipt",
    );
    // A folder where the new file would be made: it also stops root, which writes everywhere.
    let history = "metadata/root_history/2.root.json";
    fs::create_dir(event.path("tree").join(format!("{history}.part"))).unwrap();
    refused(&with_receipt(&named), history);
    assert!(!named.exists());
}

#[test]
fn a_base_whose_documents_are_not_signed_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Targets, "sign/event");
    let dialect = event.dialect;
    let state = State::first(dialect);
    let documents = state.documents(dialect);
    let rewrite = |role: &str| {
        let document = &documents[role];
        for (path, bytes) in dialect.files(role, document, &signatures(dialect, document, &[1])) {
            fs::write(event.base().join(path), bytes).unwrap();
        }
    };
    rewrite("crates");
    let (_, verdicts) = opened(&event, Wish::default());
    let violated: Vec<_> = verdicts
        .iter()
        .filter(|v| v.is_violated())
        .map(|v| v.rule.id())
        .collect();
    assert!(violated.contains(&"TREE-DOCUMENTS"), "{violated:?}");
    rewrite("root");
    refused(&event, "ROOT-PREVIOUS", "not signed by enough keys");
}

#[test]
fn a_base_from_before_the_trusted_root_is_refused() {
    for dialect in Dialect::ALL {
        let event = Event::new(dialect, Change::Targets, "sign/event");
        let mut state = State::first(dialect);
        state.change(Change::Rotation);
        let newer = state.documents(dialect).remove("root").unwrap();
        // Of tuf-ci, the file has the content alone.
        let mut files = dialect.files("root", &newer, &BTreeMap::new()).into_iter();
        let wish = Wish {
            trusted_root: files
                .find(|(path, _)| path == "metadata/root.json")
                .map(|(_, bytes)| bytes),
            ..Wish::default()
        };
        assert!(wish.trusted_root.is_some());
        refused_with(&event, wish, "ROOT-NEWEST", "");
    }
}

#[test]
fn a_repository_that_is_weaker_than_the_holder_expects_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    let wish = Wish {
        set: Some("rfc-3724"),
        ..Wish::default()
    };
    refused_with(
        &event,
        wish,
        "POLICY-EXPECTED",
        "root: threshold 2 of 2, expected 5 of 9",
    );
}

#[test]
fn a_target_file_that_is_not_the_listed_one_is_refused_where_the_checkout_has_them() {
    for dialect in [Dialect::TufOnCi, Dialect::TufCi] {
        let event = Event::new(dialect, Change::Targets, "sign/event");
        fs::write(event.tree().join("targets/new.txt"), "another file").unwrap();
        refused(&event, "TREE-TARGETS", "targets: \"new.txt\"");
        fs::remove_file(event.tree().join("targets/new.txt")).unwrap();
        refused(&event, "TREE-TARGETS", "\"new.txt\" is missing");
    }
}

#[test]
fn files_that_changed_since_the_review_are_found() {
    let event = Event::new(Dialect::TufOnCi, Change::Targets, "sign/event");
    let (opened, _) = opened(&event, Wish::default());
    let opened = opened.unwrap();
    let files = checkout::read(&event.tree()).unwrap();
    assert!(!opened.unchanged(&files).is_violated());
    let mut changed = files;
    changed.insert("metadata/more.json".to_owned(), Vec::new());
    let verdict = opened.unchanged(&changed);
    assert!(
        verdict.is_violated() && verdict.detail.contains("metadata/more.json"),
        "{verdict:?}"
    );
}
