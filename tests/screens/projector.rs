//! A large terminal, as on a projector.

use super::rehearsal::Rehearsal;
use testkit::terminal::{Kind, Terminal};

#[test]
fn the_one_thing_to_do_is_in_large_type_on_a_projector() {
    let rehearsal = Rehearsal::until("signing", &[]);
    let kind = Kind {
        term: "xterm-256color",
        lang: "C.UTF-8",
        no_color: false,
        size: (200, 60),
    };
    let dir = rehearsal.dir();
    let mut at = Terminal::with(kind, &[], ["resume".as_ref(), dir.as_os_str()]);
    if at.expect_any(["arrows or a seat's number", "You have come to sign"]) == 0 {
        at.enter("1").expect("You have come to sign");
    }
    // The upper halves of an S and of an R.
    let is_large = at.was_sent("▄▀▀▀▀") && at.was_sent("█▀▀▀▄");
    assert!(is_large, "{}", at.picture());
}
