//! Other programs at the same device.

use std::sync::mpsc;
use std::thread;

use keymoot::device::{Cancel, DeviceError, DeviceInfo, ErrorKind, Seen, Slots, piv};
use testkit::another_program::{Attacker, Holding, Manner, select_another_application};

use crate::holder::Holder;
use crate::namespace::play;

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
        let held = Holding::alone();
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
        held.let_go();
        assert_eq!(waiting.join().unwrap().unwrap(), device);
    });
}

#[test]
fn a_device_in_another_programs_transaction_is_refused_before_the_time_is_up() {
    play(1, |service| {
        service.touch_when_asked();
        let device = service.insert(1);
        let holder = Holder::enrol(device.serial);
        // As long as it takes: anyone who waits for its end gives up after 20 s and says that
        // the device does not answer.
        let held = Holding::in_a_transaction();
        let error = holder.sign().unwrap_err();
        assert!(is_in_use(&error, &device), "{error}");
        held.let_go();
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
        service.when_touch_is_awaited(move |number| {
            let selected = select_another_application();
            hand.touch(number);
            tell.send(selected).unwrap();
        });
        assert!(holder.sign().is_ok());
        assert_eq!(told.recv().unwrap(), "Err(SharingViolation)\n");
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
            assert_eq!(loot.signatures, 0, "{manner:?}");
            for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
                assert!(is_in_use(error, &device), "{manner:?}: {error}");
            }
            let refused = outcomes.iter().filter(|outcome| outcome.is_err()).count();
            assert!(refused > 0, "{manner:?}");
        }
        assert!(holder.sign().is_ok());
    });
}
