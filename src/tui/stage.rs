//! Running the screens: the driver on its thread, all input in one queue.

use std::{
    io, panic,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Instant,
};

use jiff::Timestamp;

use super::{
    give_back,
    interface::Interface,
    link::{Heard, Message, ScreenOperator},
    model::{Act, Model, Now},
    room::{self, Room, RoomChanged, RoomCommand},
};
use crate::driver::Operator;

/// Runs `drive` with an interface as its operator, until it returns.
pub(super) fn play<T: Send>(
    mut interface: impl Interface,
    model: Model,
    room: Option<Box<dyn Room + '_>>,
    drive: impl FnOnce(&mut dyn Operator) -> T + Send,
) -> io::Result<T> {
    let (tell, messages) = mpsc::channel();
    let (say, heard) = mpsc::channel();
    let (room_tell, room_commands) = mpsc::channel();
    let ended = AtomicBool::new(false);
    let (keyboard, listen) = (tell.clone(), interface.listener());
    let (shown, driven) = thread::scope(|scope| {
        scope.spawn(|| listen(&keyboard, &ended));
        // In every case, the keyboard's thread ends here.
        let over = Raised(&ended);
        let room_thread = room.map(|room| {
            let (changed, tell) = (RoomChanged(room_tell.clone()), tell.clone());
            scope.spawn(move || {
                room::serve(room, changed, &room_commands, |seen| {
                    let _ = tell.send(Message::Room(seen));
                });
            })
        });
        let driver = scope.spawn(|| {
            give_back::this_thread_ends_screens();
            let over = Ended(tell.clone());
            let mut operator = ScreenOperator {
                screens: tell,
                heard,
            };
            let driven = drive(&mut operator);
            drop(over);
            driven
        });
        let stage = Stage {
            model,
            started: Instant::now(),
            say,
            room: room_tell.clone(),
            wait: None,
        };
        let shown = stage.play(&messages, &mut interface);
        drop(over);
        drop(messages);
        let driven = driver.join();
        if room_thread.is_some() {
            let _ = room_tell.send(RoomCommand::Close);
        }
        (shown, driven)
    });
    drop(interface);
    match driven {
        Ok(driven) => shown.map(|()| driven),
        Err(panicked) => panic::resume_unwind(panicked),
    }
}

/// Announces that the screens have ended, also after a panic.
struct Raised<'f>(&'f AtomicBool);

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Announces that the driver has ended, also after a panic.
struct Ended(Sender<Message>);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.send(Message::Ended);
    }
}

/// What the loop needs apart from the terminal.
struct Stage {
    model: Model,
    started: Instant,
    say: Sender<Heard>,
    room: Sender<RoomCommand>,
    /// The driver's present wait, which ends when the screens end first.
    wait: Option<crate::device::Cancel>,
}

impl Stage {
    /// Takes input, changes the model and draws, until the driver has ended. When the
    /// terminal is lost before that, it ends the driver's wait.
    fn play(
        mut self,
        messages: &Receiver<Message>,
        interface: &mut impl Interface,
    ) -> io::Result<()> {
        let played = self.hear_all(messages, interface);
        let mut wait = self.wait.take();
        // Nobody can answer any more, so every question gets this answer.
        drop(self);
        if played.is_err() {
            loop {
                if let Some(wait) = wait {
                    wait.cancel();
                }
                wait = match messages.recv() {
                    Ok(Message::Driver(request)) => request.wait(),
                    Ok(Message::Ended) | Err(_) => break,
                    Ok(_) => None,
                };
            }
        }
        played
    }

    fn hear_all(
        &mut self,
        messages: &Receiver<Message>,
        interface: &mut impl Interface,
    ) -> io::Result<()> {
        self.show(interface)?;
        while let Ok(message) = messages.recv() {
            let mut message = Some(message);
            while let Some(next) = message {
                match next {
                    Message::Ended => return Ok(()),
                    Message::KeyboardLost => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Message::Pasted => interface.pasted(&mut self.model)?,
                    Message::Cut => interface.cut()?,
                    Message::Resized => interface.resized(),
                    Message::Line(line, at) => self.hear_line(&line, at, interface)?,
                    heard => self.hear(heard),
                }
                // All input that is waiting is drawn in one frame.
                message = messages.try_recv().ok();
            }
            self.show(interface)?;
        }
        Ok(())
    }

    /// A line is typed key by key, as long as the same screen takes the keys.
    fn hear_line(
        &mut self,
        line: &str,
        at: Instant,
        interface: &mut impl Interface,
    ) -> io::Result<()> {
        let keys = match self.model.is_meant(at) {
            true => interface.keys(line, &self.model),
            false => Vec::new(),
        };
        for key in keys {
            let before = self.model.turned();
            let acts = self.model.key(&key, at);
            self.act(acts);
            if self.model.turned() != before {
                break;
            }
        }
        self.show(interface)
    }

    fn hear(&mut self, message: Message) {
        let acts = match message {
            Message::Key(key, at) => self.model.key(&key, at),
            Message::Driver(request) => {
                self.wait = request.wait();
                self.model.request(*request)
            }
            Message::Room(seen) => self.model.room(seen),
            _ => Vec::new(),
        };
        self.act(acts);
    }

    fn act(&mut self, acts: Vec<Act>) {
        for act in acts {
            match act {
                // The driver has ended: nothing waits for it any more.
                Act::Tell(heard) => drop(self.say.send(heard)),
                Act::EndWait(cancel) => cancel.cancel(),
                Act::Room(command) => drop(self.room.send(command)),
            }
        }
    }

    fn show(&mut self, interface: &mut impl Interface) -> io::Result<()> {
        self.model.tick(Now {
            utc: Timestamp::now().as_second(),
            up: self.started.elapsed().as_secs(),
        });
        // An answer to the present screen comes after this moment.
        let drawn = Instant::now();
        interface.show(&mut self.model)?;
        self.model.shown(drawn);
        Ok(())
    }
}
