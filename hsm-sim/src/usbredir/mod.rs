//! The door through USB: YubiKeys as devices of a virtual machine, over qemu's `usb-redir`.
//!
//! Each port is a unix socket on which qemu listens, the chardev of one `usb-redir` device. Seat 1
//! of the room is the first port, seat 2 the second. The guest's kernel, libccid and pcscd see a
//! YubiKey that comes and goes. A qemu that ends is waited for, so that devices outlive a power
//! cut.

mod ccid;
mod descriptors;
mod port;
mod wire;

use crate::room::Room;
use port::Port;
use std::path::PathBuf;
use std::sync::Arc;

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
    room.follow(|seat, device| match (ports.get(seat), device) {
        (Some(port), Some(device)) => port.plug(Arc::new(device)),
        (Some(port), None) => port.unplug(),
        // More devices than ports.
        (None, _) => {}
    });
}
