//! The devices of the room for doors that hand them on: each is held as a client of pcsc-lite holds
//! it, from the moment it is plugged in until it is pulled out.

use super::{ClientId, Room, SEATS, Share};
use crate::pcsc::code::{self, Code};
use std::sync::Arc;
use std::sync::mpsc::channel;

/// The one client of the room that watches it.
const WATCHER: ClientId = 0;

/// The reconnect that resets the device (pcsc-lite's `SCARD_RESET_CARD`).
const RESET: u32 = 1;

/// A device as it is plugged in now; after it was pulled out it answers nothing.
pub struct Held {
    room: Arc<Room>,
    client: ClientId,
    handle: i32,
}

impl Held {
    fn new(client: ClientId, room: &Arc<Room>, reader: &str) -> Result<Self, Code> {
        let context = room.establish(client);
        let handle = room.connect(client, context, reader, Share::Shared, code::T1);
        if handle.is_err() {
            room.hang_up(client);
        }
        handle.map(|handle| Self {
            room: Arc::clone(room),
            client,
            handle,
        })
    }

    /// Power off and on.
    ///
    /// # Errors
    /// It was pulled out.
    pub fn reset(&self) -> Result<(), Code> {
        self.room
            .reconnect(self.client, self.handle, Share::Shared, RESET)
    }

    /// The answer to a command. `alive` says whether anybody still waits for it.
    ///
    /// # Errors
    /// It was pulled out, or cannot answer.
    pub fn transmit(&self, command: &[u8], alive: impl Fn() -> bool) -> Result<Vec<u8>, Code> {
        self.room.transmit(self.client, self.handle, command, alive)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.hang_up(self.client);
    }
}

impl Room {
    /// Tells `change`, as long as the program runs, which seat a device leaves (none) or comes to.
    /// No change falls between two looks.
    pub fn follow(self: &Arc<Self>, mut change: impl FnMut(usize, Option<Held>)) {
        let mut client = WATCHER;
        // The insertion that was reported to each seat.
        let mut told: [Option<u32>; SEATS] = [None; SEATS];
        loop {
            let (tell, changed) = channel();
            let mut readers = Vec::new();
            self.wait_for_change(
                WATCHER,
                |now| readers = now,
                Box::new(move || {
                    // Nobody listens any more when the program ends.
                    let _ = tell.send(());
                }),
            );
            for ((seat, told), reader) in (0..).zip(&mut told).zip(readers) {
                if told.take_if(|events| *events != reader.events).is_some() {
                    change(seat, None);
                }
                if let (None, Some(name)) = (&told, reader.name) {
                    client += 1;
                    // One that was pulled out again meanwhile is reported at the next look.
                    if let Ok(held) = Held::new(client, self, &name) {
                        *told = Some(reader.events);
                        change(seat, Some(held));
                    }
                }
            }
            // The room keeps its end until the next change.
            if changed.recv().is_err() {
                return;
            }
        }
    }
}
