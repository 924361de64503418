//! Holders apart.

mod asking;
mod home;

use crossterm::event::KeyCode;

use super::{
    story::{Story, handle},
    table::Table,
};
use keymoot_core::digest::Digest;
use keymoot_record::transcript::{Event, Person, Time};

/// The digest of the request's file.
fn request() -> Digest {
    Digest::of(b"request")
}

/// The signatures are awaited, and the third holder is not in the room.
fn without_the_third(lines: usize) -> Story {
    let mut story = Story::at_review(lines);
    story.tell(Event::Reviewed {
        document: keymoot_record::ceremony::script::Document::Root,
        signed: Digest::of(b"root"),
    });
    let departs = story.state.comes_or_goes(Person::Holder(handle(3)));
    story.tell(departs);
    story
}

/// The table, where the third holder is asked.
fn asked() -> Story {
    let mut story = without_the_third(3);
    story.tell(Event::Requested {
        request: request(),
        to: vec![handle(3)],
        until: Time::parse("2026-12-24T23:59:59Z"),
        by: "mail".to_owned(),
    });
    story
}

/// Opens the option whose row says this.
fn option(table: &mut Table, says: &str) {
    table.press(KeyCode::Esc);
    let number = ('1'..='9').find(|number| table.says(&format!("{number} {says}")));
    table.press(KeyCode::Char(number.unwrap()));
}
