//! The channels between the driver's thread and the screens.
//!
//! The driver asks and waits; the screens never do. Everything that the screens
//! hear comes through one channel, in the order in which it happened.

use std::{
    sync::mpsc::{Receiver, Sender},
    time::Instant,
};

use crossterm::event::KeyEvent;
use zeroize::Zeroizing;

use super::room::RoomSeen;
use crate::{
    device::Cancel,
    driver::{
        Errand, EventPage, Farewell, HandOver, Interrupt, Operator, PinPrompt, PlanOfDay, Remedy,
        Reply, Takes, Told, Trouble, View, Work,
    },
    host::secret::Secret,
};
use keymoot_record::{
    ceremony::{Answer, Question, Refusal},
    rules::roster::Handle,
};

/// Everything that reaches the screens.
pub(super) enum Message {
    /// A key, and when it was read. In a box of its own, which is wiped when it is
    /// opened: what was in the queue itself stays there until it is overwritten.
    Key(Box<KeyEvent>, Instant),
    /// A line that was typed, and when it was read.
    Line(Zeroizing<String>, Instant),
    /// Text was pasted, or several lines came at once.
    Pasted,
    /// A line was typed whose beginning was dropped, because the question had changed.
    Cut,
    /// The terminal has another size.
    Resized,
    /// A second has passed.
    Tick,
    /// The keyboard is gone: the terminal was closed.
    KeyboardLost,
    /// The driver has a request.
    Driver(Box<Request>),
    /// Something happened in the room of a rehearsal.
    Room(RoomSeen),
    /// The driver has ended.
    Ended,
}

/// A request of the driver to the screens.
pub(super) enum Request {
    /// Record: something has happened.
    Show(Box<View>),
    /// Ask this question.
    Ask(Question, Option<Refusal>),
    /// Ask for a PIN.
    Pin(PinPrompt),
    /// Display these once.
    Once {
        holder: Handle,
        serial: u32,
        puk: Secret,
        management: Secret,
    },
    /// Hand this file to the holder.
    HandOver(HandOver),
    /// Show everybody what the ceremony does.
    PlanOfDay(PlanOfDay),
    /// Show the work under way. With `Cancel` it is a wait that can be ended.
    Working(Work, Option<Cancel>),
    /// Ask why a wait was ended.
    Interrupted,
    /// Ask for a wish that waits.
    Waiting,
    /// Ask whether to try again.
    Trouble(Trouble),
    /// Have this read.
    Told(Told),
    /// Show the bundle and its digest.
    Finished(Farewell),
    /// Show how far a turn outside of a ceremony is.
    Errand(Errand),
    /// Have this page of such a turn read.
    Read(EventPage),
}

impl Request {
    /// The wait that it begins, if it can be ended.
    pub(super) fn wait(&self) -> Option<Cancel> {
        match self {
            Self::Working(_, cancel) => cancel.clone(),
            _ => None,
        }
    }
}

/// The answer of the people in the room.
pub(super) enum Heard {
    /// An answer to the question.
    Answer(Answer),
    /// A PIN.
    Pin(Secret),
    /// How the holder takes the file.
    Takes(Takes),
    /// It was seen, or is to be tried again; or no wish waits.
    Done,
    /// The PIN is to be unblocked.
    Unblock,
    /// Something else is wanted.
    Interrupt(Interrupt),
}

/// The driver's operator: asks the screens, and waits for their answers.
pub(super) struct ScreenOperator {
    /// To the screens.
    pub screens: Sender<Message>,
    /// From the screens.
    pub heard: Receiver<Heard>,
}

impl ScreenOperator {
    fn send(&self, request: Request) {
        // Without screens every wait for a reply ends in `Leave`.
        let _ = self.screens.send(Message::Driver(Box::new(request)));
    }

    /// Waits for the reply to a request. If the screens have ended, nobody
    /// can answer: the operator leaves the ceremony, to be resumed.
    fn reply<T>(&self, mut pick: impl FnMut(Heard) -> Option<T>) -> Reply<T> {
        loop {
            match self.heard.recv() {
                Ok(Heard::Interrupt(interrupt)) => return Err(interrupt),
                Ok(heard) => {
                    if let Some(picked) = pick(heard) {
                        return Ok(picked);
                    }
                }
                Err(_) => return Err(Interrupt::Leave),
            }
        }
    }
}

fn done(heard: Heard) -> Option<()> {
    matches!(heard, Heard::Done).then_some(())
}

impl Operator for ScreenOperator {
    fn show(&mut self, view: &View) {
        self.send(Request::Show(Box::new(view.clone())));
    }

    fn ask(&mut self, question: &Question, refused: Option<&Refusal>) -> Reply<Answer> {
        self.send(Request::Ask(question.clone(), refused.cloned()));
        self.reply(|heard| match heard {
            Heard::Answer(answer) => Some(answer),
            _ => None,
        })
    }

    fn pin(&mut self, prompt: &PinPrompt) -> Reply<Secret> {
        self.send(Request::Pin(prompt.clone()));
        self.reply(|heard| match heard {
            Heard::Pin(pin) => Some(pin),
            _ => None,
        })
    }

    fn show_once(
        &mut self,
        holder: &Handle,
        serial: u32,
        puk: &Secret,
        management: &Secret,
    ) -> Reply<()> {
        self.send(Request::Once {
            holder: holder.clone(),
            serial,
            puk: puk.duplicate(),
            management: management.duplicate(),
        });
        self.reply(done)
    }

    fn hand_over(&mut self, file: &HandOver) -> Reply<Takes> {
        self.send(Request::HandOver(file.clone()));
        self.reply(|heard| match heard {
            Heard::Takes(takes) => Some(takes),
            _ => None,
        })
    }

    fn show_plan(&mut self, plan: &PlanOfDay) -> Reply<()> {
        self.send(Request::PlanOfDay(plan.clone()));
        self.reply(done)
    }

    fn working(&mut self, work: &Work, cancel: Option<&Cancel>) {
        self.send(Request::Working(work.clone(), cancel.cloned()));
    }

    fn interrupted(&mut self) -> Interrupt {
        self.send(Request::Interrupted);
        match self.reply(|_| None::<()>) {
            Err(interrupt) => interrupt,
            Ok(()) => Interrupt::Leave,
        }
    }

    fn waiting(&mut self) -> Option<Interrupt> {
        self.send(Request::Waiting);
        self.reply(done).err()
    }

    fn trouble(&mut self, trouble: &Trouble) -> Reply<Remedy> {
        self.send(Request::Trouble(trouble.clone()));
        self.reply(|heard| match heard {
            Heard::Done => Some(Remedy::Again),
            Heard::Unblock => Some(Remedy::Unblock),
            _ => None,
        })
    }

    fn errand(&mut self, errand: &Errand) {
        self.send(Request::Errand(errand.clone()));
    }

    fn read(&mut self, page: &EventPage) -> Reply<()> {
        self.send(Request::Read(page.clone()));
        self.reply(done)
    }

    fn told(&mut self, told: &Told) -> Reply<()> {
        self.send(Request::Told(told.clone()));
        self.reply(done)
    }

    fn finished(&mut self, farewell: &Farewell) {
        self.send(Request::Finished(farewell.clone()));
        // The screens have ended: nobody can ask for anything else.
        let _ = self.reply(done);
    }
}
