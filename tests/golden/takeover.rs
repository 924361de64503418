//! A program that takes over another version's ceremony: it verifies what is recorded before
//! anything else, and keeps members that it does not know.

use std::fs;

use serde_json::Value;

use crate::records::{INTERRUPTED, Record, resume, verify};

fn interrupted_in(name: &str) -> &'static Record {
    let mut records = INTERRUPTED.iter();
    records.find(|record| record.name == name).unwrap()
}

#[test]
fn altered_evidence_stops_a_takeover_before_anything_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let [ceremony, out] = ["ceremony", "bundle"].map(|name| folder.path().join(name));
    interrupted_in("signing").laid_out(&ceremony);
    let transcript = || fs::read_to_string(ceremony.join("transcript.jsonl")).unwrap();
    let before = transcript();
    let lines = before
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let events: Vec<Value> = lines.map(|line: Value| line["event"].clone()).collect();
    let attested = events.iter().find(|event| event["kind"] == "attested");
    let certificate = attested.unwrap()["attestation"].as_str().unwrap();
    let object = ceremony.join("objects").join(certificate);
    fs::write(&object, "another certificate").unwrap();
    let said = resume(&ceremony, &out, 3).unwrap();
    assert!(said.contains("DEVICE-EVIDENCE"), "{said}");
    assert_eq!(transcript(), before);
}

#[test]
fn unknown_members_of_an_event_are_kept_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let [ceremony, out] = ["ceremony", "bundle"].map(|name| folder.path().join(name));
    interrupted_in("enrolment").laid_out(&ceremony);
    let path = ceremony.join("transcript.jsonl");
    let transcript = fs::read_to_string(&path).unwrap();
    let (before, after) = transcript.rsplit_once("},\"prev\":").unwrap();
    let later = format!("{before},\"zz\":{{\"later\":true}}}},\"prev\":{after}");
    fs::write(&path, &later).unwrap();
    resume(&ceremony, &out, 0).unwrap();
    let bundled = fs::read_to_string(out.join("transcript.jsonl")).unwrap();
    assert!(bundled.starts_with(&later));
    let said = verify(&out).unwrap();
    assert!(
        said.contains("1 with members that this program does not know"),
        "{said}"
    );
    let report = fs::read_to_string(out.join("report.md")).unwrap();
    assert!(
        report.contains("not known to this program: /zz"),
        "{report}"
    );
}
