//! The declaration that people sign by hand at the end.

use super::{Day, LONG, SHORT, line, people};
use crate::{ceremony::Plan, rules::policy::Policy};
use keymoot_core::digest::Digest;

/// The declaration for a finished ceremony, in Markdown: with the names of its plan and the digest
/// of its bundle's MANIFEST.json.
#[must_use]
pub fn declaration(plan: &Plan, manifest: &Digest) -> String {
    let title = keymoot_core::text::escape(&plan.script.script().title);
    let mut page = format!("# Declaration: {title}\n\n");
    let people = Day { plan, begins: None }.people();
    let named = people.into_iter().map(|[part, name, _]| (part, name));
    text(&mut page, Some(manifest), named);
    page
}

/// The last page of a runbook, to be filled in by hand.
pub(super) fn section(page: &mut String, policy: &Policy, day: Option<&Day<'_>>) {
    line(page, "\n## Declaration\n");
    match day {
        Some(day) => {
            let people = day.people().into_iter();
            text(page, None, people.map(|[part, name, _]| (part, name)));
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
        Some(digest) => {
            line(
                page,
                &format!("SHA-256 of MANIFEST.json:\n\n    {digest}\n"),
            );
            for words in digest.word_rows() {
                line(page, &format!("    {words}"));
            }
            line(page, "");
        }
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
