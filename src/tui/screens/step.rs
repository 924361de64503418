//! What the screens of a step have in common: who confirms it, its title and its words.

use ratatui::style::Style;

use crate::{
    driver::Reading,
    tui::{
        page::{Page, hex_groups},
        screen::Sight,
    },
};
use keymoot_core::text::escape;
use keymoot_record::ceremony::{
    State,
    script::{Document, Kind, Role},
    why::AuthorisedRoot,
};

/// Who confirms a step, as the first words on its screen.
pub(super) fn confirmed_by(sight: &Sight<'_>) -> String {
    let Some(step) = sight.state().and_then(State::current) else {
        return String::new();
    };
    // A check of the machine after `resumed` is no part of the step.
    let by = match sight.state().is_some_and(State::awaits_examination) {
        true => Role::Administrator,
        false => step.by,
    };
    match by {
        Role::Administrator => {
            let name = sight
                .state()
                .map(|state| state.plan.roster.administrator.as_str());
            format!("The administrator, {}", escape(name.unwrap_or_default()))
        }
        Role::Holders => "The holders".to_owned(),
        Role::Witness => "A witness, with the administrator at the keyboard".to_owned(),
    }
}

/// The root of tuf-crates that the quorum authorises, to compare with what its team reads aloud.
pub(super) fn authorised_root(page: &mut Page, root: &AuthorisedRoot) {
    page.text("SHA-256 of the new root of tuf-crates, targets/crates/root.json:");
    for row in hex_groups(&root.digest) {
        page.item("  ", &row, Style::new());
    }
    page.words(&root.digest);
    for said in &root.says {
        page.item("* ", said, Style::new());
    }
}

/// What changes in a document, and why: the same list at the table and at a holder's home.
pub(super) fn what_changes(page: &mut Page, sight: &Sight<'_>, reading: &Reading) {
    for reason in &reading.reasons {
        page.item("* ", reason, page.sheet.notice());
    }
    let authorised = sight.state().and_then(State::authorised_root);
    if let Some(root) = authorised.filter(|_| reading.name == Document::Crates.name()) {
        authorised_root(page, &root);
    }
    for change in &reading.changes {
        page.item("* ", change, Style::new());
    }
}

/// Whose keys signed a presence proof and who was absent, where everybody is asked.
pub(super) fn whose_keys_are_there(page: &mut Page, sight: &Sight<'_>) {
    let state = sight.state();
    let begun = state.filter(|state| state.seats.iter().any(|seat| state.has_shown(seat)));
    if let Some(presence) = begun.and_then(State::presence) {
        page.gap();
        page.headline("Whose keys are there");
        for part in &presence.parts {
            page.item("* ", part, Style::new());
        }
    }
}

/// The steps just before this one that asked no question: people have not seen them.
fn done_by_itself(page: &mut Page, sight: &Sight<'_>) {
    let Some(state) = sight.state().filter(|_| !page.by_line) else {
        return;
    };
    let asks_nobody = |kind| {
        matches!(
            kind,
            Kind::Preflight | Kind::Load | Kind::Propose | Kind::Verify
        )
    };
    let before = (0..state.step)
        .rev()
        .map_while(|at| state.plan.script.step(at))
        .take_while(|step| asks_nobody(step.kind));
    let mut titles: Vec<_> = before.map(|step| escape(&step.title)).collect();
    titles.reverse();
    if !titles.is_empty() {
        let done = format!("Done, no rule violated: {}.", titles.join("; "));
        page.item("", &done, page.sheet.quiet());
    }
}

/// The beginning of a step's screen: who, what, and the words to read aloud.
pub(super) fn opening_of_step(page: &mut Page, sight: &Sight<'_>) {
    page.who(&confirmed_by(sight));
    if let Some(step) = sight.state().and_then(State::current) {
        page.headline(&escape(&step.title));
        done_by_itself(page, sight);
        page.aloud(&escape(&step.words));
    }
    page.gap();
}
