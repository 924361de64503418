//! The service, the reader or the device goes away, and comes back.

use std::sync::mpsc;
use std::thread;

use keymoot::device::{Cancel, ErrorKind, Seen, Slots, piv};

use crate::holder::Holder;
use crate::namespace::play;
use crate::service::until;

#[test]
fn a_device_that_goes_and_comes_back_is_waited_for() {
    play(1, |service| {
        let device = service.insert(1);
        service.remove(1);
        let slots = Slots::YubiKeys;
        slots.wait_until_gone(&Cancel::new(), None, || ()).unwrap();
        let error = piv::contents(device.serial).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NotPresent), "{error}");
        let waiting = thread::spawn(|| Slots::YubiKeys.wait_for_one(&Cancel::new(), |_| {}));
        service.plug_in(1);
        assert_eq!(waiting.join().unwrap().unwrap(), device);
    });
}

#[test]
fn a_service_that_dies_while_a_device_is_awaited_ends_the_wait_and_the_next_one_finds_it() {
    play(1, |service| {
        let (tell, told) = mpsc::channel();
        let waiting = thread::spawn(move || {
            let tell = |seen: &Seen| {
                let _ = tell.send(matches!(seen, Seen::Nothing));
            };
            Slots::YubiKeys.wait_for_one(&Cancel::new(), tell)
        });
        assert!(told.recv().unwrap());
        service.kill_pcscd();
        let error = waiting.join().unwrap().unwrap_err();
        assert!(matches!(error.kind, ErrorKind::ServiceMissing), "{error}");
        service.start_pcscd();
        let device = service.insert(1);
        assert!(piv::contents(device.serial).unwrap().is_fresh());
    });
}

#[test]
fn a_service_that_dies_while_a_device_signs_costs_the_signature_alone() {
    play(1, |service| {
        let device = service.insert(1);
        let holder = Holder::enrol(device.serial);
        let (tell, told) = mpsc::channel();
        service.when_touch_is_awaited(move |_| tell.send(()).unwrap());
        let signing = thread::spawn(move || (holder.sign(), holder));
        told.recv().unwrap();
        service.kill_pcscd();
        let (outcome, holder) = signing.join().unwrap();
        let error = outcome.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::ServiceMissing), "{error}");

        service.start_pcscd();
        let back = until("the device is there again", || {
            Slots::YubiKeys.present().ok()?.pop()?.ok()
        });
        assert_eq!(back, device);
        service.touch_when_asked();
        assert!(holder.sign().is_ok());
    });
}

#[test]
fn a_reader_that_goes_and_comes_back_is_found_again() {
    play(1, |service| {
        let device = service.insert(1);
        service.kill_pcscd();
        service.start_pcscd_without_reader();
        assert_eq!(Slots::YubiKeys.present().unwrap(), []);
        let error = piv::contents(device.serial).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NotPresent), "{error}");
        service.kill_pcscd();
        service.start_pcscd();
        let back = until("the device is there again", || {
            Slots::YubiKeys.present().ok()?.pop()?.ok()
        });
        assert_eq!(back, device);
    });
}
