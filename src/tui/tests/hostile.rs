//! The screens show foreign texts, and do not obey them.

use crossterm::event::KeyCode;
use testkit::hostile::strings;

use super::{
    story::{SCRIPT, Story, handle, roster},
    table::Table,
};
use crate::tui::model::Now;
use keymoot_core::text::is_invisible;
use keymoot_record::transcript::Event;

/// A ceremony in which titles, words, labels and, where they may be, names are this text.
fn story(text: &str) -> Story {
    let quoted = strings::quoted(text);
    let quoted = quoted.trim_matches('"');
    let mut script = SCRIPT.to_owned();
    for (what, written) in [
        ("title", "Opening"),
        ("title", "The room is opened"),
        ("title", "Roll call"),
        ("title", "Each holder makes a key and proves it"),
        (
            "label",
            "Number of the tamper-evident bag that held the machine",
        ),
    ] {
        let line = format!("{what} = \"{written}\"");
        assert!(script.contains(&line), "{line}");
        script = script.replace(&line, &format!("{what} = \"{quoted}\""));
    }
    let words = "words = \"I call each holder by name.";
    assert!(script.contains(words));
    script = script.replace(words, &format!("words = \"{quoted}"));
    let mut roster = roster();
    // A roster may not contain characters that nobody sees.
    let named = if text.contains(is_invisible) { 0 } else { 8 };
    for number in 1..=named {
        let name = format!("name = \"Holder {number}\"");
        roster = roster.replace(&name, &format!("name = \"{quoted} {number}\""));
    }
    Story::of(script, roster)
}

/// It is on the screen, and no control character of it.
fn is_shown(hostile: &strings::Hostile, table: &mut Table) {
    // The step has just begun: its minutes leave the title all the room there is.
    table.model.tick(Now {
        utc: 1_790_000_000,
        up: 100,
    });
    let flat = |text: &str| text.split_whitespace().collect::<String>();
    let rows = |table: &Table| {
        let page = &table.model.page;
        let rows = (0..page.rows()).filter_map(|at| page.row(at));
        rows.chain(&page.bottom)
            .map(|row| row.to_string())
            .collect::<String>()
    };
    for size in [(80, 24), (200, 60)] {
        let picture = table.resize(size).picture();
        // The picture has line feeds of its own.
        for c in strings::raw(hostile.text).filter(|c| *c != '\n') {
            assert!(
                !picture.contains(c),
                "{}: {c:?} in\n{picture}",
                hostile.what
            );
        }
        let all = rows(table) + &picture;
        assert!(
            flat(&all).contains(&flat(hostile.seen)),
            "{}: no {} in\n{picture}",
            hostile.what,
            hostile.seen
        );
    }
}

#[test]
fn every_hostile_text_is_seen_in_the_screens_and_none_is_obeyed() {
    for hostile in strings::ALL {
        let mut story = story(hostile.text);
        story.tell(Event::MachineChecked {
            verdicts: Vec::new(),
        });
        is_shown(hostile, &mut Table::asked(&story));
        story.tell(Event::Confirmed {
            step: "room".to_owned(),
            fields: [("bag", "A 1234"), ("clock", "09:30")]
                .map(|(field, typed)| (field.to_owned(), typed.to_owned()))
                .into(),
        });
        is_shown(hostile, &mut Table::asked(&story));
        let present = (1..=9).map(handle).collect();
        story.tell(Event::RollCalled {
            present,
            witnesses: Vec::new(),
            apart: Vec::new(),
        });
        is_shown(hostile, &mut Table::asked(&story));
        story.device_seen(1, true);
        is_shown(hostile, &mut Table::asked(&story));
        let mut table = Table::asked(&story);
        for key in [1, 2, 3, 4, 7, 8] {
            table.press(KeyCode::F(key));
            let picture = table.picture();
            assert!(
                strings::raw(hostile.text).all(|c| c == '\n' || !picture.contains(c)),
                "{}: F{key}\n{picture}",
                hostile.what
            );
            table.press(KeyCode::Esc);
        }
    }
}

#[test]
fn a_note_that_tries_anything_is_seen_and_not_obeyed() {
    for hostile in strings::ALL {
        let mut story = Story::at_enrolment();
        // No event can hold a character that a terminal obeys.
        let text: String = hostile.text.chars().filter(|c| !c.is_control()).collect();
        story.device_seen(1, false);
        story.tell(Event::Note { text: text.clone() });
        story.tell(Event::Mishap {
            holder: handle(1),
            what: text.clone(),
            blocked: None,
        });
        let picture = Table::of(&story).picture();
        for c in strings::raw(&text) {
            assert!(!picture.contains(c), "{}: {c:?}", hostile.what);
        }
    }
}
