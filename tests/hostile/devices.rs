//! Readers, whose names come from the devices.

use testkit::{hostile::strings, programs::keymoot, room::Room};

use crate::{is_shown, printed};

#[test]
fn names_of_readers_are_shown_without_being_obeyed() {
    // A name ends with its first zero, so that no reader can have one in it.
    for hostile in strings::ALL.iter().filter(|h| !h.text.contains('\0')) {
        let name = format!("YubiKey {}", hostile.text);
        let room = Room::open(&["--inserted", "all", "--reader", &name]);
        for what in ["list", "info"] {
            let said = printed(
                keymoot()
                    .args(["device", what])
                    .env("PCSCLITE_CSOCK_NAME", room.socket()),
            );
            assert!(said.contains("firmware 5.7.4"), "{}: {said}", hostile.what);
            is_shown(hostile, &said);
        }
    }
}
