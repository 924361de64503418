//! The closing touch: the screen shows what it allows, and its digest.

use super::{
    rehearsal::{PLUG, Rehearsal, TOUCH, transcript, unattended_pin},
    states::{BLINKS, CALL_TO_CLOSE, INSERT, REMOVE, TYPE_PIN},
};
use keymoot_record::transcript::Event;

#[test]
fn the_closing_touch_shows_that_it_signs_the_manifest_and_the_words_of_its_digest() {
    let rehearsal = Rehearsal::until("closing", &[]);
    let mut at = rehearsal.resume();
    at.expect(CALL_TO_CLOSE.following(&["manifest-made", "resumed", "machine-checked"]))
        .enter("1");
    at.expect(INSERT).by_hand(PLUG);
    at.expect(TYPE_PIN).enter(&unattended_pin(1));
    at.expect(BLINKS.with("the closing signature on everything that happened"))
        .expect("SHA-256 of MANIFEST.json, which lists it all:");
    let chain = transcript(&rehearsal.dir());
    let manifest = chain.entries().iter().find_map(|entry| match entry.event {
        Event::ManifestMade { manifest } => Some(manifest),
        _ => None,
    });
    for (row, words) in manifest.unwrap().words().chunks(4).enumerate() {
        at.expect(format!("{} {}", row + 1, words.join(" ")).as_str());
    }
    at.expect(BLINKS).by_hand(TOUCH);
    at.expect(REMOVE.following(&["closed"]));
}
