//! A holder at home declines, and says why.

use super::typed;
use crate::tui::{input::form::Form, page::Page, screen::Sight};

/// The word that declines.
const DECLINE: &str = "decline";

/// Whether the holder can decline now: at home, before the device is used.
pub(super) fn is_possible(sight: &Sight<'_>) -> bool {
    let begun = sight.state().is_none_or(|state| state.turn.is_some());
    sight.at_home().is_some() && !begun && sight.codes.is_none()
}

/// The two fields: the reason and the word.
pub(super) fn form() -> Form {
    let labels = [
        "Why you decline, in one line:",
        "Right? Type decline and press Enter:",
    ];
    Form::new(&labels, Some(DECLINE)).accepting(0, typed::line)
}

/// Explains what a refusal means.
pub(super) fn page(page: &mut Page, sight: &Sight<'_>, form: &Form) {
    page.who(&sight.typist());
    page.headline("Decline, and say why?");
    page.gap();
    page.text("keymoot writes a refusal to the answer's file, and ends. Nobody signs a refusal: send the file back, and call the administrator.");
    form.show(page);
    page.keys = "Enter next  Up before".to_owned();
}
