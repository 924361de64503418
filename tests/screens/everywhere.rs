//! Every screen through a whole rehearsal, at four terminals at once. It also takes the pictures of
//! the documentation.

use keymoot_record::ceremony::question::last_four;

use super::{
    rehearsal::{
        DOCUMENTS, END, ESCAPE, HOME, OUTSIDE, PLUG, TOUCH, all_agree, pauses, pin, reading_words,
        serials, takes_bags,
    },
    states::{
        BLINKS, CALL_TO_CLOSE, CALL_TO_ENROL, CALL_TO_SIGN, CLOSING, CONFIRM, ENOUGH, ERASE,
        FAREWELL, HAND_OVER, IDENTIFY, INSERT, NEW_PIN, NEW_PIN_AGAIN, OPENING, REFUSED, REMOVE,
        REVIEW, REVIEW_END, ROLL_CALL, SET_ASIDE, TROUBLE, TYPE_PIN,
    },
    tables::{STEADY, Tables},
};

#[test]
fn every_screen_is_the_same_everywhere_and_the_pictures_match() {
    let mut all = Tables::rehearse(&[]);
    all.see_first("starting").read_digests();
    all.expect(OPENING)
        .expect("is out; Ctrl-N inserts")
        .see("a_step_is_confirmed")
        .picture(
            "confirm",
            "A step that is confirmed: words to read aloud, and fields to fill in",
            STEADY,
        );
    all.press("\u{7}").expect("this help").see("help");
    all.press(ESCAPE).expect(OPENING);
    all.press(ESCAPE).expect("Options").see("ways_on");
    all.enter("1")
        .expect("A note for the transcript")
        .see("note");
    all.press(ESCAPE).expect(OPENING.with("Number of the"));
    all.press("\u{5}").expect("An exception").see("exception");
    all.press(ESCAPE).expect(OPENING.with("Number of the"));
    all.press("\u{c}")
        .expect("To leave, type leave")
        .see("leave");
    all.press(ESCAPE).expect(OPENING.with("Number of the"));
    all.press("\u{2}").expect("A break.").see("intermission");
    all.enter("1, 2, 3").enter("a witness").enter("13:00");
    all.enter("pause").expect("The ceremony waits");
    all.expect("entry 9: note").see("people_are_away");
    all.enter("1 to 9").enter("whole").enter("return");
    all.expect("entry 10: note");
    all.press("b");
    all.each(|at| {
        at.squeeze(79, 23)
            .expect("this terminal has 79 columns and 23 rows");
    });
    // An unreadable question takes no answer.
    all.see("too_small").press("x");
    let sizes = [(80, 24), (80, 24), (80, 24), (120, 40)];
    for (at, (columns, rows)) in all.tables.iter_mut().zip(sizes) {
        at.squeeze(20, 6).expect("REHEARSAL");
        at.resize(200, 60).expect("> b_").resize(columns, rows);
    }
    all.press("\u{15}");
    all.enter("bag 17")
        .enter("12:00")
        .enter(OUTSIDE)
        .expect(CONFIRM);
    all.enter("confirm").expect(ROLL_CALL);
    all.press(&" ".repeat(9)).expect("[x] present 9");
    all.see("roll_call").enter("present");

    let serials = serials(&all.dir(0));
    all.expect(CALL_TO_ENROL).see("whose_turn");
    all.picture(
        "whose-turn",
        "Whose turn it is, with the seats beside it",
        STEADY,
    );
    all.press(ESCAPE).expect("Options").press("3");
    all.expect("Who arrives or leaves the room?").press("9");
    all.expect("holder-9: type departed")
        .see("people_come_and_go");
    all.press(ESCAPE);
    for (n, serial) in (1..=9).zip(serials) {
        all.expect(CALL_TO_ENROL);
        all.enter(&n.to_string()).expect(INSERT);
        if n == 2 {
            with_detours(&mut all, serial);
            continue;
        }
        if n == 1 {
            all.expect("is out; Ctrl-N inserts").see("insert");
        }
        all.press(PLUG).expect(IDENTIFY);
        if n == 1 {
            all.expect("is in; Ctrl-N unplugs").see("is_this_yours");
            all.picture(
                "is-this-yours",
                "The holder reads the number off the device",
                STEADY,
            );
        }
        all.enter(&last_four(serial)).expect(NEW_PIN);
        if n == 1 {
            all.press("48").expect("2 typed").see("new_pin");
            all.press("\u{15}");
        }
        all.enter(&pin(n)).expect(NEW_PIN_AGAIN);
        if n == 1 {
            all.see("new_pin_again");
        }
        all.enter(&pin(n)).expect(BLINKS);
        if n == 1 {
            all.expect(BLINKS.with("BLINKS: Ctrl-T touches"))
                .see("touch");
            all.picture("touch", "The device blinks and waits to be touched", STEADY);
        }
        all.press(TOUCH).expect(HAND_OVER);
        if n == 1 {
            all.see("hand_over");
        }
        all.enter("taken").expect(REMOVE);
        if n == 1 {
            all.expect("is in; Ctrl-N unplugs").see("remove");
        }
        all.press(PLUG);
    }

    all.expect(ENOUGH).see("spares").enter("enough");
    all.each(pauses);
    all.expect(REVIEW);
    all.press(ESCAPE).expect("Options").press("5");
    all.expect("End this ceremony without its purpose?")
        .enter("1")
        .enter("the policy is not the one that was agreed")
        .expect("Type end without")
        .see("end_without");
    all.press(ESCAPE);
    all.expect(REVIEW).see("review_begins");
    all.picture("review", "What changes comes first", STEADY);
    all.press("/")
        .expect("Find in the document")
        .see("review_is_searched")
        .enter("threshold");
    all.expect("\"threshold\": 5").press(END);
    all.expect("were not shown yet: PgUp").press(HOME);
    all.each(|at| {
        at.expect(REVIEW).page_down("first two words");
    });
    all.press(END).expect("the end; back: PgUp");
    all.expect(REVIEW_END).see("review_ends");
    all.press("\u{4}").expect("SHA-256 of root.json");
    all.each(|at| {
        at.expect_any(["it holds the digits", "cannot show the QR code"]);
    });
    all.see("digest").picture(
        "digest",
        "The digest as a QR code, in hexadecimal and in words",
        3..20,
    );
    all.press("\u{1b}[C")
        .expect("root.json: words 1 to")
        .see("large_type");
    all.picture("large-type", "The words in large type", 3..20);
    all.press(ESCAPE).expect(REVIEW_END);
    for name in DOCUMENTS {
        all.each(|at| {
            at.read_on(name);
        });
        for at in 0..all.tables.len() {
            let words = reading_words(&all.dir(at), name);
            all.tables[at].enter(&words);
        }
    }

    all.expect("Do the digests agree").see("each_agrees");
    all.each(all_agree);
    for n in 1..=5 {
        all.expect(CALL_TO_SIGN).enter(&n.to_string());
        all.expect(INSERT.with("Insert your device, YubiKey"));
        if n == 1 {
            all.expect("is out; Ctrl-N inserts")
                .see("insert_the_enrolled");
        }
        all.press(PLUG).expect(TYPE_PIN);
        if n == 1 {
            all.expect("is in; Ctrl-N unplugs").see("pin");
        }
        all.enter(&pin(n)).expect(BLINKS);
        if n == 4 {
            all.press(PLUG)
                .expect(TROUBLE.with("was taken out while it was at work"));
            all.expect("is out; Ctrl-N inserts").see("unplugged");
            all.picture(
                "unplugged",
                "A mishap, what is safe, and the ways on",
                STEADY,
            );
            all.enter("retry").expect(INSERT).press(PLUG);
            all.expect(BLINKS);
            all.picture(
                "signing",
                "holder-4 is about to sign, as the fourth of at least five",
                5..18,
            );
        }
        for name in DOCUMENTS {
            all.expect(BLINKS.with(&format!("the signature on {name}")))
                .expect(BLINKS);
            all.press(TOUCH);
        }
        all.expect(REMOVE).press(PLUG);
    }
    all.expect(ENOUGH).see("the_quorum_has_signed");
    all.enter("enough").each(takes_bags);
    all.expect(CLOSING).expect(CONFIRM);
    all.enter("confirm");
    for n in 1..=5 {
        all.expect(CALL_TO_CLOSE);
        all.enter(&n.to_string()).expect(INSERT);
        all.press(PLUG).expect(TYPE_PIN).enter(&pin(n));
        all.expect(BLINKS).press(TOUCH).expect(REMOVE);
        if n == 1 {
            all.press(ESCAPE).expect("Options");
            all.press(ESCAPE).expect(REMOVE);
        }
        all.press(PLUG);
    }
    all.expect(ENOUGH).enter("enough");
    all.expect(FAREWELL).see("farewell");
    all.picture("end", "What left the room, and its digest", 4..18);
    all.enter("done");
    for at in &mut all.tables {
        assert_eq!(at.exit_code(), 0);
    }
    assert!(
        all.mistaken.is_empty(),
        "these pictures in docs/pictures no longer match the screens: {}. Look at them, then: make pictures",
        all.mistaken.join(", ")
    );
}

/// A turn with every mistake that breaks nothing: another holder's device, and
/// one that was used before.
fn with_detours(all: &mut Tables, serial: u32) {
    // Ctrl-P takes device 1 in hand, which is the first holder's.
    all.press("\u{10}1").press(PLUG);
    all.expect(REFUSED.with("DEVICE-DISTINCT"))
        .expect("is in; Ctrl-N unplugs")
        .see("refused");
    all.enter("another").expect(SET_ASIDE);
    all.press(PLUG).expect(INSERT);
    all.press("\u{10}2").press(PLUG);
    let set_up = |all: &mut Tables| {
        all.expect(NEW_PIN).enter(&pin(2));
        all.expect(NEW_PIN_AGAIN).enter(&pin(2));
        all.expect(BLINKS);
    };
    all.expect(IDENTIFY).enter(&last_four(serial));
    set_up(all);
    all.press(ESCAPE).expect("Options").press("3");
    all.expect("Why the turn ends early")
        .enter("holder-2 feels unwell")
        .expect(": holder-2 feels unwell");
    all.see("end_turn").enter("end");
    all.expect(REMOVE.following(&["turn-ended"])).press(PLUG);
    all.expect(CALL_TO_ENROL).enter("2");
    all.expect(INSERT).press(PLUG);
    all.expect(IDENTIFY.with("not fresh"))
        .enter(&last_four(serial));
    all.expect(ERASE).see("erase").enter("erase");
    set_up(all);
    all.press(TOUCH).expect(HAND_OVER).enter("taken");
    all.expect(REMOVE).press(PLUG);
}
