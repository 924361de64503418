//! The simulated devices of a rehearsal, which the keyboard inserts and touches.

pub(super) mod hands;

use std::{io, sync::mpsc::Sender};

/// A simulated device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomDevice {
    /// Its number, from 1: the device that the holder of that seat brings.
    pub number: usize,
    /// Its serial number, as printed on its case.
    pub serial: u32,
    /// Whether it is plugged in.
    pub inserted: bool,
    /// Whether it blinks and waits to be touched.
    pub awaiting_touch: bool,
}

/// The interface to the simulated devices. The calls are made on a
/// thread of their own: they may take time, and the screens do not wait.
pub trait Room: Send {
    /// The devices, in the order of their numbers.
    ///
    /// # Errors
    /// Why the devices cannot be read.
    fn devices(&mut self) -> io::Result<Vec<RoomDevice>>;

    /// Plugs a device in.
    ///
    /// # Errors
    /// Why it cannot be inserted.
    fn insert(&mut self, number: usize) -> io::Result<()>;

    /// Takes a device out.
    ///
    /// # Errors
    /// Why it cannot be taken out.
    fn remove(&mut self, number: usize) -> io::Result<()>;

    /// Touches a device.
    ///
    /// # Errors
    /// Why it cannot be touched.
    fn touch(&mut self, number: usize) -> io::Result<()>;

    /// From now on calls `changed` each time [`Room::devices`] would return something
    /// else, from any thread.
    ///
    /// # Errors
    /// Why changes cannot be observed.
    fn watch(&mut self, changed: RoomChanged) -> io::Result<()>;
}

/// Notifies the screens of a change.
#[derive(Debug, Clone)]
pub struct RoomChanged(pub(super) Sender<RoomCommand>);

impl RoomChanged {
    /// Something changed: look at the devices again.
    pub fn tell(&self) {
        // The screens have ended: no more looks.
        let _ = self.0.send(RoomCommand::Look);
    }
}

/// A command to the room's thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RoomCommand {
    /// Look at the devices.
    Look,
    /// Plug this device in.
    Insert(usize),
    /// Take this device out.
    Remove(usize),
    /// Touch this device.
    Touch(usize),
    /// The screens are gone.
    Close,
}

/// The room as it was last seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RoomSeen {
    /// The devices.
    pub devices: Vec<RoomDevice>,
    /// Why the last command failed.
    pub failed: Option<String>,
}

/// Serves the room until it is closed: performs requests and reports changes.
pub(super) fn serve(
    mut room: Box<dyn Room + '_>,
    changed: RoomChanged,
    commands: &std::sync::mpsc::Receiver<RoomCommand>,
    mut tell: impl FnMut(RoomSeen),
) {
    let mut done = room.watch(changed);
    let mut devices = Vec::new();
    loop {
        let looked = room.devices().map(|seen| devices = seen);
        let failed = done.and(looked).err().map(|error| error.to_string());
        tell(RoomSeen {
            devices: devices.clone(),
            failed,
        });
        done = match commands.recv() {
            Ok(RoomCommand::Look) => Ok(()),
            Ok(RoomCommand::Insert(number)) => room.insert(number),
            Ok(RoomCommand::Remove(number)) => room.remove(number),
            Ok(RoomCommand::Touch(number)) => room.touch(number),
            Ok(RoomCommand::Close) | Err(_) => return,
        };
    }
}
