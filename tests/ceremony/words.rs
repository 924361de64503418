//! Four words are 32 bits, which an attacker can search: no claim rests on them.

use keymoot_attestation::TrustStore;
use keymoot_core::digest::Digest;
use keymoot_record::bundle::{self, Expectations};
use keymoot_verify::read;

use crate::story::{CHAPTERS, chapter};

/// Every digest that somebody could mean by four words of a verdict: of each file, and of the
/// documents' signed bytes.
fn digests(files: &bundle::Files) -> Vec<Digest> {
    let documents = files.values().filter_map(|bytes| {
        let document = keymoot_tuf::Document::parse(bytes, bytes.len()).ok()?;
        Some(document.digest())
    });
    let chain = keymoot_record::transcript::Chain::read(&files["transcript.jsonl"]).unwrap();
    let all = files.values().map(|bytes| Digest::of(bytes));
    all.chain(documents).chain([chain.head()]).collect()
}

#[test]
fn no_claim_of_a_verdict_rests_on_four_words() {
    let expected = Expectations {
        rehearsal: true,
        ..Expectations::default()
    };
    for number in 1..=CHAPTERS.len() {
        let bundle = read(&chapter(number)).unwrap();
        let verdicts = bundle::verify(&bundle, &expected, &TrustStore::vendor().unwrap());
        for digest in digests(bundle.files()) {
            let short = digest.short_words();
            let resting = verdicts
                .iter()
                .find(|verdict| verdict.detail.contains(&short));
            assert_eq!(resting, None, "{number}");
        }
    }
}

#[test]
fn the_head_of_the_transcript_is_read_in_full_at_the_roll_call_and_before_the_closing() {
    for text in keymoot_record::ceremony::shipped::SHIPPED
        .iter()
        .map(|script| script.text)
    {
        let script: toml::Table = toml::from_str(text).unwrap();
        let acts = script["act"].as_array().unwrap().iter();
        let steps = acts.flat_map(|act| act["step"].as_array().unwrap());
        for step in steps {
            let kind = step["kind"].as_str().unwrap();
            if ["roll-call", "close"].contains(&kind) {
                let words = step["words"].as_str().unwrap();
                assert!(words.contains("32 words"), "{kind}: {words}");
            }
        }
    }
}
