//! The devices as they are now: which are plugged in, where, and who holds which.

use super::handles::{ClientId, Handle, Handles, Share};
use super::reader::ReaderName;
use crate::pcsc::code::{self, Code};
use crate::pcsc::wire::ReaderState;
use crate::yubikey::Card;
use crate::yubikey::fault::Plan;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::mpsc::Sender;

/// The end of a handle, or a reconnect, that leaves the device as it is (pcsc-lite's
/// `SCARD_LEAVE_CARD`).
pub(super) const LEAVE_CARD: u32 = 0;

/// Readers a pcsc-lite client can see at a time: the length of its reader state array.
pub const SEATS: usize = 16;

/// What somebody at the control socket may get wrong.
#[derive(Debug, thiserror::Error)]
pub enum RoomError {
    /// There is no such device.
    #[error("there is no device {0}; devices are numbered from 1 to {1}")]
    NoDevice(usize, usize),
    /// It is plugged in already.
    #[error("device {0} is already inserted")]
    AlreadyIn(usize),
    /// It is not plugged in.
    #[error("device {0} is not inserted")]
    NotIn(usize),
    /// No seat is free.
    #[error("all {SEATS} readers are taken; remove a device first")]
    Full,
}

/// Whether somebody has to touch a device, and did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Touch {
    Idle,
    Awaited,
    Given,
}

pub(super) struct Bay {
    /// Absent while it carries out a command.
    pub(super) card: Option<Card>,
    /// Changes each time the device loses power or is reset; the card notices at the next command
    /// to it.
    pub(super) epoch: u64,
    /// The epoch the card itself has seen.
    pub(super) card_epoch: u64,
    /// Where it is plugged in, and which insertion that was.
    pub(super) plugged: Option<Plugged>,
    pub(super) touch: Touch,
    pub(super) serial: u32,
    pub(super) model: String,
}

#[derive(Clone, Copy)]
pub(super) struct Plugged {
    pub(super) seat: usize,
    pub(super) insertion: u64,
}

#[derive(Default)]
pub(super) struct Seat {
    pub(super) device: Option<usize>,
    /// Insertions and removals so far; clients notice changes by it.
    pub(super) events: u32,
}

pub(super) struct World {
    pub(super) bays: Vec<Bay>,
    pub(super) seats: [Seat; SEATS],
    pub(super) handles: Handles,
    pub(super) faults: Plan,
    pub(super) insertions: u64,
    /// What the readers are called, before their numbers.
    pub(super) reader: ReaderName,
    /// Whether no client may open a device.
    pub(super) forbidden: bool,
    pub(super) watchers: Vec<Sender<String>>,
    /// Clients that wait for a reader to come or go.
    pub(super) waiting: HashMap<ClientId, Box<dyn FnOnce() + Send>>,
}

impl World {
    pub(super) fn index(&self, device: usize) -> Result<usize, RoomError> {
        match device.checked_sub(1) {
            Some(index) if index < self.bays.len() => Ok(index),
            _ => Err(RoomError::NoDevice(device, self.bays.len())),
        }
    }

    pub(super) fn unplug(&mut self, index: usize) -> bool {
        let bay = &mut self.bays[index];
        let Some(plugged) = bay.plugged.take() else {
            return false;
        };
        bay.epoch += 1;
        self.handles.abort_transaction(index);
        self.seats[plugged.seat].device = None;
        self.seats[plugged.seat].events += 1;
        self.announce("removed", index);
        self.notify_waiting();
        true
    }

    pub(super) fn announce(&mut self, event: &str, index: usize) {
        let line = json!({ "event": event, "device": index + 1 }).to_string();
        self.watchers
            .retain(|watcher| watcher.send(line.clone()).is_ok());
    }

    pub(super) fn notify_waiting(&mut self) {
        for (_, call) in self.waiting.drain() {
            call();
        }
    }

    pub(super) fn devices(&self) -> Value {
        (1..)
            .zip(&self.bays)
            .map(|(device, bay)| {
                json!({
                    "device": device,
                    "serial": bay.serial,
                    "firmware": bay.model,
                    "inserted": bay.plugged.is_some(),
                    "awaiting_touch": bay.touch == Touch::Awaited,
                })
            })
            .collect()
    }

    pub(super) fn readers(&self) -> Vec<ReaderState> {
        self.seats
            .iter()
            .enumerate()
            .map(|(number, seat)| ReaderState {
                name: seat.device.map(|_| self.reader.of(number)),
                events: seat.events,
                sharing: seat.device.map_or(0, |index| self.sharing(index)),
            })
            .collect()
    }

    /// pcsc-lite's count: how many share the device, -1 when one has it alone.
    pub(super) fn sharing(&self, index: usize) -> i32 {
        let Some(plugged) = self.bays[index].plugged else {
            return 0;
        };
        let mut handles = self.handles.of_device(index, plugged.insertion);
        if handles.any(|handle| handle.share == Share::Exclusive) {
            return -1;
        }
        let count = self.handles.of_device(index, plugged.insertion).count();
        i32::try_from(count).unwrap_or(i32::MAX)
    }

    /// The handle, when it is `client`'s and its device is still the one it was opened on.
    pub(super) fn usable(&self, client: ClientId, number: i32) -> Result<&Handle, Code> {
        let handle = self.present(client, number)?;
        if self.bays[handle.index].epoch == handle.epoch {
            Ok(handle)
        } else {
            Err(code::RESET_CARD)
        }
    }

    pub(super) fn present(&self, client: ClientId, number: i32) -> Result<&Handle, Code> {
        let handle = self
            .handles
            .open
            .get(&number)
            .filter(|h| h.client == client)
            .ok_or(code::INVALID_HANDLE)?;
        match self.bays[handle.index].plugged {
            Some(Plugged { insertion, .. }) if insertion == handle.insertion => Ok(handle),
            _ => Err(code::REMOVED_CARD),
        }
    }

    /// A reset everybody but its cause has to notice.
    pub(super) fn reset(&mut self, number: i32) {
        let Some(handle) = self.handles.open.get_mut(&number) else {
            return;
        };
        let bay = &mut self.bays[handle.index];
        bay.epoch += 1;
        handle.epoch = bay.epoch;
    }

    pub(super) fn close(&mut self, number: i32, disposition: u32) {
        let Some(handle) = self.handles.open.get(&number) else {
            return;
        };
        let (index, insertion) = (handle.index, handle.insertion);
        let free = self.handles.free_for(number, index);
        if disposition != LEAVE_CARD
            && free
            && self.bays[index]
                .plugged
                .is_some_and(|p| p.insertion == insertion)
        {
            self.reset(number);
        }
        if self.handles.transactions.get(&index) == Some(&number) {
            self.handles.transactions.remove(&index);
        }
        self.handles.open.remove(&number);
    }
}
