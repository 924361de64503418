//! The summary of the ceremony comes before its first step.

use super::{
    occasions::Occasion,
    rehearsal::{plan_words, read_digests},
    states::{DIGEST, OPENING},
    theft::{self, STOLEN},
};
use keymoot_record::transcript::PlanPart;
use testkit::terminal::Terminal;

#[test]
fn the_opening_says_whose_key_is_revoked_and_why_and_takes_no_agreement_before_all_was_shown() {
    let mut held = Occasion::begin_with(
        2,
        "emergency-revocation",
        "2-annual-resign",
        &theft::roster(),
    );
    let dir = held.dir();
    let at = &mut held.at;
    at.expect("Today: Emergency revocation")
        .expect(&*format!("is revoked: {STOLEN}"));
    at.enter("agree").expect("Read on to the end");
    // One page more, and no digest that is compared on a page of its own.
    let before = at.keystrokes();
    at.page_down("type agree");
    assert_eq!(at.keystrokes() - before, "\u{1b}[6~".len());
    at.expect("Where the bundle goes")
        .expect("Expected end")
        .enter("Agree");
    at.expect(DIGEST.with("the program (1 of 4)"));
    let words = plan_words(&dir, PlanPart::Program);
    let letters = |count: usize| {
        let begin = |word: &str| word.chars().take(count).collect::<String>();
        let begun: Vec<_> = words.split_whitespace().map(begin).collect();
        begun.join(" ").to_lowercase()
    };
    at.enter(&letters(2))
        .expect("or three letters of each")
        .enter(&letters(3));
    at.expect(DIGEST.with("the policy (2 of 4)"));
}

#[test]
fn an_amended_plan_is_shown_again_before_its_digests_are_read() {
    let mut held = Occasion::begin(2, "annual-resign", "1-initial-root");
    let dir = held.dir();
    read_digests(&mut held.at, &dir);
    held.at.expect(OPENING).press("\u{c}");
    held.at.expect("To leave, type leave").enter("leave");
    assert_eq!(held.at.exit_code(), 4);
    let roster = std::fs::read_to_string(dir.join("roster.toml")).unwrap();
    let amended = roster.replacen(
        "[[holder]]",
        "[[witness]]\nname = \"Second witness (simulated)\"\n\n[[holder]]",
        1,
    );
    let file = held.folder.path().join("amended.toml");
    std::fs::write(&file, amended).unwrap();
    let mut at = Terminal::start([
        "resume".as_ref(),
        dir.as_os_str(),
        "--roster".as_ref(),
        file.as_os_str(),
        "--reason".as_ref(),
        "a second witness came".as_ref(),
    ]);
    at.expect("Type amend and Enter").enter("amend");
    at.expect("Today: ").page_down("type agree").enter("agree");
    // The other digests were read before.
    at.expect("digest of the roster (")
        .expect("next: Open the room");
}
