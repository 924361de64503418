//! The whole life of a device, through the real libpcsclite and the real
//! `yubikey` crate, with simulated devices at the other end of the wire.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod check;
mod command_line;
mod diagnoses;
mod faults;
mod known_state;
mod life;
mod plugging;
mod shared;
mod unblock;
mod yubihsm;

use keymoot::device::{Serial, new_puk, piv};
use keymoot::host::secret::Secret;

/// The secrets of a device's holder.
struct Holder {
    pin: Secret,
    puk: Secret,
    management_key: Secret,
}

impl Holder {
    fn new() -> Self {
        let pin = Secret::of(b"739164");
        Self {
            puk: new_puk(&pin).unwrap(),
            pin,
            management_key: Secret::random_bytes(piv::MANAGEMENT_KEY_LENGTH).unwrap(),
        }
    }

    fn provision(&self, serial: Serial) {
        piv::provision(serial, &self.pin, &self.puk, &self.management_key).unwrap();
    }
}
