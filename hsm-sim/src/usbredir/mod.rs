//! The door through USB: YubiKeys as devices of a virtual machine, over qemu's `usb-redir`.
//!
//! Each port is a unix socket on which qemu listens, the chardev of one `usb-redir` device. Seat 1 of the room is the
//! first port, seat 2 the second. The guest's kernel, libccid and pcscd see a YubiKey that comes and goes. A qemu
//! that ends is waited for, so that devices outlive a power cut.

mod ccid;
mod descriptors;
mod device;
mod port;
mod wire;

use crate::room::{ClientId, Room};
use device::Device;
use port::Port;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;

/// The one client of the room that watches it.
const WATCHER: ClientId = 0;

/// Serves the ports as long as the program runs.
pub fn serve(room: &Arc<Room>, sockets: Vec<PathBuf>) {
    let ports: Vec<_> = sockets
        .into_iter()
        .map(|socket| Arc::new(Port::new(socket)))
        .collect();
    for port in &ports {
        let port = Arc::clone(port);
        std::thread::spawn(move || port.serve());
    }
    let mut next = WATCHER;
    // The insertion that each port shows.
    let mut shown = vec![None; ports.len()];
    loop {
        let (tell, told) = channel();
        let mut readers = Vec::new();
        room.wait_for_change(
            WATCHER,
            |now| readers = now,
            Box::new(move || {
                // Nobody listens any more when the program ends.
                let _ = tell.send(());
            }),
        );
        for ((port, shown), reader) in ports.iter().zip(&mut shown).zip(readers) {
            if shown.take_if(|events| *events != reader.events).is_some() {
                port.unplug();
            }
            if let (None, Some(name)) = (&shown, reader.name) {
                next += 1;
                // A device that was pulled out again meanwhile is in no port.
                if let Ok(device) = Device::hold(next, room, &name) {
                    *shown = Some(reader.events);
                    port.plug(Arc::new(device));
                }
            }
        }
        // Told at the next change; the room keeps its end until then.
        if told.recv().is_err() {
            return;
        }
    }
}
