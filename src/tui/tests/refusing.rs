//! A wish that the state forbids: the driver shows why, and the ceremony continues.

use std::{fs, sync::mpsc};

use super::story::{Story, handle};
use crate::{
    device::yubihsm::Place,
    driver::{Driver, Interrupt, Outcome, World},
    store::{Folder, Journal, Occupant},
    tui::link::{Heard, Message, Request, ScreenOperator},
};
use keymoot_attestation::TrustStore;
use keymoot_core::digest::Digest;
use keymoot_record::{
    bundle::Files,
    transcript::{Event, Person},
};

/// A ceremony after the roll call, in which the third holder is apart and was asked.
fn asked() -> Story {
    let mut story = Story::at_enrolment();
    let departs = story.state.comes_or_goes(Person::Holder(handle(3)));
    story.tell(departs).tell(Event::Requested {
        request: Digest::of(b"request"),
        to: vec![handle(3)],
        until: None,
        by: "mail".to_owned(),
    });
    story
}

/// What the driver shows about these wishes, at the question of a story, and the events that it
/// records before it is left.
fn driven(story: &Story, wishes: Vec<Interrupt>) -> (Vec<String>, Vec<Event>) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("ceremony");
    Folder::create(&dir, |_| Ok(())).unwrap();
    fs::write(dir.join("transcript.jsonl"), story.transcript()).unwrap();
    let (journal, _) = Journal::open(&dir).unwrap();
    let world = World {
        folder: Folder::open(&dir, &Occupant::new("administrator-1").unwrap()).unwrap(),
        journal,
        trust: TrustStore::vendor().unwrap(),
        out: folder.path().join("bundle"),
        copies: Vec::new(),
        warnings: Vec::new(),
        due: None,
        connector: Place::Usb,
        attachments: Box::new(|| Ok(Files::new())),
    };
    let (screens, requests) = mpsc::channel();
    let (tell, heard) = mpsc::channel();
    for wish in wishes {
        tell.send(Heard::Interrupt(wish)).unwrap();
        // The refusal is read.
        tell.send(Heard::Done).unwrap();
    }
    tell.send(Heard::Interrupt(Interrupt::Leave)).unwrap();
    let mut operator = ScreenOperator { screens, heard };
    let driver = Driver::new(world, story.state.clone(), &mut operator);
    assert_eq!(driver.run().unwrap(), Outcome::Left);
    drop(operator);
    let shown = requests.into_iter().filter_map(|message| match message {
        Message::Driver(request) => match *request {
            Request::Told(told) => Some(told.lines.join(" ")),
            _ => None,
        },
        _ => None,
    });
    let before = story.view().entries;
    let chain = Journal::look(&dir).unwrap();
    let recorded = chain.since(before).iter().map(|entry| entry.event.clone());
    (shown.collect(), recorded.collect())
}

#[test]
fn a_wish_that_the_state_forbids_is_refused_and_the_ceremony_continues() {
    let arrives = Interrupt::Attend(Person::Holder(handle(3)));
    let (shown, recorded) = driven(&asked(), vec![arrives]);
    let refusal = "It cannot be recorded now: a request to this holder is open: withdraw it first.";
    assert_eq!(shown, [refusal]);
    assert_eq!(recorded, [Event::Left {}]);
    // Before the roll call.
    let departs = Interrupt::Attend(Person::Holder(handle(4)));
    let (shown, recorded) = driven(&Story::at_confirm(), vec![departs]);
    let refusal =
        "It cannot be recorded now: people come and go after the roll call, between turns.";
    assert_eq!(shown, [refusal]);
    assert_eq!(recorded, [Event::Left {}]);
}
