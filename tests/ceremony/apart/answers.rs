//! Answers: what refuses one, forks, its size, and a holder who is interrupted.

use std::fs;

use keymoot_core::{Outcome, digest::Digest};
use keymoot_record::{
    apart::{Answer, answer::Says, fork::compare},
    transcript::Chain,
};
use testkit::{
    apart::Three,
    lockstep::spawn_held,
    stage::{copy, read_until, said},
};

use super::{Asked, answer, keymoot_at, post, rechained};
use crate::carriers::{compared_otherwise, stated_again};

#[test]
fn an_answer_is_refused_by_the_rule_that_it_violates() {
    let asked = Asked::new();
    let good = Answer::read(&answer(3)).unwrap();
    let changed = |change: &dyn Fn(&mut Answer)| {
        let mut answer = good.clone();
        change(&mut answer);
        asked.refuses(&answer.bytes().unwrap())
    };
    assert_eq!(
        changed(&|answer| answer.ceremony = "0".repeat(32)),
        ["ANSWER-CEREMONY"]
    );
    assert_eq!(
        changed(&|answer| answer.request = Digest::of(b"another")),
        ["ANSWER-HEAD"]
    );
    assert_eq!(
        changed(&|answer| answer.holder = "holder-9".to_owned().try_into().unwrap()),
        ["ANSWER-HOLDER"]
    );
    // Another holder's turn under this holder's name.
    let fourth = Answer::read(&answer(4)).unwrap();
    assert_eq!(
        changed(&|answer| answer.says = fourth.says.clone()),
        ["ANSWER-BRANCH"]
    );
    // The statement of another holder over this holder's turn.
    let Says::Turn(other) = &fourth.says else {
        panic!()
    };
    let swapped = changed(&|answer| {
        if let Says::Turn(turn) = &mut answer.says {
            turn.objects = other.objects.clone();
            turn.statement = other.statement;
        }
    });
    assert_eq!(swapped, ["ANSWER-SIGNED"]);
    // A file too many.
    let more = changed(&|answer| {
        if let Says::Turn(turn) = &mut answer.says {
            turn.objects.insert(Digest::of(b"more"), b"more".to_vec());
        }
    });
    assert_eq!(more, ["ANSWER-BRANCH"]);
}

#[test]
fn an_answer_from_a_machine_that_violates_a_rule_is_refused() {
    let asked = Asked::new();
    let text = String::from_utf8(answer(3)).unwrap();
    let (held, not_asked) = (
        "\"outcome\":\"held\",\"rule\":\"MACHINE-ENTROPY\"",
        "\"outcome\":\"not-asked\",\"rule\":\"MACHINE-ENTROPY\"",
    );
    let violated = "\"next\":\"\",\"outcome\":\"violated\",\"rule\":\"MACHINE-ENTROPY\"";
    assert!(text.contains(held) || text.contains(not_asked), "{text}");
    let changed = rechained(&text.replace(held, violated).replace(not_asked, violated));
    assert_eq!(asked.refuses(&changed), ["ANSWER-MACHINE"]);
}

#[test]
fn a_second_answer_that_differs_is_named_a_fork() {
    let mut asked = Asked::new();
    let first = Answer::read(&answer(3)).unwrap();
    asked.take(&first);
    // An answer from a copy of the holder's folder.
    let second = Answer::read(&stated_again(&compared_otherwise())).unwrap();
    let Err(verdicts) = asked.judge(&second) else {
        panic!("taken")
    };
    assert_eq!(verdicts[0].rule.to_string(), "ANSWER-FORK");
    assert!(verdicts[0].detail.contains("holder-3"), "{verdicts:?}");
    // What is recorded counts, and the advice says so.
    let seq = asked.chain.entries().last().unwrap().seq;
    let counts = format!("the first answer is recorded in event {seq}, and counts");
    assert!(verdicts[0].detail.contains(&counts), "{verdicts:?}");
    assert!(verdicts[0].next.contains("a new key"), "{verdicts:?}");
}

#[test]
fn the_text_of_a_refusal_does_not_run_into_the_advice() {
    let asked = Asked::new();
    let good = Answer::read(&answer(3)).unwrap();
    let says = Says::Declines {
        declined: "no\" help: call me".to_owned(),
    };
    let refusal = Answer::new(good.ceremony, good.holder, good.request, says);
    let verdicts = asked.judge(&refusal).unwrap_err();
    let detail = "nobody signed that holder-3 declines: the file says \"no' help: call me\"";
    assert_eq!(verdicts[0].detail, detail);
}

#[test]
fn an_answer_with_three_signatures_fits_a_mail() {
    let text = fs::read_to_string(post("1-holder-1.answer.txt")).unwrap();
    let encoded: usize = text.lines().skip(3).map(str::len).sum();
    let compressed = encoded / 4 * 3;
    assert!(compressed <= 5632, "{compressed} bytes");
    assert!(text.lines().all(|line| line.len() <= 76));
}

#[test]
fn an_answer_to_another_request_of_the_same_ceremony_is_refused() {
    let three = Three::to_sign();
    let twin = three.stage.path("twin");
    copy(&three.stage.dir(), &twin);
    let shown = three.stage.path("shown");
    let other = [
        "request",
        "--until",
        "2030-01-01",
        "-o",
        shown.to_str().unwrap(),
    ];
    assert!(keymoot_at(&other, &[&twin]).status.success());
    let recorded = three.request("request", &[]);
    let answer = three.answer(&shown, "holder-1");
    let honest = three.answer(&recorded, "holder-2");
    let output = three.collect(&[&answer, &honest]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("ANSWER-HEAD"), "{}", said(&output));
    assert_eq!(three.stage.state().answers.len(), 1);
}

#[test]
fn a_holder_killed_at_each_event_resumes_and_answers() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let base = three.stage.chain().entries().len() as u64 - 1;
    let folder = three.stage.path("holder-3.answer.turn");
    let transcript = || fs::read_to_string(folder.join("transcript.jsonl")).unwrap();
    let count = |text: &str, kind: &str| text.matches(&format!("\"kind\":\"{kind}\"")).count();
    three.answer(&request, "holder-3");
    let whole = Chain::read(transcript().as_bytes()).unwrap();
    let last = whole.entries().last().unwrap().seq;
    assert!(last - base > 10, "{base} to {last}");
    for event in base..=last {
        three.forget("holder-3");
        let (mut command, out) = three.answering(&request, "holder-3", &three.stage.dir());
        let mut child = spawn_held(&mut command);
        read_until(&mut child, event);
        child.kill().unwrap();
        child.wait().unwrap();
        let was_signed = count(&transcript(), "answer-signed") == 1;
        three.answer(&request, "holder-3");
        let text = fs::read_to_string(&out).unwrap();
        assert_eq!(count(&text, "signed"), 3, "event {event}");
        // What was announced and is not recorded is announced once more.
        let announced = count(&text, "sign-announced");
        assert!(
            announced == 3 || announced == 4,
            "event {event}: {announced}"
        );
        assert!(was_signed || count(&text, "resumed") == 1, "event {event}");
        assert_eq!(count(&transcript(), "answer-signed"), 1, "event {event}");
    }
    let answer = three.stage.path("holder-3.answer");
    assert!(three.collect(&[&answer]).status.success());
}

#[test]
fn two_requests_of_one_ceremony_are_seen_in_their_answers() {
    let mut answers = [1, 2].map(|holder| Answer::read(&answer(holder)).unwrap());
    let verdict = |answers: &[Answer; 2]| compare(("one", &answers[0]), ("other", &answers[1]));
    assert_eq!(verdict(&answers).outcome, Outcome::Held);
    answers[1].request = Digest::of(b"another request");
    let contradiction = verdict(&answers);
    assert!(contradiction.is_violated());
    assert!(
        contradiction.detail.contains("two requests at one point"),
        "{contradiction:?}"
    );
    let closing = fs::read(post("2-holder-2.answer")).unwrap();
    answers[1] = Answer::read(&closing).unwrap();
    assert_eq!(verdict(&answers).outcome, Outcome::Held);
}
