//! Holders apart, asked and taken in while the ceremony is on the screen.

use std::fs;

use keymoot_record::transcript::{Entry, Event};
use testkit::{
    apart::Three,
    stage::{copy, said},
    terminal::Terminal,
};

use super::{
    late::way_on,
    rehearsal::{PLUG, TOUCH, unattended_pin},
};

/// The ceremony of three, on the screen, where holders apart are awaited.
fn on_the_screen(three: &Three) -> Terminal {
    let settings = three.stage.dir().join("settings.json");
    let text = fs::read_to_string(&settings).unwrap();
    let by_hand = text.replace("\"unattended\": true", "\"unattended\": false");
    assert_ne!(text, by_hand);
    fs::write(&settings, by_hand).unwrap();
    Terminal::start(["resume".as_ref(), three.stage.dir().as_os_str()])
}

#[test]
fn holders_are_asked_and_their_answers_taken_in_without_leaving() {
    let three = Three::to_sign();
    // Each side has a simulator of its own, with the same devices.
    let home = three.stage.path("home");
    copy(&three.stage.dir(), &home);
    let mut at = on_the_screen(&three);
    at.expect("Apart, to be asked: holder-1, holder-2, holder-3");
    way_on(&mut at, "holders apart").expect("It asks holder-1, holder-2, holder-3");
    let request = three.stage.path("signing.request");
    at.expect("The request's file")
        .enter(request.to_str().unwrap());
    // What is no day, or is past, is refused at once, and keeps the form.
    at.expect("Answers are due").enter("24 December");
    at.expect("Type a day like 2026-12-24").enter("2020-01-01");
    at.expect("That day is past").enter("2099-12-24");
    at.expect("How the request goes out").enter("mail");
    at.expect("Type ask");
    // Something else comes there meanwhile: what was typed is kept.
    fs::write(&request, "something of mine").unwrap();
    at.enter("ask")
        .expect("It could not be done")
        .expect("there is something else at")
        .enter("read");
    fs::remove_file(&request).unwrap();
    at.expect("The request's file").enter("");
    at.expect("Answers are due").enter("");
    at.expect("How the request goes out").enter("");
    at.expect("Type ask").enter("ask");
    at.expect("The request asks holder-1, holder-2, holder-3");
    let digest = keymoot_core::digest::Digest::of(&fs::read(&request).unwrap());
    for word in digest.words() {
        at.expect(word);
    }
    at.enter("read").expect("Asked apart, not answered yet");
    // Two answers come back on a stick, with something that is none.
    let stick = three.stage.path("stick");
    fs::create_dir(&stick).unwrap();
    for holder in ["holder-1", "holder-2"] {
        let (mut command, answer) = three.answering(&request, holder, &home);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        fs::copy(answer, stick.join(holder)).unwrap();
    }
    fs::write(stick.join("notes.txt"), "milk").unwrap();
    let taken = |at: &mut Terminal, open: &str| {
        way_on(at, "holders apart")
            .expect("1 take answers in")
            .press("1")
            .expect(&format!("Not answered yet: {open}"));
        at.expect("The answer's file")
            .enter(stick.to_str().unwrap());
        at.expect("Type take").enter("take");
    };
    taken(&mut at, "holder-1, holder-2, holder-3");
    at.expect("Answers recorded: 2. Refused: 1.")
        .expect("ANSWER-READ");
    at.enter("read").expect("not answered yet: holder-3");
    taken(&mut at, "holder-3");
    at.expect("Answers recorded: 0. Recorded before: 2. Refused: 1.")
        .enter("read");
    // The third does not answer: the request is withdrawn, and can be made again.
    way_on(&mut at, "holders apart")
        .expect("2 withdraw the newest request")
        .press("2");
    at.expect("Why, in one line").enter("holder-3 is on a ship");
    at.expect("Type withdraw").enter("withdraw");
    at.expect("No longer awaited: holder-3").enter("read");
    at.expect("Apart, to be asked: holder-3");
    let chain = three.stage.chain();
    let kinds = |entry: &Entry| match entry.event {
        Event::Requested { .. } => Some("requested"),
        Event::Answered { .. } => Some("answered"),
        Event::Withdrawn { .. } => Some("withdrawn"),
        Event::Left {} => Some("left"),
        _ => None,
    };
    let kinds: Vec<_> = chain.entries().iter().filter_map(kinds).collect();
    // The unattended part left before.
    let expected = ["left", "requested", "answered", "answered", "withdrawn"];
    assert_eq!(kinds, expected);
}

#[test]
fn a_holder_at_home_is_called_by_nobody_and_is_told_when_the_answer_is_written() {
    let three = Three::to_sign();
    let request = three.request("request", &[]);
    let digest = keymoot_core::digest::Digest::of(&fs::read(&request).unwrap());
    let (command, answer) = three.answering(&request, "holder-1", &three.stage.dir());
    let by_hand = command
        .get_args()
        .filter(|argument| *argument != "--unattended");
    let mut at = Terminal::start(by_hand);
    at.expect("You gave no root from another source: nothing shows whose root it is");
    at.page_down("the first two words");
    at.press("\x1b").expect("Options.");
    let options = at.picture();
    for of_the_room in ["arrives", "no quorum", "a break"] {
        assert!(!options.contains(of_the_room), "{options}");
    }
    at.press("\x1b").expect("the first two words");
    let before = at.keystrokes();
    at.enter(&format!(
        "{} phone",
        keymoot_record::ceremony::question::reading_words(&digest)
    ));
    at.expect("Your turn begins now")
        .expect("You sign the documents now")
        .enter("");
    at.expect("Insert your device").by_hand(PLUG);
    let before_pin = at.keystrokes() - before;
    at.expect("PIN, then Enter").enter(&unattended_pin(1));
    for name in ["root.json", "targets.json", "crates.json"] {
        let allows = format!("the signature on {name}");
        at.expect("BLINKS").expect(allows.as_str()).by_hand(TOUCH);
    }
    at.expect("it is the last touch").by_hand(TOUCH);
    at.expect("Take your device out")
        .expect("next: the answer is written to its file")
        .by_hand(PLUG);
    at.expect("Your answer is written")
        .expect("holder-1.answer.turn")
        .expect("next: nothing more: the answer is sent back")
        .enter("done");
    assert_eq!(at.exit_code(), 0);
    assert!(answer.is_file());
    // Two words, how they were compared, and one key to begin.
    assert!(before_pin <= 32, "{before_pin}");
}
