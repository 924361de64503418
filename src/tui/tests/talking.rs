//! The driver's thread, the screens and the room talk to each other.

use std::{
    io,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use super::story::{Story, device_error, handle};
use crate::{
    driver::{Interrupt, Operator as _, Trouble},
    tui::{
        link::{Heard, Message, Request, ScreenOperator},
        room::{Room, RoomChanged, RoomCommand, RoomDevice, serve},
    },
};
use keymoot_record::ceremony::Answer;

/// An operator, the messages that it sends, and the channel for its replies.
fn operator() -> (ScreenOperator, mpsc::Receiver<Message>, mpsc::Sender<Heard>) {
    let (screens, messages) = mpsc::channel();
    let (say, heard) = mpsc::channel();
    (ScreenOperator { screens, heard }, messages, say)
}

#[test]
fn a_question_waits_for_its_answer_and_for_no_other() {
    let (mut operator, messages, say) = operator();
    say.send(Heard::Done).unwrap();
    say.send(Heard::Answer(Answer::Again)).unwrap();
    let question = Story::at_enrolment().question();
    assert_eq!(operator.ask(&question, None), Ok(Answer::Again));
    let asked = messages.try_recv().unwrap();
    let Message::Driver(asked) = asked else {
        panic!("the driver asked nothing");
    };
    assert!(matches!(*asked, Request::Ask(q, None) if q == question));
}

#[test]
fn an_interruption_ends_every_wait() {
    let (mut operator, _messages, say) = operator();
    say.send(Heard::Interrupt(Interrupt::Note("one".to_owned())))
        .unwrap();
    let trouble = Trouble {
        holder: handle(1),
        error: device_error(crate::device::ErrorKind::Removed),
    };
    let reply = operator.trouble(&trouble);
    assert_eq!(reply, Err(Interrupt::Note("one".to_owned())));
}

#[test]
fn without_screens_the_ceremony_is_left() {
    let (mut operator, messages, say) = operator();
    drop((messages, say));
    let question = Story::at_enrolment().question();
    assert_eq!(operator.ask(&question, None), Err(Interrupt::Leave));
    assert_eq!(operator.interrupted(), Interrupt::Leave);
}

/// A room with one device, which cannot be touched.
struct OneDevice {
    inserted: bool,
    changed: Arc<Mutex<Option<RoomChanged>>>,
}

impl Room for OneDevice {
    fn devices(&mut self) -> io::Result<Vec<RoomDevice>> {
        Ok(vec![RoomDevice {
            number: 1,
            serial: 17_381_111,
            inserted: self.inserted,
            awaiting_touch: false,
        }])
    }

    fn insert(&mut self, _: usize) -> io::Result<()> {
        self.inserted = true;
        Ok(())
    }

    fn remove(&mut self, _: usize) -> io::Result<()> {
        self.inserted = false;
        Ok(())
    }

    fn touch(&mut self, _: usize) -> io::Result<()> {
        Err(io::Error::other("it has no contact"))
    }

    fn watch(&mut self, changed: RoomChanged) -> io::Result<()> {
        *self.changed.lock().unwrap() = Some(changed);
        Ok(())
    }
}

#[test]
fn the_room_is_seen_at_first_after_every_command_and_at_every_change() {
    let (command, commands) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let handle = Arc::new(Mutex::new(None));
    let room = Box::new(OneDevice {
        inserted: false,
        changed: Arc::clone(&handle),
    });
    let changed = RoomChanged(command.clone());
    let serving =
        thread::spawn(move || serve(room, changed, &commands, |seen| drop(tell.send(seen))));

    assert!(!told.recv().unwrap().devices[0].inserted);
    command.send(RoomCommand::Insert(1)).unwrap();
    assert!(told.recv().unwrap().devices[0].inserted);
    command.send(RoomCommand::Touch(1)).unwrap();
    assert_eq!(
        told.recv().unwrap().failed.as_deref(),
        Some("it has no contact")
    );
    handle.lock().unwrap().as_ref().unwrap().tell();
    assert_eq!(told.recv().unwrap().failed, None);
    command.send(RoomCommand::Remove(1)).unwrap();
    assert!(!told.recv().unwrap().devices[0].inserted);
    command.send(RoomCommand::Close).unwrap();
    serving.join().unwrap();
}
