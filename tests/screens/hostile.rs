//! Texts that try to control a terminal, in a script and a roster. Each of four real terminals
//! shows their visible form, and gets no control character of them.

use std::fs;

use keymoot::rehearsal::cast::Cast;
use keymoot_attestation::Family;
use keymoot_core::text::is_invisible;
use testkit::hostile::{
    script::script,
    strings::{self, Hostile, quoted},
};

use super::{
    rehearsal::OUTSIDE,
    states::{CALL, CONFIRM, INSERT, ROLL_CALL},
    tables::Tables,
};

/// Simulated holders, the first of whom has this name where a roster may contain it.
fn roster(text: &str) -> String {
    let roster = Cast::bringing(9, |_| Family::YubiKey).roster();
    if text.contains(is_invisible) {
        return roster;
    }
    let named = roster.lines().find(|line| line.starts_with("name = "));
    roster.replacen(named.unwrap(), &format!("name = {}", quoted(text)), 1)
}

/// No terminal got the text raw. A program that draws needs ESC and line
/// breaks itself: with these, the text did not come as a whole.
fn is_not_sent(hostile: &Hostile, all: &mut Tables) {
    let own = ['\u{1b}', '\r', '\n'];
    let raw = strings::raw(hostile.text).filter(|c| !own.contains(c));
    let mut never: Vec<_> = raw.map(String::from).collect();
    never.push(hostile.text.to_owned());
    all.each(|at| {
        for text in &never {
            assert!(!at.was_sent(text), "{}: {text:?} was sent", hostile.what);
        }
    });
}

#[test]
fn no_text_of_people_is_obeyed_by_a_terminal_and_every_one_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (script_path, roster_path) = (path("script.toml"), path("roster.toml"));
    for hostile in strings::ALL {
        let words = script(&["title", "words", "label"], hostile.text);
        fs::write(&script_path, words).unwrap();
        fs::write(&roster_path, roster(hostile.text)).unwrap();
        let mut all = Tables::rehearse(&[&script_path, "--roster", &roster_path]);
        all.read_digests();
        all.expect("Read aloud").expect(hostile.seen);
        all.enter("bag 17")
            .enter("12:00")
            .enter(OUTSIDE)
            .expect(CONFIRM);
        all.enter("confirm").expect(ROLL_CALL);
        all.press(&" ".repeat(9)).enter("present");
        all.expect(CALL);
        if !hostile.text.contains(is_invisible) {
            all.expect(hostile.seen);
        }
        all.enter("1").expect(INSERT);
        if !hostile.text.contains(is_invisible) {
            all.expect(hostile.seen);
        }
        is_not_sent(hostile, &mut all);
    }
}
