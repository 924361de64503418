//! Other programs at the same device.

use std::ffi::CString;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;

use keymoot::device::{Cancel, DeviceError, DeviceInfo, ErrorKind, Seen, Slots, piv};
use pcsc::{Card, Context, Disposition, Protocols, Scope, ShareMode};
use testkit::attacker::{Attacker, Manner};

use crate::holder::Holder;
use crate::namespace::play;

/// SELECT of the management application.
const OTHER_APPLICATION: &[u8] = &[
    0x00, 0xa4, 0x04, 0x00, 0x08, 0xa0, 0x00, 0x00, 0x05, 0x27, 0x47, 0x11, 0x17,
];

/// Another program at the device.
fn other(device: &DeviceInfo, share: ShareMode) -> Result<Card, pcsc::Error> {
    let reader = CString::new(device.place.clone()).unwrap();
    Context::establish(Scope::User)?.connect(&reader, share, Protocols::T1)
}

/// The error about a device that another program uses names it, and how to end that program.
fn is_in_use(error: &DeviceError, device: &DeviceInfo) -> bool {
    matches!(error.kind, ErrorKind::SharingViolation)
        && error.to_string().contains(&format!(
            "YubiKey {} is in use by another program",
            device.serial
        ))
        && error.help().contains("gpgconf --kill scdaemon")
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
            Slots::YubiKeys.wait_for_one(&Cancel::new(), tell)
        });
        assert!(told.recv().unwrap(), "it is seen, and cannot be read");
        drop(held);
        assert_eq!(waiting.join().unwrap().unwrap(), device);
    });
}

#[test]
fn a_device_in_another_programs_transaction_is_refused_before_the_time_is_up() {
    play(1, |service| {
        service.touch_when_asked();
        let device = service.insert(1);
        let holder = Holder::enrol(device.serial);
        let mut card = other(&device, ShareMode::Shared).unwrap();
        // As long as it takes: anyone who waits for its end gives up after 20 s and says that
        // the device does not answer.
        let transaction = card.transaction().unwrap();
        let error = holder.sign().unwrap_err();
        assert!(is_in_use(&error, &device), "{error}");
        assert!(transaction.end(Disposition::LeaveCard).is_ok());
        drop(card);
        assert!(holder.sign().is_ok());
    });
}

#[test]
fn nobody_can_select_another_application_between_the_pin_and_the_signature() {
    play(1, |service| {
        let device = service.insert(1);
        let holder = Holder::enrol(device.serial);
        let mut hand = service.toucher();
        let (tell, told) = mpsc::channel();
        let reader = device.clone();
        service.when_touch_is_awaited(move |number| {
            let selected = other(&reader, ShareMode::Shared).and_then(|card| {
                let mut room = [0; pcsc::MAX_BUFFER_SIZE];
                card.transmit(OTHER_APPLICATION, &mut room).map(drop)
            });
            hand.touch(number);
            tell.send(selected).unwrap();
        });
        assert!(holder.sign().is_ok());
        assert_eq!(told.recv().unwrap(), Err(pcsc::Error::SharingViolation));
    });
}

#[test]
fn another_program_gets_no_signature_from_the_holders_pin_and_touch() {
    play(1, |service| {
        service.touch_when_asked();
        let device = service.insert(1);
        let holder = Holder::enrol(device.serial);
        for manner in [Manner::Clinging, Manner::Dipping] {
            let attacker = Attacker::start(manner);
            let sign = || {
                attacker.await_a_try();
                holder.sign()
            };
            let outcomes: Vec<_> = (0..20).map(|_| sign()).collect();
            let loot = attacker.stop();
            println!("{manner:?}: {loot:?}");
            assert_eq!(loot.signatures.load(Ordering::SeqCst), 0, "{manner:?}");
            for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
                assert!(is_in_use(error, &device), "{manner:?}: {error}");
            }
            let refused = outcomes.iter().filter(|outcome| outcome.is_err()).count();
            assert!(refused > 0, "{manner:?}");
        }
        assert!(holder.sign().is_ok());
    });
}
