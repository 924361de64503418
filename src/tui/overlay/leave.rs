//! Leaving: who leaves, what is kept, and the command that continues.

use crate::tui::{input::field::TypedWord, page::Page, screen::Sight};

/// The word that leaves the ceremony, to be resumed.
pub(super) const LEAVE: &str = "leave";

/// Draws the page.
pub(super) fn page(page: &mut Page, sight: &Sight<'_>, word: &TypedWord) {
    page.who(&sight.typist());
    if sight.errand.is_some() {
        page.headline("Leave, and sign nothing?");
        page.gap();
        page.text("Nothing is written before everything is signed: the checkout stays as it is. The same command begins again.");
    } else {
        let is_at_home = sight.at_home().is_some();
        page.headline(match is_at_home {
            true => "Leave your answer, to be continued later?",
            false => "Leave the ceremony, to be resumed later?",
        });
        page.gap();
        page.text(match is_at_home {
            true => "Everything up to here is on the disk. The same `keymoot answer` command continues from here.",
            false => "Everything up to here is on the disk. `keymoot resume` with the ceremony's folder continues from here, with the same script and the same holders.",
        });
        page.item(
            "! ",
            "If a device is plugged in, take it out.",
            page.sheet.notice(),
        );
    }
    word.show(page, &format!("To leave, type {LEAVE} and press Enter:"));
}
