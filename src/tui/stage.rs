//! Running the screens: the driver on its thread, all input in one queue.

use std::{
    io, panic,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use super::{
    Operator,
    link::{Heard, Message, ScreenOperator},
    model::{Act, Model, Now},
    room::{self, Room, RoomChanged, RoomCommand},
    style::Sheet,
    terminal::{self, TakenTerminal},
};
use keymoot_record::transcript::Mode;

/// An interface: how the model is shown, and how input comes.
pub(super) trait Face {
    /// Shows the present model.
    ///
    /// # Errors
    /// What the terminal refused.
    fn show(&mut self, model: &mut Model) -> io::Result<()>;

    /// The terminal had another size, if only for a moment.
    fn resized(&mut self) {}

    /// The keys of a typed line; where keys come one by one, there are
    /// no lines.
    fn keys(&mut self, _line: &str, _model: &Model) -> Vec<KeyEvent> {
        Vec::new()
    }

    /// Several lines came at once, and none was taken.
    ///
    /// # Errors
    /// What the terminal refused.
    fn pasted(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Listens until `ended`, and sends each input, and each second.
    fn listener(&self) -> fn(&Sender<Message>, &AtomicBool);
}

/// How often the keyboard's thread checks whether it should end.
pub(super) const GLANCE: Duration = Duration::from_millis(100);

/// Runs `drive` with the screens as its operator, until it returns. `room` has
/// the simulated devices of a rehearsal.
///
/// The terminal is taken over and given back in every case, also when either
/// side panics. When the terminal is lost, `drive` gets the answer that people left.
///
/// # Errors
/// What the terminal refused. `drive` has ended then, too.
///
/// # Panics
/// When `drive` panics.
pub fn run<T: Send>(
    mode: Mode,
    title: &str,
    room: Option<Box<dyn Room + '_>>,
    drive: impl FnOnce(&mut dyn Operator) -> T + Send,
) -> io::Result<T> {
    let model = Model::new(
        mode,
        title.to_owned(),
        Sheet::of_environment(),
        room.is_some(),
    );
    play(TakenTerminal::take()?, model, room, drive)
}

/// Runs `drive` with an interface as its operator, until it returns.
pub(super) fn play<T: Send>(
    mut face: impl Face,
    model: Model,
    room: Option<Box<dyn Room + '_>>,
    drive: impl FnOnce(&mut dyn Operator) -> T + Send,
) -> io::Result<T> {
    let (tell, messages) = mpsc::channel();
    let (say, heard) = mpsc::channel();
    let (room_tell, room_commands) = mpsc::channel();
    let ended = AtomicBool::new(false);
    let (keyboard, listen) = (tell.clone(), face.listener());
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
            terminal::this_thread_ends_screens();
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
        let shown = stage.play(&messages, &mut face);
        drop(over);
        drop(messages);
        let driven = driver.join();
        if room_thread.is_some() {
            let _ = room_tell.send(RoomCommand::Close);
        }
        (shown, driven)
    });
    drop(face);
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
    fn play(mut self, messages: &Receiver<Message>, face: &mut impl Face) -> io::Result<()> {
        let played = self.hear_all(messages, face);
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

    fn hear_all(&mut self, messages: &Receiver<Message>, face: &mut impl Face) -> io::Result<()> {
        self.show(face)?;
        while let Ok(message) = messages.recv() {
            let mut message = Some(message);
            while let Some(next) = message {
                match next {
                    Message::Ended => return Ok(()),
                    Message::KeyboardLost => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Message::Pasted => face.pasted()?,
                    Message::Resized => face.resized(),
                    Message::Line(line, at) => self.hear_line(&line, at, face)?,
                    heard => self.hear(heard),
                }
                // All input that is waiting is drawn in one frame.
                message = messages.try_recv().ok();
            }
            self.show(face)?;
        }
        Ok(())
    }

    /// A line is typed key by key, as long as the same screen takes the keys.
    fn hear_line(&mut self, line: &str, at: Instant, face: &mut impl Face) -> io::Result<()> {
        for key in face.keys(line, &self.model) {
            let before = self.model.turned();
            let acts = self.model.key(&key, at);
            self.act(acts);
            if self.model.turned() != before {
                break;
            }
        }
        self.show(face)
    }

    fn hear(&mut self, message: Message) {
        let acts = match message {
            Message::Key(key, at) => self.model.key(&key, at),
            Message::Driver(request) => {
                self.wait = request.wait();
                self.model.request(request)
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

    fn show(&mut self, face: &mut impl Face) -> io::Result<()> {
        self.model.tick(Now {
            utc: Timestamp::now().as_second(),
            up: self.started.elapsed().as_secs(),
        });
        // An answer to the present screen comes after this moment.
        let drawn = Instant::now();
        face.show(&mut self.model)?;
        self.model.shown(drawn);
        Ok(())
    }
}

/// The rest of the current second.
pub(super) fn until_next_second() -> Duration {
    let second = Timestamp::now().subsec_nanosecond().unsigned_abs();
    Duration::from_nanos(u64::from(1_000_000_000_u32.saturating_sub(second)))
}
