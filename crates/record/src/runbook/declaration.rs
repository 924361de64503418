//! The declaration that people sign by hand at the end.

use super::{
    day::Day,
    lines::{LONG, SHORT, line},
    people,
};
use crate::{
    ceremony::State,
    rules::{policy::Policy, roster::Handle},
};
use keymoot_core::digest::Digest;

/// Rows for witnesses who were not in the room.
const WITNESSES: usize = 2;

/// The declaration for a finished ceremony, in Markdown: with the names of its plan, the head of its
/// bundle's transcript and the digest of its bundle's MANIFEST.json. Holders who answered apart, and
/// witnesses, declare that they were not in the room.
#[must_use]
pub fn declaration(state: &State, head: &Digest, manifest: &Digest) -> String {
    let plan = &state.plan;
    let title = keymoot_core::text::escape(&plan.script.script().title);
    let mut page = format!("# Declaration: {title}\n\n");
    let begins = None;
    let day = Day { plan, begins };
    let is_away = |handle: &Handle| {
        let mut answers = state.answers.iter();
        state.seat(handle).is_some_and(|seat| !seat.present)
            && answers.any(|given| given.apart.holder == *handle)
    };
    let named = |[part, name, _]: [String; 3]| (part, name);
    let (away, seated): (Vec<_>, Vec<_>) = day.seated().partition(|(handle, _)| is_away(handle));
    let here = seated.into_iter().map(|(_, person)| person);
    let here = day.officers().into_iter().chain(here);
    text(&mut page, Some(manifest), here.map(named));
    let mut away: Vec<_> = away.into_iter().map(|(_, person)| named(person)).collect();
    let witness = ("witness".to_owned(), String::new());
    away.extend(std::iter::repeat_n(witness, WITNESSES));
    elsewhere(&mut page, head, away);
    page
}

/// The page for people who followed from elsewhere.
fn elsewhere(page: &mut String, head: &Digest, people: Vec<(String, String)>) {
    line(page, "\n## If you were not in the room\n");
    line(
        page,
        "I was not in the room. I followed the ceremony by the channel that I name. I have compared both \
         digests, of MANIFEST.json and of the transcript's head, with the words that I heard. What I saw \
         is what the record says.\n",
    );
    digest(page, "the transcript's head", head);
    line(
        page,
        "Print this page where you are, tick one box, sign, and send the paper to the administrator. \
         Nobody has to sign.\n",
    );
    line(
        page,
        "| | name | followed by | I agree | I do not agree, because | signature | time (UTC) |",
    );
    line(page, "| --- | --- | --- | --- | --- | --- | --- |");
    for (part, name) in people {
        line(
            page,
            &format!("| {part} | {name} | | \u{2610} | \u{2610} | | |"),
        );
    }
}

/// A digest in hexadecimal and in words.
fn digest(page: &mut String, of: &str, digest: &Digest) {
    line(page, &format!("SHA-256 of {of}:\n\n    {digest}\n"));
    for words in digest.word_rows() {
        line(page, &format!("    {words}"));
    }
    line(page, "");
}

/// The last page of a runbook, to be filled in by hand.
pub(super) fn section(page: &mut String, policy: &Policy, day: Option<&Day<'_>>) {
    line(page, "\n## Declaration\n");
    match day {
        Some(day) => {
            text(page, None, day.people().map(|[part, name, _]| (part, name)));
        }
        None => {
            let parts = people::parts(policy);
            text(page, None, parts.map(|part| (part, String::new())));
        }
    }
}

fn text(
    page: &mut String,
    manifest: Option<&Digest>,
    people: impl Iterator<Item = (String, String)>,
) {
    line(
        page,
        "I was in the room. I have compared the digest of MANIFEST.json with the screen and with my own \
         notes. What I saw is what the record says.\n",
    );
    match manifest {
        Some(manifest) => digest(page, "MANIFEST.json", manifest),
        None => line(
            page,
            &format!("Digest of MANIFEST.json, as the last screen shows it, in words: {LONG}\n"),
        ),
    }
    line(
        page,
        "Each person ticks one box and signs. If you do not agree, write why. Nobody has to sign.\n",
    );
    line(
        page,
        "| | name | I agree | I do not agree, because | signature | time (UTC) |",
    );
    line(page, "| --- | --- | --- | --- | --- | --- |");
    for (part, name) in people {
        line(
            page,
            &format!("| {part} | {name} | \u{2610} | \u{2610} | | |"),
        );
    }
    line(
        page,
        &format!("\nThis page stays with the machine's copy. Number of the bag: {SHORT}"),
    );
}
