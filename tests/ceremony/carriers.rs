//! What threatens holders apart: carriers that withhold and repeat, a stolen device, a machine that
//! lies, an administrator who asks twice.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keymoot_core::digest::Digest;
use keymoot_record::apart::{Answer, Collected};
use keymoot_tuf::dsse::Envelope;
use serde_json::{Value, json};
use testkit::{
    apart::Three,
    holders::Holders,
    stage::{copy, keymoot, said},
};

use crate::apart::{Asked, answer, five_apart, post, rechained};

fn asks(three: &Three, more: &[&str]) -> Output {
    let mut request = keymoot();
    request.arg("request").arg(three.stage.dir()).arg("-o");
    let request = request.arg(three.stage.path("again")).args(more);
    request.output().unwrap()
}

#[test]
fn an_answer_that_was_withheld_past_its_day_is_recorded_as_late() {
    let three = Three::to_sign();
    let request = three.request("request", &["--until", "2099-12-24"]);
    let withheld = three.answer(&request, "holder-1");
    // The request is the last line of the transcript: the day passes.
    let transcript = three.stage.dir().join("transcript.jsonl");
    let asked = fs::read_to_string(&transcript).unwrap();
    let past = asked.replace("2099-12-24T", "2020-01-01T");
    assert_ne!(asked, past);
    fs::write(&transcript, past).unwrap();
    let output = three.collect(&[&withheld]);
    assert!(output.status.success(), "{}", said(&output));
    let told = "holder-1 answered apart, late";
    assert!(said(&output).contains(told), "{}", said(&output));
    let awaited = "Still awaited: holder-2, holder-3.";
    assert!(said(&output).contains(awaited), "{}", said(&output));
    assert!(three.stage.state().answers[0].late);
}

#[test]
fn a_request_due_in_the_past_is_refused() {
    let three = Three::to_sign();
    let output = asks(&three, &["--until", "2020-01-01"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = "answers cannot be due on 2020-01-01";
    assert!(said(&output).contains(told), "{}", said(&output));
    assert!(!three.stage.path("again").exists());
}

#[test]
fn a_request_names_the_whole_command_that_answers_it() {
    let three = Three::to_sign();
    let output = asks(&three, &[]);
    let said = said(&output);
    let command = "keymoot answer again --out ANSWER --as HANDLE --trusted-root ROOT --expect rehearsal-small --rehearsal --devices ";
    assert!(said.contains(command), "{said}");
    let devices = three.stage.dir();
    assert!(
        said.ends_with(&format!("{}\n", devices.display())),
        "{said}"
    );
}

#[test]
fn an_answer_of_an_earlier_round_is_no_answer_to_a_later_request() {
    let asked = Asked::new();
    let text = String::from_utf8(answer(3)).unwrap();
    let later = Digest::of(&fs::read(post("2.request")).unwrap());
    let earlier = Digest::of(&fs::read(post("1.request")).unwrap());
    assert_ne!(earlier, later);
    let replayed = text.replace(&earlier.to_string(), &later.to_string());
    assert_eq!(asked.refuses(&rechained(&replayed)), ["ANSWER-HEAD"]);
}

#[test]
fn who_is_no_holder_of_the_step_is_not_asked() {
    let three = Three::to_sign();
    three.request("request", &["--to", "holder-1"]);
    let output = asks(&three, &["--to", "holder-9"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = "holder-9 cannot be asked apart; this step can ask holder-2, holder-3";
    assert!(said(&output).contains(told), "{}", said(&output));
    assert!(!three.stage.path("again").exists());
}

#[test]
fn two_answers_show_two_requests_without_the_ceremony() {
    let three = Three::to_sign();
    let twin = three.stage.path("twin");
    copy(&three.stage.dir(), &twin);
    let one = three.request("request", &["--until", "2099-12-24"]);
    let shown = three.stage.path("shown");
    let mut other = keymoot();
    other.arg("request").arg(&twin).arg("-o").arg(&shown);
    assert!(other.output().unwrap().status.success());
    let answers = [
        three.answer(&one, "holder-1"),
        three.answer(&shown, "holder-2"),
    ];
    let mut compare = Command::new(testkit::programs::verifier());
    let output = compare.arg("answer").args(answers).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for shown in [
        "ANSWER-FORK",
        "holder-1",
        "holder-2",
        "two requests at one point",
    ] {
        assert!(said(&output).contains(shown), "{}", said(&output));
    }
}

#[test]
fn a_ceremony_from_an_older_root_than_the_trusted_one_is_refused_at_once() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("answer");
    let newer = five_apart().out();
    let newer = newer.join("repositories/tuf-root/metadata/root.json");
    let mut command = keymoot();
    command
        .arg("answer")
        .arg(post("1.request"))
        .arg("-o")
        .arg(&file);
    command.args([
        "--as",
        "holder-1",
        "--rehearsal",
        "--expect",
        "rehearsal-small",
    ]);
    let output = command.arg("--trusted-root").arg(newer).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for shown in ["BUNDLE-TRUSTED", "the trusted root is version 2"] {
        assert!(said(&output).contains(shown), "{}", said(&output));
    }
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn a_stolen_device_without_its_pin_gives_no_answer() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    // Each VERIFY is answered as after a wrong PIN.
    let settings = three.stage.dir().join("settings.json");
    let text = fs::read_to_string(&settings).unwrap();
    let mut guessing: Value = serde_json::from_str(&text).unwrap();
    let wrong = (1..=20).map(|n| format!("error@0x20#{n}=63C2"));
    guessing["simulator"]["fault"] = json!(wrong.collect::<Vec<_>>().join(","));
    fs::write(&settings, guessing.to_string()).unwrap();
    let (mut command, out) = three.answering(&request, "holder-1", &three.stage.dir());
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("PIN"), "{}", said(&output));
    assert!(!out.exists(), "{}", said(&output));
    let turn = fs::read_to_string(three.stage.path("holder-1.answer.turn/transcript.jsonl"));
    assert!(!turn.unwrap().contains("\"kind\":\"signed\""));
}

#[test]
fn an_answer_whose_machine_had_another_document_signed_is_refused() {
    let asked = Asked::new();
    let text = String::from_utf8(answer(3)).unwrap();
    let honest = stated_again(&text);
    assert_eq!(asked.refuses(&honest), [""; 0]);
    let mut lying: Value = serde_json::from_str(&text).unwrap();
    let (holders, spki) = keys(&lying);
    let branch = lying["branch"].as_array_mut().unwrap();
    let signed = branch
        .iter_mut()
        .find(|entry| entry["event"]["kind"] == "signed");
    let signature = hex::encode(holders.sign(&spki, b"another document"));
    signed.unwrap()["event"]["signature"] = json!(signature);
    let refused = asked.refuses(&stated_again(&lying.to_string()));
    assert_eq!(refused, ["SIGNATURE-TWICE"]);
}

/// The private keys of all holders, and the key that signed the statement of an answer.
fn keys(answer: &Value) -> (Holders, Vec<u8>) {
    let holders = Holders::of(&five_apart().dir().join("rehearsal/devices.json"));
    let spki = payload(answer)["spki"].as_str().unwrap().to_owned();
    (holders, hex::decode(spki).unwrap())
}

fn payload(answer: &Value) -> Value {
    serde_json::from_slice(&envelope(answer).payload).unwrap()
}

fn envelope(answer: &Value) -> Envelope {
    let digest = answer["statement"].as_str().unwrap();
    let object = answer["objects"][digest].as_str().unwrap();
    let object = STANDARD.decode(object).unwrap();
    Envelope::parse(&object, object.len()).unwrap()
}

/// The answer with its branch chained again, and the statement over it signed again by the holder's
/// device.
pub(crate) fn stated_again(text: &str) -> Vec<u8> {
    let mut answer: Value = serde_json::from_slice(&rechained(text)).unwrap();
    let (holders, spki) = keys(&answer);
    let (mut payload, mut envelope) = (payload(&answer), envelope(&answer));
    let branch = answer["branch"].as_array().unwrap();
    let last = branch.last().unwrap();
    payload["branch"] = json!(Digest::of(last.to_string().as_bytes()).to_string());
    let mut events = branch.iter().map(|entry| &entry["event"]);
    let read = events.find(|event| event["kind"] == "request-read");
    payload["compared"] = read.unwrap()["compared"].clone();
    envelope.payload = payload.to_string().into_bytes();
    envelope.signatures[0].sig = holders.sign(&spki, &envelope.signed_bytes());
    with_statement(&mut answer, &envelope)
}

/// The answer with another statement over it.
fn with_statement(answer: &mut Value, envelope: &Envelope) -> Vec<u8> {
    let envelope = envelope.to_json().into_bytes();
    let digest = Digest::of(&envelope).to_string();
    let old = answer["statement"].as_str().unwrap().to_owned();
    let objects = answer["objects"].as_object_mut().unwrap();
    objects.remove(&old);
    objects.insert(digest.clone(), json!(STANDARD.encode(&envelope)));
    answer["statement"] = json!(digest);
    let text = answer.to_string();
    let json = keymoot_core::json::parse(text.as_bytes(), text.len()).unwrap();
    keymoot_core::json::canonical(&json)
}

/// The third holder's answer, with another channel over which the words were compared.
pub(crate) fn compared_otherwise() -> String {
    let mut other: Value = serde_json::from_slice(&answer(3)).unwrap();
    for entry in other["branch"].as_array_mut().unwrap() {
        if entry["event"]["kind"] == "request-read" {
            entry["event"]["compared"] = json!("pigeons");
        }
    }
    other.to_string()
}

#[test]
fn a_carrier_who_changes_what_no_key_signed_makes_no_second_answer() {
    let mut answer: Value = serde_json::from_slice(&answer(3)).unwrap();
    let honest = envelope(&answer);
    for keyid in ["somebody", &"0".repeat(64)] {
        let mut changed = honest.clone();
        changed.signatures[0].keyid = keyid.to_owned();
        let changed = with_statement(&mut answer, &changed);
        assert_eq!(Asked::new().refuses(&changed), ["ANSWER-SIGNED"], "{keyid}");
    }
    let mut changed = honest.clone();
    changed.signatures[0].keyid = String::new();
    let changed = Answer::read(&with_statement(&mut answer, &changed)).unwrap();
    let honest = Answer::read(&with_statement(&mut answer, &honest)).unwrap();
    for [first, second] in [[&changed, &honest], [&honest, &changed]] {
        let mut asked = Asked::new();
        asked.take(first);
        assert_eq!(asked.judge(second), Ok(Collected::Known));
    }
}

#[test]
fn a_second_answer_that_the_holder_did_not_sign_accuses_nobody() {
    let mut asked = Asked::new();
    asked.take(&Answer::read(&answer(3)).unwrap());
    // Only the holder's key makes a fork of it.
    let forged = rechained(&compared_otherwise());
    assert_eq!(asked.refuses(&forged), ["ANSWER-SIGNED"]);
    let signed = stated_again(&compared_otherwise());
    assert_eq!(asked.refuses(&signed), ["ANSWER-FORK"]);
}

/// A file that says that a holder declines.
fn refusal(three: &Three, request: &Path, holder: &str) -> PathBuf {
    let (mut command, file) = three.declining(request, holder, "no time");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    file
}

#[test]
fn a_refusal_that_nobody_signed_loses_no_answer() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let refusal = refusal(&three, &request, "holder-1");
    let honest = three.answer(&request, "holder-1");
    let output = three.collect(&[&refusal, &honest]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for shown in [
        "ANSWER-SIGNED: nobody signed that holder-1 declines: the file says \"no time\"",
        "--declined holder-1",
        "holder-1 answered apart",
    ] {
        assert!(said(&output).contains(shown), "{shown}: {}", said(&output));
    }
    assert_eq!(three.stage.state().answers.len(), 1);
    // A refusal after an answer accuses nobody either.
    let output = three.collect(&[&refusal]);
    assert!(!said(&output).contains("ANSWER-FORK"), "{}", said(&output));
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
}

#[test]
fn a_refusal_of_a_request_that_is_answered_already_is_told_so() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let refusal = refusal(&three, &request, "holder-1");
    let honest = three.answer(&request, "holder-1");
    assert!(three.collect(&[&honest]).status.success());
    let called = ["--declined", "holder-1"].map(PathBuf::from);
    let output = three.collect(&[&refusal, &called[0], &called[1]]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let sent = Digest::of(&fs::read(&request).unwrap()).short_words();
    let told = format!("the refusal of holder-1 is to request {sent}, which holder-1 has answered");
    assert!(said(&output).contains(&told), "{}", said(&output));
    let advised = "--declined holder-1";
    assert!(!said(&output).contains(advised), "{}", said(&output));
}

#[test]
fn the_verifier_calls_no_fork_what_no_key_signed() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let honest = three.answer(&request, "holder-1");
    let refusal = refusal(&three, &request, "holder-1");
    let mut answer: Value = serde_json::from_slice(&fs::read(&honest).unwrap()).unwrap();
    let mut unnamed = envelope(&answer);
    unnamed.signatures[0].keyid = String::new();
    let renamed = three.stage.path("renamed");
    fs::write(&renamed, with_statement(&mut answer, &unnamed)).unwrap();
    for beside in [&refusal, &renamed] {
        let mut compare = Command::new(testkit::programs::verifier());
        let output = compare.arg("answer").args([&honest, beside]);
        let output = output.output().unwrap();
        let forked = "answers one request in two ways";
        assert!(!said(&output).contains(forked), "{}", said(&output));
    }
}

#[test]
fn what_a_stranger_writes_beside_an_answer_loses_no_answer() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let honest = three.answer(&request, "holder-1");
    let text = fs::read_to_string(honest.with_extension("answer.txt")).unwrap();
    let begin = text.lines().next().unwrap();
    let thread = three.stage.path("thread");
    // A block that begins and never ends, one with other content, and a byte that is no UTF-8.
    let strangers = format!(
        "{begin}\nhello\n{}\n",
        text.replacen("SHA-256: ", "SHA-256: 0", 1)
    );
    fs::write(
        &thread,
        [strangers.as_bytes(), b"\xe9t\xe9\n", text.as_bytes()].concat(),
    )
    .unwrap();
    let mut check = Command::new(testkit::programs::verifier());
    check
        .arg("answer")
        .arg(&thread)
        .arg("--request")
        .arg(&request);
    check.args(["--rehearsal", "--expect", "rehearsal-small"]);
    let checked = check.output().unwrap();
    assert_eq!(checked.status.code(), Some(3), "{}", said(&checked));
    let verified = "thread: holder-1 answers request";
    assert!(said(&checked).contains(verified), "{}", said(&checked));
    let output = three.collect(&[&thread]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert_eq!(
        said(&output).matches("REFUSED").count(),
        2,
        "{}",
        said(&output)
    );
    assert_eq!(three.stage.state().answers.len(), 1);
}

#[test]
fn the_verifier_calls_nothing_verified_that_nobody_signed() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let honest = three.answer(&request, "holder-1");
    let verifier = |more: &[&Path]| {
        let mut check = Command::new(testkit::programs::verifier());
        check.arg("answer").args(more);
        check.args(["--rehearsal", "--expect", "rehearsal-small"]);
        check.output().unwrap()
    };
    let output = verifier(&[&honest]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!said(&output).contains("VERIFIED"), "{}", said(&output));
    assert!(said(&output).contains("NOT CHECKED"), "{}", said(&output));
    let refusal = refusal(&three, &request, "holder-2");
    let output = verifier(&[&refusal, Path::new("--request"), &request]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(!said(&output).contains("VERIFIED:"), "{}", said(&output));
    assert!(said(&output).contains("nobody signed"), "{}", said(&output));
}

#[test]
fn a_carrier_who_enrols_in_a_newcomers_name_is_seen_when_the_newcomer_answers() {
    let three = Three::to_enrol();
    let request = three.request("request", &[]);
    let theirs = three.stage.path("theirs");
    copy(&three.stage.dir(), &theirs);
    let (mut command, forged) = three.answering(&request, "holder-4", &theirs);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let posted = three.stage.path("posted");
    fs::copy(&forged, &posted).unwrap();
    three.forget("holder-4");
    let output = three.collect(&[&posted]);
    assert!(output.status.success(), "{}", said(&output));
    let shown = "call holder-4, and compare it with the number on the case";
    assert!(said(&output).contains(shown), "{}", said(&output));
    let honest = three.answer(&request, "holder-4");
    let output = three.collect(&[&honest]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("ANSWER-FORK"), "{}", said(&output));
}
