//! A holder at home signs a request once: `keymoot answer` refuses what would lead to a second
//! answer before it uses the device.

use std::{fs, path::Path, process::Output};

use testkit::{apart::Three, stage::said};

/// How many documents the device has signed in the turn in this folder.
fn signed(turn: &Path) -> usize {
    let text = fs::read_to_string(turn.join("transcript.jsonl")).unwrap();
    text.matches("\"kind\":\"signed\"").count()
}

/// The third holder answers into this file, with these options.
fn answers(three: &Three, request: &Path, name: &str, more: &[&str]) -> Output {
    let out = three.stage.path(name);
    let mut command = three.answering_to(request, "holder-3", &three.stage.dir(), &out);
    command.args(more).output().unwrap()
}

fn is_refused(output: &Output, shown: &[&str]) {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    for shown in shown {
        assert!(said(output).contains(shown), "{shown}\n{}", said(output));
    }
}

#[test]
fn a_file_in_the_way_of_an_answer_is_reported_before_the_device_signs() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    for name in ["holder-3.answer", "holder-3.answer.txt"] {
        let path = three.stage.path(name);
        fs::write(&path, "something of mine").unwrap();
        let output = answers(&three, &request, "holder-3.answer", &[]);
        is_refused(
            &output,
            &["there is something else at", "nothing is signed yet"],
        );
        assert!(!three.stage.path("holder-3.answer.turn").exists());
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_holder_who_declined_answers_into_another_file() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let (mut declines, refusal) = three.declining(&request, "holder-3", "not today");
    assert!(declines.output().unwrap().status.success());
    let output = answers(&three, &request, "refusal", &[]);
    let told = "is the refusal of holder-3 to this request";
    is_refused(&output, &[told, "with -o OTHER; if the refusal was sent"]);
    assert!(!three.stage.path("refusal.turn").exists());
    let output = answers(&three, &request, "holder-3.answer", &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(refusal.exists());
}

#[test]
fn a_finished_turn_writes_its_answer_to_another_file_and_signs_nothing_again() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let answer = three.answer(&request, "holder-3");
    let first = fs::read(&answer).unwrap();
    let turn = three.stage.path("holder-3.answer.turn");
    assert_eq!(signed(&turn), 3);
    // The same command again finds its own files.
    three.answer(&request, "holder-3");
    fs::write(&answer, "something of mine").unwrap();
    let output = answers(&three, &request, "holder-3.answer", &[]);
    let advised = format!("-o OTHER --dir {}", turn.display());
    is_refused(&output, &["there is something else at", &advised]);
    let named = ["--dir", turn.to_str().unwrap()];
    let output = answers(&three, &request, "other.answer", &named);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::read(three.stage.path("other.answer")).unwrap(), first);
    assert_eq!(signed(&turn), 3);
}

#[test]
fn a_second_turn_for_one_request_is_refused_beside_the_first() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    three.answer(&request, "holder-3");
    let turn = three.stage.path("holder-3.answer.turn");
    let new = three.stage.path("new");
    let named: [&[&str]; 2] = [&[], &["--dir", new.to_str().unwrap()]];
    for more in named {
        let output = answers(&three, &request, "other.answer", more);
        let advised = format!("the same command with --dir {}", turn.display());
        is_refused(
            &output,
            &["holder-3 has begun to answer this request", &advised],
        );
    }
    for new in ["other.answer", "other.answer.turn", "new"] {
        assert!(!three.stage.path(new).exists(), "{new}");
    }
    // Another holder may keep a turn beside it.
    three.answer(&request, "holder-1");
}
