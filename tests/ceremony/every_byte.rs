//! One changed byte in what people carry to and from a holder apart.
//!
//! The suite changes some bytes of a request. `make every-byte` changes every one.

use std::{collections::BTreeMap, env, fs, thread};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keymoot_attestation::TrustStore;
use keymoot_core::{Rule, Verdict, digest::Digest};
use keymoot_record::{
    apart::{self, Answer, Request, armour},
    ceremony::question::reading_words,
};
use testkit::{apart::Three, stage::small};

use crate::apart::{Asked, answer, post};

/// Set by `make every-byte`.
const EVERY_BYTE: &str = "KEYMOOT_EVERY_BYTE";

/// The distance between the bytes that the suite changes in a request.
const SAMPLE: usize = 997;

/// How many changes each rule refused, by the first rule; those that change nothing under "".
type Counts = BTreeMap<String, usize>;

fn is_whole() -> bool {
    env::var_os(EVERY_BYTE).is_some()
}

/// Changes the bytes at these places to other values, on two threads. `refused` names the rules
/// that refuse a changed file; it names none where the change changes nothing, and panics where a
/// change is wrongly accepted.
fn counted(
    good: &[u8],
    places: &[usize],
    values: impl Fn(u8) -> Vec<u8> + Sync,
    refused: impl Fn(usize, &[u8]) -> Vec<String> + Sync,
) -> Counts {
    let half = |first: usize| {
        let mut counts = Counts::new();
        let mut changed = good.to_vec();
        for at in places.iter().skip(first).step_by(2).copied() {
            for value in values(good[at]) {
                changed[at] = value;
                let rules = refused(at, &changed);
                let known = |id: &String| Rule::ALL.iter().any(|rule| rule.id() == id);
                assert!(rules.iter().all(known), "{rules:?}");
                let rule = rules.into_iter().next().unwrap_or_default();
                *counts.entry(rule).or_default() += 1;
            }
            changed[at] = good[at];
        }
        counts
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        let mut counts = half(0);
        for (rule, count) in other.join().unwrap() {
            *counts.entry(rule).or_default() += count;
        }
        counts
    })
}

/// All values but this one.
fn others(of: u8) -> Vec<u8> {
    (0..=u8::MAX).filter(|value| *value != of).collect()
}

fn reported(what: &str, length: usize, counts: &Counts) {
    let tried: usize = counts.values().sum();
    let nothing = counts.get("").copied().unwrap_or_default();
    println!(
        "{what}: {length} bytes, {tried} changes tried, {} refused, {nothing} change nothing: {counts:?}",
        tried - nothing
    );
}

#[test]
fn each_changed_byte_of_a_request_is_refused_by_a_rule_at_home_or_at_the_table() {
    let three = Three::to_sign();
    let request = three.request("request", &["--until", "2099-12-24"]);
    let good = fs::read(&request).unwrap();
    let answered = fs::read(three.answer(&request, "holder-1")).unwrap();
    let answered = Answer::read(&answered).unwrap();
    let words = reading_words(&Digest::of(&good));
    let asked = Asked::of(&three.stage);
    assert_eq!(asked.refuses(&answered.bytes().unwrap()), [""; 0]);
    let vendor = TrustStore::vendor().unwrap();
    let from = good.windows(8).position(|w| w == br#""until":"#).unwrap();
    let until = from..from + good[from..].iter().position(|byte| *byte == b'}').unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    let files = Request::read(&good).unwrap().files;
    let vendor_files = files
        .iter()
        .filter(|(path, _)| path.starts_with("rehearsal/vendor/"));
    let vendor_files = vendor_files.map(|(_, content)| {
        let encoded = STANDARD.encode(content);
        let from = text.find(&encoded).unwrap();
        from..from + encoded.len()
    });
    let unbound: Vec<_> = vendor_files.chain([until.clone()]).collect();
    let opened = |bytes: &[u8]| -> Vec<String> {
        let (_, verdicts) = apart::open(bytes, &small(), &vendor);
        let violated = verdicts.into_iter().filter(Verdict::is_violated);
        violated.map(|verdict| verdict.rule.to_string()).collect()
    };
    assert_eq!(opened(&good), [""; 0]);
    let refused = |at: usize, changed: &[u8]| {
        let rules = opened(changed);
        if !rules.is_empty() {
            return rules;
        }
        // Another day, and other space or comments in the files of a rehearsal's vendor, are
        // another request. Its words are others, and the ceremony, which did not make it, takes
        // no answer to it.
        assert!(unbound.iter().any(|range| range.contains(&at)), "byte {at}");
        let mut other = answered.clone();
        other.request = Digest::of(changed);
        assert_ne!(reading_words(&other.request), words, "byte {at}");
        let refused = asked.refuses(&other.bytes().unwrap());
        assert_eq!(refused, ["ANSWER-HEAD"], "byte {at}");
        refused
    };
    let step = if is_whole() { 1 } else { SAMPLE };
    let mut places: Vec<_> = (0..good.len()).step_by(step).collect();
    if !is_whole() {
        places.extend(until.clone());
    }
    let values = |of| match is_whole() {
        true => vec![of ^ 1],
        false => [1, 0x20, 0x80].map(|bit| of ^ bit).to_vec(),
    };
    let counts = counted(&good, &places, values, refused);
    reported("a request to three holders", places.len(), &counts);
    for rule in ["REQUEST-READ", "TRANSCRIPT-CHAIN", "ANSWER-HEAD"] {
        assert!(counts.contains_key(rule), "{counts:?}");
    }
    let mut other = Request::read(&good).unwrap();
    other.asks.to.reverse();
    assert_eq!(opened(&other.bytes().unwrap())[0], "REQUEST-ASKED");
}

#[test]
fn each_changed_byte_of_an_answer_is_refused_by_a_rule() {
    let asked = Asked::new();
    let good = answer(3);
    assert_eq!(asked.refuses(&good), [""; 0]);
    let places: Vec<_> = (0..good.len()).collect();
    let values = |of| if is_whole() { others(of) } else { vec![of ^ 1] };
    let counts = counted(&good, &places, values, |at, changed| {
        let rules = asked.refuses(changed);
        assert_ne!(rules, [""; 0], "byte {at}");
        rules
    });
    reported("an answer as a file", good.len(), &counts);
    assert!(counts.contains_key("ANSWER-READ"), "{counts:?}");
}

/// Five bytes of the text form carry nothing, and each ends a line. After the last line any character
/// may follow. The other four end the first line, the digest, the empty line and the base64: a
/// space, a tab, a carriage return or `>` there is space around a line.
#[test]
fn each_changed_byte_of_the_text_form_is_refused_by_a_rule_or_is_space_around_a_line() {
    let asked = Asked::new();
    let good = fs::read(post("1-holder-3.answer.txt")).unwrap();
    assert_eq!(armour::files(&good), [Ok(answer(3))]);
    let ends: Vec<_> = (0..good.len()).filter(|at| good[*at] == b'\n').collect();
    let [last, before_last] = [1, 2].map(|n| ends[ends.len() - n]);
    let spaces = [ends[0], ends[1], ends[2], before_last];
    let carries_nothing = |at: usize, changed: &[u8]| {
        at == last || (spaces.contains(&at) && b" \t\r>".contains(&changed[at]))
    };
    let places: Vec<_> = (0..good.len()).collect();
    let values = |of| match is_whole() {
        true => others(of),
        false => [of ^ 1, b' ']
            .into_iter()
            .filter(|value| *value != of)
            .collect(),
    };
    let counts = counted(&good, &places, values, |at, changed| {
        let [file] = &armour::files(changed)[..] else {
            panic!("byte {at}")
        };
        match file {
            Err(violation) => {
                assert_eq!(violation.rule, Rule::AnswerRead, "byte {at}");
                vec![violation.rule.to_string()]
            }
            Ok(file) if carries_nothing(at, changed) => {
                assert_eq!(*file, answer(3), "byte {at}");
                Vec::new()
            }
            // Without its first line it is no text form.
            Ok(file) => {
                let rules = asked.refuses(file);
                assert_ne!(rules, [""; 0], "byte {at}");
                rules
            }
        }
    });
    reported("an answer as text", good.len(), &counts);
}
