//! The program is killed, and resumed.
//!
//! Here a real process dies, and its simulator with it; tests/crash tries a crash after every
//! single operation on the disk.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use keymoot_record::transcript::Event;

use testkit::stage::{Stage, finished, said};

/// How many events lie between two at which it is killed.
const EVERY: usize = 20;

/// Kills an unattended rehearsal as soon as this entry was printed, and resumes it.
fn killed_at(entry: u64, keys: &[Vec<u8>]) {
    let stage = Stage::new();
    stage.killed_at(entry);

    let output = stage.resume();
    assert!(
        output.status.success(),
        "killed at {entry}: {}",
        said(&output)
    );
    assert_eq!(stage.keys(), keys, "killed at {entry}: other keys");
    let output = stage.verify(&["--rehearsal"]);
    assert!(
        output.status.success(),
        "killed at {entry}: {}",
        said(&output)
    );
    asked_once(&stage, entry);
}

/// What people had acknowledged was not asked of them again.
fn asked_once(stage: &Stage, entry: u64) {
    let mut acknowledged = BTreeSet::new();
    for recorded in stage.chain().entries() {
        let once = match &recorded.event {
            Event::Confirmed { step, .. } => Some(format!("confirmed {step}")),
            Event::RollCalled { .. } => Some("roll call".to_owned()),
            Event::DeviceConfirmed { serial, .. } => Some(format!("device {serial}")),
            Event::Reviewed { document, .. } => Some(format!("reviewed {}", document.name())),
            Event::Enrolled { serial, .. } => Some(format!("enrolled {serial}")),
            Event::Signed {
                holder, document, ..
            } => Some(format!("{holder} signed {}", document.name())),
            Event::Closed { holder, .. } => Some(format!("{holder} closed")),
            _ => None,
        };
        if let Some(once) = once {
            assert!(
                acknowledged.insert(once.clone()),
                "killed at {entry}: {once} twice"
            );
        }
    }
}

#[test]
fn killed_at_an_event_it_resumes_to_the_same_nine_keys_and_a_bundle_that_verifies() {
    let keys = finished().keys();
    // The last event ends the ceremony: killed there, it is finished.
    let last = finished().chain().entries().len() as u64 - 1;
    let events: Vec<u64> = (0..last).step_by(EVERY).chain([last]).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(entry) = events.get(next.fetch_add(1, Ordering::SeqCst)) {
                    killed_at(*entry, &keys);
                }
            });
        }
    });
    println!("killed and resumed at {} of {last} events", events.len());
}

#[test]
fn a_torn_last_line_is_cut_off_and_that_is_recorded() {
    use std::io::Write as _;
    let stage = Stage::new();
    stage.killed_at(30);
    let transcript = stage.dir().join("transcript.jsonl");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(transcript)
        .unwrap();
    file.write_all(b"{\"event\":{\"kind\":\"no").unwrap();
    drop(file);

    let output = stage.resume();
    assert!(output.status.success(), "{}", said(&output));
    let cut = stage
        .chain()
        .entries()
        .iter()
        .any(|entry| matches!(entry.event, Event::Resumed { cut: 20, .. }));
    assert!(cut, "the cut is not in the transcript");
}

#[test]
fn an_altered_transcript_is_not_resumed() {
    let stage = Stage::new();
    stage.killed_at(30);
    let path = stage.dir().join("transcript.jsonl");
    let altered = std::fs::read_to_string(&path)
        .unwrap()
        .replacen("holder-1", "holder-2", 1);
    std::fs::write(&path, altered).unwrap();

    let output = stage.resume();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("transcript"), "{}", said(&output));
}
