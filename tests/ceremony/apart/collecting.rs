//! Answers taken in: twice, from folders, and where that is interrupted.

use std::{fs, path::PathBuf};

use keymoot_record::{
    apart::{Answer, Collected, Request, answer::Says},
    transcript::{Chain, Event},
};
use testkit::{
    apart::Three,
    stage::{Stage, copy, said},
};

use super::{Asked, answer, five_apart, keymoot_at, post};

#[test]
fn the_same_answer_twice_changes_nothing() {
    let mut asked = Asked::new();
    let given = Answer::read(&answer(2)).unwrap();
    asked.take(&given);
    let before = asked.state.clone();
    assert_eq!(asked.judge(&given), Ok(Collected::Known));
    assert_eq!(asked.state, before);
    // Also when the ceremony is long over.
    let stage = five_apart();
    let transcript = fs::read(stage.dir().join("transcript.jsonl")).unwrap();
    let output = keymoot_at(&["collect"], &[&stage.dir(), &post("1-holder-2.answer")]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("recorded already"),
        "{}",
        said(&output)
    );
    assert_eq!(
        fs::read(stage.dir().join("transcript.jsonl")).unwrap(),
        transcript
    );
}

#[test]
fn a_folder_of_answers_is_taken_in_like_its_files() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let folder = three.stage.path("stick");
    fs::create_dir(&folder).unwrap();
    for holder in ["holder-1", "holder-2"] {
        fs::copy(three.answer(&request, holder), folder.join(holder)).unwrap();
    }
    let output = three.collect(&[&folder]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(three.stage.state().answers.len(), 2);
    let again = three.collect(&[&folder]);
    assert!(again.status.success(), "{}", said(&again));
    assert_eq!(said(&again).matches("is recorded already").count(), 2);
}

#[test]
fn a_folder_without_files_is_no_answer_and_a_finished_ceremony_is_not_to_be_resumed() {
    let stage = Stage::new();
    let (dir, empty) = (stage.dir(), stage.path("empty"));
    copy(&five_apart().dir(), &dir);
    fs::create_dir(&empty).unwrap();
    let output = keymoot_at(&["collect"], &[&dir, &empty]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("holds no file"), "{}", said(&output));
    assert!(!said(&output).contains("resume"), "{}", said(&output));
    let output = keymoot_at(&["collect"], &[&dir, &post("1-holder-2.answer")]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("is finished."), "{}", said(&output));
    assert!(!said(&output).contains("resume"), "{}", said(&output));
}

#[test]
fn what_an_interrupted_request_or_collect_left_is_taken_up() {
    let three = Three::to_sign();
    let twin = three.stage.path("twin");
    copy(&three.stage.dir(), &twin);
    // The file was written, and the program ended before the event.
    let file = three.stage.path("request");
    let write = ["request", "-o", file.to_str().unwrap()];
    assert!(keymoot_at(&write, &[&twin]).status.success());
    let written = fs::read(&file).unwrap();
    let request = three.request("request", &[]);
    assert_eq!(fs::read(&request).unwrap(), written);
    // The files of an answer were kept, and the program ended before the event.
    let answer = three.answer(&request, "holder-2");
    let Says::Turn(turn) = Answer::read(&fs::read(&answer).unwrap()).unwrap().says else {
        panic!()
    };
    for (digest, bytes) in &turn.objects {
        let object = three.stage.dir().join("objects").join(digest.to_string());
        fs::write(object, bytes).unwrap();
    }
    assert!(three.collect(&[&answer]).status.success());
    assert_eq!(three.stage.state().answers.len(), 1);
}

#[test]
fn a_collect_that_is_cut_off_at_any_byte_of_its_event_records_the_answer_once() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let answer = three.answer(&request, "holder-2");
    let transcript = |dir: &PathBuf| fs::read(dir.join("transcript.jsonl")).unwrap();
    let before = transcript(&three.stage.dir());
    let whole = three.stage.path("whole");
    copy(&three.stage.dir(), &whole);
    assert!(
        keymoot_at(&["collect"], &[&whole, &answer])
            .status
            .success()
    );
    let after = transcript(&whole);
    let line = after.len() - before.len();
    assert!(after.starts_with(&before) && line > 1000, "{line} bytes");
    // The files of the answer are kept before its event is written.
    for cut in [0, 1, line / 3, line / 2, line - 2, line - 1] {
        let torn = three.stage.path(&format!("torn-{cut}"));
        copy(&whole, &torn);
        fs::write(torn.join("transcript.jsonl"), &after[..before.len() + cut]).unwrap();
        let output = keymoot_at(&["collect"], &[&torn, &answer]);
        assert!(output.status.success(), "cut {cut}: {}", said(&output));
        let chain = Chain::read(&transcript(&torn)).unwrap();
        let new = chain
            .entries()
            .iter()
            .filter_map(|entry| match entry.event {
                Event::Answered { .. } => Some("answered"),
                Event::Resumed { cut, .. } if cut > 0 => Some("resumed"),
                _ => None,
            });
        let expected: &[_] = match cut {
            0 => &["answered"],
            _ => &["resumed", "answered"],
        };
        assert_eq!(new.collect::<Vec<_>>(), expected, "cut {cut}");
    }
}

#[test]
fn a_collect_that_fails_at_a_file_has_reported_what_it_recorded_before() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let answer = three.answer(&request, "holder-2");
    let output = three.collect(&[&answer, &three.stage.path("missing")]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    // The number of the event in the transcript.
    let seq = three.stage.chain().entries().last().unwrap().seq;
    let reported = format!("holder-2.answer: event {seq}: holder-2 ");
    assert!(said(&output).contains(&reported), "{}", said(&output));
    assert_eq!(three.stage.state().answers.len(), 1);
}

#[test]
fn a_refusal_is_recorded_only_of_the_holder_who_is_said_to_decline() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let (mut command, refusal) = three.declining(&request, "holder-3", "not today");
    assert!(command.output().unwrap().status.success());
    for wrong in ["holder-9", "holder-1"] {
        let said_so = ["--declined", wrong].map(PathBuf::from);
        let output = three.collect(&[&refusal, &said_so[0], &said_so[1]]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        let told = format!(
            "no file is a refusal of {wrong}, as --declined says; there is one of holder-3"
        );
        for told in [told.as_str(), "; nothing was recorded"] {
            assert!(said(&output).contains(told), "{}", said(&output));
        }
    }
    assert!(three.stage.state().declined().is_empty());
    let answer = three.answer(&request, "holder-2");
    let said_so = ["--declined", "holder-9"].map(PathBuf::from);
    let output = three.collect(&[&answer, &said_so[0], &said_so[1]]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = "; the answers above that are not refused are recorded";
    assert!(said(&output).contains(told), "{}", said(&output));
    let said_so = ["--declined", "holder-3"].map(PathBuf::from);
    let output = three.collect(&[&refusal, &said_so[0], &said_so[1]]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(three.stage.state().declined().len(), 1);
}

#[test]
fn a_file_that_is_no_answer_or_request_is_refused_in_words_and_not_by_the_parser() {
    let answer = String::from_utf8(answer(2)).unwrap();
    let wrote = "name the file that `keymoot answer` wrote with -o, or a mail";
    let again = "ask the holder for the file again";
    for (file, what, help) in [
        ("milk\n", "the file is no answer: it is not JSON", wrote),
        (" \n", "the file is no answer: it is empty", wrote),
        (
            &answer[..answer.len() / 2],
            "the file is no answer: it is cut off",
            wrote,
        ),
        (
            "{\"milk\":2}",
            "the file is no answer: it names another format, or none",
            wrote,
        ),
        (
            "{\"format\":\"keymoot-answer-9\"}",
            "the file is no answer: ",
            again,
        ),
    ] {
        let violation = Answer::read(file.as_bytes()).unwrap_err();
        assert!(violation.what.starts_with(what), "{}", violation.what);
        assert!(
            !violation.what.contains("line 1 column 1"),
            "{}",
            violation.what
        );
        assert!(violation.next.starts_with(help), "{}", violation.next);
    }
    let violation = Request::read(b"milk").unwrap_err();
    assert_eq!(violation.what, "the file is no request: it is not JSON");
    let help = "name the file that `keymoot request` wrote with -o";
    assert!(violation.next.starts_with(help), "{}", violation.next);
}

#[test]
fn a_request_among_the_answers_is_called_a_request_and_the_reverse() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let output = three.collect(&[&request]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for told in ["ANSWER-READ", "the file is a request, and not an answer"] {
        assert!(said(&output).contains(told), "{}", said(&output));
    }
    let answer = three.answer(&request, "holder-1");
    let (mut command, _) = three.answering(&answer, "holder-2", &three.stage.dir());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for told in ["REQUEST-READ", "the file is an answer, and not a request"] {
        assert!(said(&output).contains(told), "{}", said(&output));
    }
}
