//! Other programs at the same device.

use std::ffi::CString;
use std::sync::mpsc;
use std::thread;

use keymoot::device::{Bench, Cancel, DeviceError, DeviceInfo, Seen, piv};
use pcsc::{Card, Context, Protocols, Scope, ShareMode};

use crate::namespace::play;

/// Another program at the device.
fn other(device: &DeviceInfo, share: ShareMode) -> Result<Card, pcsc::Error> {
    let reader = CString::new(device.reader.clone()).unwrap();
    Context::establish(Scope::User)?.connect(&reader, share, Protocols::T1)
}

/// What is said of a device that another program uses names it, and what ends that program.
fn is_in_use(error: &DeviceError, device: &DeviceInfo) -> bool {
    matches!(error, DeviceError::SharingViolation { .. })
        && error.to_string().contains(&format!(
            "YubiKey {} is in use by another program",
            device.serial
        ))
        && error.next_step().contains("gpgconf --kill scdaemon")
}

#[test]
fn a_device_that_another_program_has_alone_is_refused_and_found_when_it_is_free() {
    play(1, |service| {
        let device = service.insert(1);
        let held = other(&device, ShareMode::Exclusive).unwrap();
        let error = piv::contents(device.serial).unwrap_err();
        assert!(is_in_use(&error, &device), "{error}");
        let (tell, told) = mpsc::channel();
        let waiting = thread::spawn(move || {
            let tell = |seen: &Seen| {
                let _ = tell.send(matches!(seen, Seen::Unreadable(_)));
            };
            Bench::open().unwrap().wait_for_one(&Cancel::new(), tell)
        });
        assert!(told.recv().unwrap(), "it is seen, and cannot be read");
        drop(held);
        assert_eq!(waiting.join().unwrap().unwrap(), device);
    });
}
