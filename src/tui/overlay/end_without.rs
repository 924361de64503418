//! The end without the ceremony's purpose: the people do not agree, or cannot become a quorum.

use crate::tui::{input::form::Form, page::Page, screen::Sight};
use keymoot_record::transcript::Cause;

/// The words that end the ceremony without its purpose.
const END_WITHOUT: &str = "end without";

/// The three fields: the cause, the reason, the words.
pub(in crate::tui) fn form() -> Form {
    let labels = [
        "1 we do not agree, 2 no quorum, 3 another reason:",
        "What happened, in one line that is published:",
        "Type end without and press Enter:",
    ];
    Form::new(&labels, Some(END_WITHOUT)).accepting(0, |line| {
        let cause = cause(line).map(|_| ());
        cause.ok_or_else(|| "Type 1, 2 or 3.".to_owned())
    })
}

/// The cause that was typed.
pub(in crate::tui) fn cause(typed: &str) -> Option<Cause> {
    match typed.trim() {
        "1" => Some(Cause::Disagreement),
        "2" => Some(Cause::QuorumOutOfReach),
        "3" => Some(Cause::Other),
        _ => None,
    }
}

/// Explains what the end means.
pub(in crate::tui) fn page(page: &mut Page, sight: &Sight<'_>, form: &Form) {
    page.who("The administrator");
    page.headline("End this ceremony without its purpose?");
    page.gap();
    page.text("After this, nobody can sign a document. The holders present close a bundle that says what happened and what is missing. No ceremony starts from it.");
    if sight.state().is_some_and(|state| state.manifest.is_some()) {
        page.text(
            "keymoot drops the closing signatures, and seals the bundle again with this in it.",
        );
    }
    if sight
        .state()
        .is_some_and(|state| state.able_to_close() == 0)
    {
        page.text("Nobody present has a key. A record that nobody signs proves nothing: `keymoot verify` refuses it.");
    }
    form.show(page);
    page.keys = "Enter next  Up before".to_owned();
}
