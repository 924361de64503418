//! The program may be started again on another machine, or on one that was changed:
//! it checks the machine again before anything else.

use keymoot_core::Rule;
use keymoot_record::transcript::{Chain, Event, PlanPart};
use testkit::stage::{Stage, finished, said};

use crate::forged::{Line, events, rewritten, verdicts};

/// The kinds of the events that people and devices caused, between one resumption and the next.
fn kinds(stage: &Stage) -> Vec<String> {
    let chain = stage.chain();
    let kind = |event: &Event| {
        let value = serde_json::to_value(event).unwrap();
        value["kind"].as_str().unwrap().to_owned()
    };
    let entries = chain.entries().iter();
    entries.map(|entry| kind(&entry.event)).collect()
}

#[test]
fn a_resumed_ceremony_examines_the_machine_before_anything_else() {
    // In the opening, in a holder's turn, and while documents are signed.
    for entry in [30, 60, 150] {
        let stage = Stage::new();
        stage.killed_at(entry);
        let output = stage.resume();
        assert!(output.status.success(), "{}", said(&output));

        let kinds = kinds(&stage);
        let resumed = kinds.iter().position(|kind| kind == "resumed").unwrap();
        assert_eq!(kinds[resumed + 1], "machine-checked", "killed at {entry}");
    }
}

#[test]
fn a_record_that_was_edited_meanwhile_is_refused_before_anybody_is_asked() {
    let stage = Stage::new();
    stage.killed_at(60);
    let mut edited = Chain::default();
    for entry in stage.chain().entries() {
        if !matches!(entry.event, Event::PlanRead { .. }) {
            let line = edited.next(entry.event.clone(), entry.time).unwrap();
            edited.push(line).unwrap();
        }
    }
    let edited = edited.bytes_through(u64::MAX);
    let transcript = stage.dir().join("transcript.jsonl");
    std::fs::write(&transcript, &edited).unwrap();
    let output = stage.resume();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains(Rule::PlanRead.id()),
        "{}",
        said(&output)
    );
    // Nobody has published a folder.
    let help = "check that you have the right folder";
    assert!(said(&output).contains(help), "{}", said(&output));
    assert!(!said(&output).contains("publisher"), "{}", said(&output));
    assert_eq!(std::fs::read(&transcript).unwrap(), edited);
}

#[test]
fn a_ceremony_that_is_not_interrupted_examines_the_machine_once() {
    let chain = finished().chain();
    let checked = chain.entries().iter();
    let checked = checked.filter(|entry| matches!(entry.event, Event::MachineChecked { .. }));
    assert_eq!(checked.count(), 1);
}

#[test]
fn all_four_digests_are_read_before_the_first_step() {
    let chain = finished().chain();
    let parts: Vec<_> = chain
        .entries()
        .iter()
        .take_while(|entry| !matches!(entry.event, Event::StepBegun { .. }))
        .filter_map(|entry| match &entry.event {
            Event::PlanRead { part, .. } => Some(*part),
            _ => None,
        })
        .collect();
    assert_eq!(parts, PlanPart::ALL);
}

/// The rules that a rewritten bundle violates, except the signatures that nobody made again.
fn violated(change: impl FnOnce(&mut Vec<Line>)) -> Vec<String> {
    let verdicts = verdicts(rewritten(change), true).into_iter();
    let violated = verdicts.filter(|verdict| verdict.is_violated());
    let rules = violated.map(|verdict| verdict.rule.to_string());
    rules
        .filter(|rule| !["BUNDLE-CLOSED", "KEY-POSSESSION"].contains(&rule.as_str()))
        .collect()
}

fn resumed(lines: &[Line]) -> Event {
    let Event::Opened { program, .. } = &lines[0].0 else {
        panic!("{:?}", lines[0]);
    };
    Event::Resumed {
        cut: 0,
        program: program.clone(),
        another: false,
        settings: None,
    }
}

#[test]
fn a_resumption_after_which_nobody_examined_the_machine_is_a_violation() {
    let resume_before_enrolment = |examined: bool| {
        move |lines: &mut Vec<Line>| {
            let is_check = |line: &Line| matches!(line.0, Event::MachineChecked { .. });
            let check = lines.iter().find(|line| is_check(line)).unwrap().clone();
            let is_turn = |line: &Line| matches!(line.0, Event::TurnBegun { .. });
            let place = lines.iter().position(is_turn).unwrap();
            let resumed = (resumed(lines), lines[place].1);
            if examined {
                lines.insert(place, check);
            }
            lines.insert(place, resumed);
        }
    };
    let rule = Rule::MachineResumed.id();
    assert_eq!(violated(resume_before_enrolment(false)), [rule]);
    assert_eq!(violated(resume_before_enrolment(true)), [""; 0]);
}

#[test]
fn a_resumption_that_nothing_follows_is_not_said_to_have_a_check_that_passed() {
    let twice_before_one_check = |lines: &mut Vec<Line>| {
        let is_check = |line: &Line| matches!(line.0, Event::MachineChecked { .. });
        let place = lines.iter().position(is_check).unwrap() + 1;
        let check = lines[place - 1].clone();
        let resumed = (resumed(lines), check.1);
        lines.splice(place..place, [resumed.clone(), resumed, check]);
    };
    let verdicts = verdicts(rewritten(twice_before_one_check), true);
    let rule = Rule::MachineResumed.id();
    let verdict = verdicts
        .iter()
        .find(|verdict| verdict.rule.to_string() == rule);
    assert_eq!(
        verdict.unwrap().detail,
        "the program was started again 2 times, and the machine passed every rule before anything that needs it"
    );
}

#[test]
fn a_step_that_begins_before_a_digest_was_read_is_a_violation() {
    let unread = violated(|lines| {
        lines.retain(|line| {
            !matches!(
                line.0,
                Event::PlanRead {
                    part: PlanPart::Script,
                    ..
                }
            )
        });
    });
    assert_eq!(unread, [Rule::PlanRead.id()]);
}

#[test]
fn a_digest_that_is_not_that_of_the_plan_is_not_replayed() {
    let other = violated(|lines| {
        for event in events(lines) {
            if let Event::PlanRead { digest, .. } = event {
                *digest = keymoot_core::digest::Digest::of(b"another");
            }
        }
    });
    assert_eq!(other, [Rule::TranscriptReplay.id()]);
}

/// Resumes with the noted words of an event.
fn resume_noted(stage: &Stage, words: &str) -> std::process::Output {
    let mut resume = std::process::Command::new(testkit::programs::program());
    resume.arg("resume").arg(stage.dir());
    resume.args(["--noted", words]).output().unwrap()
}

#[test]
fn an_older_copy_of_the_folder_does_not_have_the_words_that_were_noted() {
    let stage = Stage::new();
    stage.killed_at(30);
    let chain = stage.chain();
    let noted = chain.head().short_words();
    let path = stage.dir().join("transcript.jsonl");
    let whole = std::fs::read(&path).unwrap();

    // As it was two events before.
    let count = chain.entries().len() as u64;
    std::fs::write(&path, chain.bytes_through(count - 3)).unwrap();
    let refused = resume_noted(&stage, &noted);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(
        said(&refused).contains("this copy is older"),
        "{}",
        said(&refused)
    );

    std::fs::write(&path, whole).unwrap();
    // As a program prints the note, and in capitals.
    let resumed = resume_noted(
        &stage,
        &format!("event {}, {}", count - 1, noted.to_uppercase()),
    );
    assert!(resumed.status.success(), "{}", said(&resumed));
}
