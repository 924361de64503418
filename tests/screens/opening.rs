//! What the ceremony does is shown before its first step.

use super::{
    occasions::Occasion,
    rehearsal::{END, HOME},
    states::DIGEST,
    theft::{self, STOLEN},
};

#[test]
fn the_opening_says_whose_key_is_revoked_and_why_and_takes_no_agreement_before_all_was_shown() {
    let mut held = Occasion::begin_with(
        2,
        "emergency-revocation",
        "2-annual-resign",
        &theft::roster(),
    );
    let at = &mut held.at;
    at.expect("Today: Emergency revocation")
        .expect(&*format!("is revoked: {STOLEN}"));
    at.press(END).expect("Rows ").expect("were not shown yet");
    at.enter("agree").expect("were not shown yet");
    at.press(HOME);
    at.page_down("type agree")
        .expect("Expected end")
        .enter("Agree");
    at.expect(DIGEST.with("the program (1 of 4)"));
}
