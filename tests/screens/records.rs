//! Records that people type: a PIN among them, and those after the seal.

use super::{
    late::way_on,
    rehearsal::{PLUG, Rehearsal, transcript, unattended_pin},
    states::{
        BLINKS, CALL, CALL_TO_CLOSE, IDENTIFY, INSERT, NEW_PIN, NEW_PIN_AGAIN, TROUBLE, TYPE_PIN,
    },
};
use keymoot_attestation::TrustStore;
use keymoot_record::{
    bundle::{self, AFTER_THE_SEAL, Bundle, Expectations},
    transcript::{Chain, Event},
};
use testkit::terminal::Terminal;

#[test]
fn an_exception_and_a_device_error_after_the_seal_are_in_the_bundle() {
    let rehearsal = Rehearsal::until("closing", &[]);
    let mut at = rehearsal.resume();
    at.expect(CALL_TO_CLOSE.following(&["manifest-made", "resumed"]));
    way_on(&mut at, "record an exception")
        .expect("What was expected")
        .enter("a quiet room")
        .enter("the fire alarm")
        .enter("it is a test")
        .expect("Type record and press Enter")
        .enter("record");
    at.expect(CALL_TO_CLOSE.following(&["exception"]))
        .enter("1")
        .expect(INSERT)
        .by_hand(PLUG);
    at.expect(TYPE_PIN).enter(&unattended_pin(1));
    at.expect(BLINKS).by_hand(PLUG);
    at.expect(TROUBLE.with("was unplugged while signing"));
    drop(at);
    rehearsal.goes_on_by_itself();
    let out = rehearsal.dir().join("bundle");
    let bundle = keymoot_verify::read(&out).unwrap();
    let after = Chain::read(&bundle.files()["transcript.jsonl"]).unwrap();
    let sealed = after.entries().len();
    let whole = [
        bundle.files()["transcript.jsonl"].as_slice(),
        &bundle.files()[AFTER_THE_SEAL],
    ];
    let chain = Chain::read(&whole.concat()).unwrap();
    let after: Vec<_> = chain.entries()[sealed..]
        .iter()
        .map(|e| e.sentence())
        .collect();
    let exception =
        "exception: expected a quiet room; happened the fire alarm; decided it is a test";
    assert!(after.contains(&exception.to_owned()), "{after:?}");
    let error = after.iter().find(|said| said.starts_with("device error"));
    let error = error.unwrap();
    assert!(error.contains("holder-1"), "{error}");
    let output = testkit::programs::keymoot()
        .args(["verify", "--rehearsal"])
        .arg(&out)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    let said: Vec<_> = said.split_whitespace().collect();
    let said = said.join(" ");
    // A verdict quotes what people wrote.
    let quoted = "exception: expected \"a quiet room\"; happened \"the fire alarm\"; decided \"it is a test\"";
    assert!(said.contains(quoted), "{said}");
    let error = error.split_once(": ").unwrap().1;
    assert!(said.contains(&format!("turn: \"{error}\"")), "{said}");
}

fn note(at: &mut Terminal, text: &str) {
    way_on(at, "record a note")
        .expect("The note, then Enter")
        .enter(text)
        .expect("Type record and press Enter")
        .enter("record");
}

#[test]
fn a_pin_that_was_typed_as_a_note_is_refused_as_a_pin() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = rehearsal.resume();
    if at.expect_any([CALL, INSERT]) == 1 {
        at.press("\u{1b}").expect("Options").press("3");
        at.expect("Why the turn ends").enter("again").enter("end");
        at.expect(CALL);
    }
    note(&mut at, "482913");
    at.expect(CALL.following(&["note"]))
        .enter("1")
        .expect(INSERT);
    at.by_hand(PLUG).expect(IDENTIFY).enter("8521");
    at.expect(NEW_PIN)
        .enter("482913")
        .expect(NEW_PIN_AGAIN)
        .enter("482913");
    at.expect("public transcript has this");
}

#[test]
fn a_pin_that_was_typed_as_a_note_is_refused_when_a_blocked_pin_is_replaced() {
    let rehearsal = Rehearsal::until("signing", &[]);
    let mut at = rehearsal.resume();
    if at.expect_any([CALL, INSERT]) == 0 {
        at.enter("1").expect(INSERT);
    }
    note(&mut at, "482913");
    at.expect(INSERT.following(&["note"])).by_hand(PLUG);
    at.expect(TYPE_PIN).enter("999999");
    for tries in ["2 tries left", "1 try left"] {
        at.expect(TROUBLE.with(tries)).enter("999999");
    }
    at.expect(TROUBLE.with("is blocked")).enter("unblock");
    // No PUK is tried before the PIN is chosen.
    at.expect("Type the PUK of your device").enter("73916500");
    at.expect("New PIN, first time").enter("482913");
    at.expect("New PIN, second time").enter("482913");
    at.expect("public transcript has this");
}

#[test]
fn a_note_after_the_seal_is_in_the_bundle_and_marked_as_unsigned() {
    let rehearsal = Rehearsal::until("closing", &[]);
    let out = rehearsal.dir().join("bundle");
    let mut at = rehearsal.resume();
    at.expect(CALL_TO_CLOSE.following(&["manifest-made", "resumed"]));
    note(&mut at, "the lamp fell over");
    at.expect(CALL_TO_CLOSE.following(&["note"]));
    drop(at);
    let chain = transcript(&rehearsal.dir());
    assert!(matches!(
        chain.entries().last().map(|entry| &entry.event),
        Some(Event::Note { .. })
    ));
    rehearsal.goes_on_by_itself();
    let bundle = keymoot_verify::read(&out).unwrap();
    let after = String::from_utf8(bundle.files()[AFTER_THE_SEAL].clone()).unwrap();
    assert!(after.contains("the lamp fell over"), "{after}");
    let expected = Expectations {
        rehearsal: true,
        ..Expectations::default()
    };
    let said = |bundle: &Bundle| {
        let verdicts = bundle::verify(bundle, &expected, &TrustStore::vendor().unwrap());
        let violated: Vec<_> = verdicts
            .iter()
            .filter(|v| v.is_violated())
            .cloned()
            .collect();
        let after = verdicts.into_iter().find(|v| v.rule.id() == "BUNDLE-AFTER");
        (violated, after.unwrap().detail)
    };
    let (violated, detail) = said(&bundle);
    assert!(violated.is_empty(), "{violated:?}");
    assert!(
        detail.contains("are not signed: note: \"the lamp fell over\""),
        "{detail}"
    );

    // A line that was altered breaks the chain, and nothing else.
    let mut files = bundle.files().clone();
    let forged = after.replace("the lamp fell over", "the lamp fell down");
    files.insert(AFTER_THE_SEAL.to_owned(), forged.into_bytes());
    let (violated, _) = said(&Bundle::of(files));
    let rules: Vec<_> = violated.iter().map(|v| v.rule.id()).collect();
    assert_eq!(rules, ["BUNDLE-AFTER"]);

    let output = testkit::programs::keymoot()
        .args(["verify", "--rehearsal"])
        .arg(&out)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("Closed by: "), "{said}");
    assert!(said.contains("holder-1"), "{said}");
    assert!(said.contains(" after the seal "), "{said}");
}
