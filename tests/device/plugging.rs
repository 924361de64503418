//! Plugging in and out, and the choice of the device.

use std::sync::mpsc;
use std::thread;

use keymoot::device::{Cancel, DeviceInfo, ErrorKind, Seen, Serial, Slots, Who, piv};

use testkit::another_program::Holding;
use testkit::room::play;

const TWO: &[&str] = &["--count", "2"];

/// What a wait reported, in short.
fn short(seen: &Seen) -> &'static str {
    match seen {
        Seen::Nothing => "nothing",
        Seen::One(_) => "one",
        Seen::Several(_) => "several",
        Seen::Unreadable(_) => "unreadable",
    }
}

#[test]
fn a_wait_ends_with_exactly_one_device_and_reports_what_it_sees_meanwhile() {
    play(TWO, |desk| {
        let (tell, told) = mpsc::channel();
        let waiting = thread::spawn(move || {
            Slots::YubiKeys.wait_for_one(&Cancel::new(), |seen| tell.send(short(seen)).unwrap())
        });
        assert_eq!(told.recv().unwrap(), "nothing");
        // Broken, so that the wait continues when it is plugged in.
        desk.fault("empty@1");
        desk.insert(1);
        assert_eq!(told.recv().unwrap(), "unreadable");
        desk.insert(2);
        assert_eq!(told.recv().unwrap(), "several");
        desk.remove(2);
        assert_eq!(told.recv().unwrap(), "one");
        let device = waiting.join().unwrap().unwrap();
        assert_eq!(device, desk.device());
    });
}

#[test]
fn a_wait_for_one_device_takes_it_once_another_beside_it_is_out() {
    play(TWO, |desk| {
        desk.insert(1);
        let wanted = desk.device().serial;
        desk.remove(1);
        desk.insert(2);
        let (tell, told) = mpsc::channel();
        let waiting = thread::spawn(move || {
            let is_wanted = |device: &DeviceInfo| device.serial == wanted;
            let tell = |seen: &Seen| tell.send(short(seen)).unwrap();
            Slots::YubiKeys.wait_for(&Cancel::new(), is_wanted, tell)
        });
        assert_eq!(told.recv().unwrap(), "one");
        desk.insert(1);
        assert_eq!(told.recv().unwrap(), "several");
        desk.remove(2);
        assert_eq!(waiting.join().unwrap().unwrap().serial, wanted);
    });
}

#[test]
fn a_wait_until_devices_are_gone_ends_with_the_last_of_them_out() {
    play(TWO, |desk| {
        for others in [false, true] {
            desk.insert(1);
            let (tell, told) = mpsc::channel();
            let waiting = thread::spawn(move || {
                let begun = || tell.send(()).unwrap();
                Slots::YubiKeys.wait_until_gone(&Cancel::new(), None, begun)
            });
            told.recv().unwrap();
            // One that comes later is not waited for.
            if others {
                desk.insert(2);
            }
            desk.remove(1);
            waiting.join().unwrap().unwrap();
        }
    });
}

#[test]
fn a_wait_until_a_certain_device_is_gone_leaves_another_in() {
    play(TWO, |desk| {
        desk.insert(1);
        let wrong = desk.device().serial;
        desk.insert(2);
        let gone = move |begun: &dyn Fn()| {
            Slots::YubiKeys.wait_until_gone(&Cancel::new(), Some(wrong), begun)
        };
        let (tell, told) = mpsc::channel();
        let waiting = thread::spawn(move || gone(&|| tell.send(()).unwrap()));
        told.recv().unwrap();
        desk.remove(1);
        waiting.join().unwrap().unwrap();
        // It is out, and nobody has to do anything.
        gone(&|| ()).unwrap();
    });
}

#[test]
fn a_cancelled_wait_ends() {
    play(TWO, |_| {
        let cancel = Cancel::new();
        let (tell, told) = mpsc::channel();
        let waiting = {
            let cancel = cancel.clone();
            thread::spawn(move || Slots::YubiKeys.wait_for_one(&cancel, |_| tell.send(()).unwrap()))
        };
        told.recv().unwrap();
        cancel.cancel();
        let error = waiting.join().unwrap().unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Cancelled));
        let error = Slots::YubiKeys
            .wait_until_gone(&cancel, None, || ())
            .unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::Cancelled),
            "it stays cancelled"
        );
    });
}

#[test]
fn with_two_devices_plugged_in_every_operation_refuses() {
    play(TWO, |desk| {
        desk.insert(1);
        let serial = desk.device().serial;
        desk.insert(2);
        let error = piv::contents(serial).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Several(2)), "{error}");
        assert_eq!(Slots::YubiKeys.present().unwrap().len(), 2);
    });
}

#[test]
fn another_device_than_the_wanted_one_is_named_and_not_used() {
    play(TWO, |desk| {
        desk.insert(1);
        let wanted = desk.device().serial;
        desk.remove(1);
        let error = piv::contents(wanted).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NotPresent), "{error}");
        desk.insert(2);
        let found = desk.device().serial;
        let error = piv::contents(wanted).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Other(found));
        assert_eq!(error.who, Who::YubiKey(wanted));
    });
}

#[test]
fn with_nothing_plugged_in_there_is_nothing_present() {
    play(TWO, |_| {
        assert_eq!(Slots::YubiKeys.present().unwrap(), []);
        let error = piv::contents(Serial(1)).unwrap_err();
        assert!(
            error.to_string().contains("YubiKey 1 is not plugged in"),
            "{error}"
        );
    });
}

#[test]
fn a_device_held_by_another_program_is_reported_and_found_when_released() {
    play(TWO, |desk| {
        desk.insert(1);
        let device = desk.device();
        let held = Holding::alone();
        let error = piv::contents(device.serial).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::SharingViolation), "{error}");

        let (tell, told) = mpsc::channel();
        let waiting = thread::spawn(move || {
            Slots::YubiKeys.wait_for_one(&Cancel::new(), |seen| tell.send(short(seen)).unwrap())
        });
        assert_eq!(told.recv().unwrap(), "unreadable");
        held.let_go();
        assert_eq!(told.recv().unwrap(), "one");
        assert_eq!(waiting.join().unwrap().unwrap(), device);
    });
}
