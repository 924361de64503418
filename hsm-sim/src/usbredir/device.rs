//! A device of the room, held as a client of pcsc-lite holds it.

use crate::pcsc::code::{self, Code};
use crate::room::{ClientId, Room, Share};
use std::sync::Arc;

/// The reconnect that resets the device (pcsc-lite's `SCARD_RESET_CARD`).
const RESET: u32 = 1;

/// A device as it is plugged in now; after it was pulled out it answers nothing.
pub struct Device {
    room: Arc<Room>,
    client: ClientId,
    handle: i32,
}

impl Device {
    /// The device in this reader.
    ///
    /// # Errors
    /// It was pulled out again.
    pub fn hold(client: ClientId, room: &Arc<Room>, reader: &str) -> Result<Self, Code> {
        let context = room.establish(client);
        match room.connect(client, context, reader, Share::Shared, code::T1) {
            Ok(handle) => Ok(Self {
                room: Arc::clone(room),
                client,
                handle,
            }),
            Err(code) => {
                room.hang_up(client);
                Err(code)
            }
        }
    }

    /// Power off and on.
    pub fn reset(&self) {
        // A device that was pulled out has no power anyway.
        let _ = self
            .room
            .reconnect(self.client, self.handle, Share::Shared, RESET);
    }

    /// The answer to a command; none from a device that was pulled out.
    #[must_use]
    pub fn transmit(&self, command: &[u8]) -> Option<Vec<u8>> {
        self.room
            .transmit(self.client, self.handle, command, || true)
            .ok()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.room.hang_up(self.client);
    }
}
