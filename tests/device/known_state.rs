//! What keymoot reads of a device before it changes the device.

use keymoot::device::{Credential, ErrorKind, Slots, piv};
use keymoot::host::secret::Secret;
use keymoot_attestation::{Family, TrustStore};
use keymoot_core::Rule;
use keymoot_record::rules::device::{certificate, tries};
use keymoot_record::transcript::{DeviceSetting, PinTries, Time, Tries};
use yubikey::{MgmAlgorithmId, MgmKey, YubiKey};

use crate::Holder;
use testkit::room::play;

const ONE: &[&str] = &["--count", "1", "--inserted", "1"];
const STRICT: &[&str] = &["--inserted", "1", "--firmware", "5.7.4-fips-complexity"];
const WITHOUT_PIV: &[&str] = &["--inserted", "1", "--firmware", "5.7.4-no-piv"];
const HIDDEN: &[&str] = &[
    "--inserted",
    "1,2",
    "--count",
    "2",
    "--firmware",
    "5.7.4-no-serial,4.3.5-no-serial",
];

const THREE: Tries = Tries { total: 3, left: 3 };

/// Sets the tries of a fresh device, which stays fresh in every other way.
fn set_tries(pin: u8, puk: u8) {
    let mut device = YubiKey::open().unwrap();
    device
        .authenticate(&MgmKey::get_default(&device).unwrap())
        .unwrap();
    device.verify_pin(b"123456").unwrap();
    device.set_pin_retries(pin, puk).unwrap();
}

#[test]
fn a_device_that_was_set_to_255_tries_seems_fresh_and_is_refused_until_it_is_reset() {
    play(ONE, |desk| {
        set_tries(255, 254);
        let device = desk.device();
        assert!(piv::contents(device.serial).unwrap().is_fresh());
        let many = |total| Tries { total, left: total };
        let (pin, puk) = (many(255), many(254));
        assert_eq!(device.tries, Some(PinTries { pin, puk }));
        let verdict = tries(device.serial.0, device.tries);
        assert!(verdict.rule.id() == Rule::DeviceTries.id() && verdict.is_violated());

        piv::reset(device.serial).unwrap();
        let holder = Holder::new();
        let after = piv::provision(
            device.serial,
            &holder.pin,
            &holder.puk,
            &holder.management_key,
        );
        let (pin, puk) = (THREE, THREE);
        assert_eq!(after.unwrap(), Some(PinTries { pin, puk }));
    });
}

#[test]
fn the_tries_that_are_left_are_read_without_using_one_up() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        let _ = piv::verify_pin(serial, &Secret::of(b"739165"));
        for _ in 0..3 {
            let (pin, puk) = (Tries { total: 3, left: 2 }, THREE);
            assert_eq!(desk.device().tries, Some(PinTries { pin, puk }));
        }
    });
}

#[test]
fn a_device_says_what_it_demands_and_what_is_switched_on() {
    play(STRICT, |desk| {
        let config = desk.device().config;
        assert_eq!(
            config.settings,
            [
                DeviceSetting::PinComplexity,
                DeviceSetting::Fips,
                DeviceSetting::LongPins
            ]
        );
        assert_eq!(config.applications, ["PIV"]);
        assert!(config.serial_visible);
    });
}

#[test]
fn a_pin_that_the_device_refuses_is_no_broken_device() {
    play(STRICT, |desk| {
        let serial = desk.device().serial;
        let holder = Holder::new();
        let short = Secret::of(b"739164");
        let error =
            piv::provision(serial, &short, &holder.puk, &holder.management_key).unwrap_err();
        assert_eq!(error.kind, ErrorKind::PinForbidden(Credential::Pin));
        assert!(error.help().contains("8 characters"), "{}", error.help());
        piv::reset(serial).unwrap();
        let long = Secret::of(b"73916428");
        piv::provision(serial, &long, &holder.puk, &holder.management_key).unwrap();
    });
}

#[test]
fn what_a_reset_destroys_is_listed() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        let holder = Holder::new();
        assert_eq!(
            piv::contents(serial).unwrap().state().lost(),
            Vec::<String>::new()
        );
        holder.provision(serial);
        piv::generate(serial, &holder.management_key).unwrap();
        let mut device = YubiKey::open().unwrap();
        let key = MgmKey::from_bytes(holder.management_key.expose(), Some(MgmAlgorithmId::Aes192))
            .unwrap();
        device.authenticate(&key).unwrap();
        device.save_object(0x005f_c102, &mut [0x30, 0]).unwrap();
        drop(device);
        let contents = piv::contents(serial).unwrap();
        assert!(!contents.is_fresh());
        assert_eq!(
            contents.state().lost(),
            [
                "the P-256 key in slot 9c, generated on the device",
                "the card holder's identifier (CHUID)",
                "its PIN",
                "its PUK",
                "its management key",
            ]
        );
        assert!(contents.certificate.is_some());
    });
}

#[test]
fn an_object_in_a_retired_slot_or_of_a_managing_program_makes_a_device_not_fresh() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        for (object, name) in [
            (0x005f_c10d, "the certificate of slot 82"),
            (0x005f_c120, "the certificate of slot 95"),
            (0x005f_ff00, "settings of the management key"),
        ] {
            let mut device = YubiKey::open().unwrap();
            let factory = MgmKey::get_default(&device).unwrap();
            device.authenticate(&factory).unwrap();
            device.save_object(object, &mut [0x30, 0]).unwrap();
            drop(device);
            let contents = piv::contents(serial).unwrap();
            assert!(!contents.is_fresh());
            assert_eq!(contents.state().lost(), [name]);
            piv::reset(serial).unwrap();
        }
    });
}

#[test]
fn a_device_whose_piv_is_switched_off_says_so_and_how_to_switch_it_on() {
    play(WITHOUT_PIV, |_| {
        let error = Slots::YubiKeys.present().unwrap().remove(0).unwrap_err();
        assert_eq!(error.kind, ErrorKind::NoPiv);
        assert!(error.help().contains("ykman config usb --enable PIV"));
    });
}

#[test]
fn a_device_that_hides_its_serial_number_says_so_and_how_to_show_it() {
    play(HIDDEN, |_| {
        for device in Slots::YubiKeys.present().unwrap() {
            let error = device.unwrap_err();
            assert_eq!(error.kind, ErrorKind::SerialHidden);
            assert!(error.help().contains("serial-api-visible"));
        }
    });
}

#[test]
fn a_simulated_device_is_refused_by_its_certificate_before_anything_is_changed() {
    play(ONE, |desk| {
        let contents = piv::contents(desk.device().serial).unwrap();
        let now = Time::from_unix(1_790_000_000).unwrap();
        let trust = TrustStore::vendor().unwrap();
        for der in [contents.certificate.as_deref(), None] {
            let verdict = certificate(Family::YubiKey, der, &trust, now);
            assert_eq!(verdict.rule.id(), Rule::DeviceChain.id());
            assert!(verdict.is_violated(), "{}", verdict.detail);
        }
    });
}

#[test]
fn a_configuration_that_is_not_read_whole_makes_no_device_without_settings() {
    play(STRICT, |desk| {
        let settings = desk.device().config.settings;
        assert!(settings.contains(&DeviceSetting::LongPins));
        for fault in [
            "error@0x1D=6F00",
            "empty@0x1D",
            "bare@0x1D",
            "truncate@0x1D",
            "corrupt@0x1D",
            "long@0x1D",
            "service@0x1D=80100016",
        ] {
            desk.fault(fault);
            let seen = Slots::YubiKeys.present().unwrap().remove(0);
            assert!(seen.is_err(), "{fault}: {seen:?}");
            assert_eq!(desk.device().config.settings, settings);
        }
    });
}
