//! What a holder at home closes: the ceremony, its sealed transcript, and the signed documents.

use ratatui::style::Style;

use crate::{
    driver::Reading,
    tui::{
        page::{Page, hex_groups},
        screen::Sight,
    },
};
use keymoot_core::{digest::Digest, text::quoted};
use keymoot_record::ceremony::{State, script::Document, state::Seal};

/// What the closing signature covers, as the request shows it: first what keymoot verified, then
/// what the transcript only claims.
pub(super) fn what_is_closed(page: &mut Page, sight: &Sight<'_>, state: &State) {
    let (Some(seal), Some(manifest)) = (&state.sealed, state.manifest) else {
        return;
    };
    page.headline("What you close");
    for row in record(state, seal) {
        page.item("* ", &row, Style::new());
    }
    let readings = sight.view.map(|view| &*view.readings).unwrap_or_default();
    for row in signed(state, readings) {
        page.item("* ", &row, Style::new());
    }
    page.text(
        "keymoot verified that each event follows from those before it, and verified each signature above. Times and typed texts are only claimed: nothing in the request proves them.",
    );
    page.text("Your signature covers this record up to the seal. It signs no new document.");
    page.gap();
    page.headline("The digest of the sealed transcript, in words");
    page.words(&seal.head);
    page.gap();
    of_manifest(page, &manifest);
}

/// Which ceremony it is, how many events its sealed transcript has, and whether it ended early.
fn record(state: &State, seal: &Seal) -> Vec<String> {
    let opening = state.opening.as_ref();
    let ceremony = opening.map(|opening| {
        format!(
            "Ceremony {}, opened on {}.",
            opening.ceremony,
            opening.time.date()
        )
    });
    let events = format!(
        "Its sealed transcript has {} events.",
        seal.seq.saturating_add(1)
    );
    let ended = state.ended.as_ref().map(|ended| {
        format!(
            "It ended without its purpose. The reason as typed: {}.",
            quoted(&ended.reason)
        )
    });
    ceremony.into_iter().chain([events]).chain(ended).collect()
}

/// Each document with its version, and how many keys signed it; without any, who proved a key.
fn signed(state: &State, readings: &[Reading]) -> Vec<String> {
    if state.documents.is_empty() {
        let proofs = state.seats.iter().filter(|seat| seat.proof.is_some());
        return vec![format!(
            "No document was made. Signed presence proofs: {}.",
            proofs.count()
        )];
    }
    let documents = state.documents.keys();
    documents
        .map(|&document| {
            let name = document.name();
            let reading = readings.iter().find(|reading| reading.name == name);
            let version = reading.map(|reading| format!(", version {}", reading.version));
            let version = version.unwrap_or_default();
            format!("{name}{version}: {}.", signatures(state, document))
        })
        .collect()
}

/// How many keys signed a document, and how many must.
fn signatures(state: &State, document: Document) -> String {
    let tallies = state.tallies_of(document).into_iter();
    let counts = tallies.map(|tally| {
        let of = match tally.of_previous {
            Some(version) => format!("the keys of root version {version}"),
            None => "its keys".to_owned(),
        };
        format!("signed by {} of {of}, {} must", tally.have, tally.need)
    });
    counts.collect::<Vec<_>>().join("; ")
}

fn of_manifest(page: &mut Page, manifest: &Digest) {
    page.headline("The digest of MANIFEST.json");
    for row in hex_groups(manifest) {
        page.text(&row);
    }
    page.text("The request claims it. keymoot makes MANIFEST.json again before your device signs, and refuses another digest.");
    page.gap();
}
