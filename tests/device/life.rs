//! Provisioning, generating, attesting, signing, PINs.

use keymoot::device::piv::{self, KeyAlgorithm, KeyInSlot, Origin};
use keymoot::device::{Credential, DeviceError, ErrorKind, PinRefused};
use keymoot::host::secret::Secret;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::Holder;
use testkit::programs::yubico_piv_tool;
use testkit::room::play;

const ONE: &[&str] = &["--count", "1", "--inserted", "1"];
const ONE_OLD: &[&str] = &["--count", "1", "--inserted", "1", "--firmware", "5.4.3"];
const ONE_ANCIENT: &[&str] = &["--count", "1", "--inserted", "1", "--firmware", "4.3.5"];

#[test]
fn a_fresh_device_says_that_all_its_credentials_are_the_factorys() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        let contents = piv::contents(serial).unwrap();
        assert_eq!(
            (contents.pin.factory, contents.pin.tries),
            (Some(true), Some(3))
        );
        assert_eq!(
            (contents.puk.factory, contents.puk.tries),
            (Some(true), Some(3))
        );
        assert_eq!(contents.factory_management_key, Some(true));
        assert_eq!(contents.keys, Some(vec![]));
        let error = piv::no_defaults(serial).unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::FactoryCredential(_)),
            "{error}"
        );
    });
}

#[test]
fn a_provisioned_device_accepts_no_factory_credential() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        Holder::new().provision(serial);
        piv::no_defaults(serial).unwrap();
        let contents = piv::contents(serial).unwrap();
        assert_eq!(contents.pin.factory, Some(false));
        assert_eq!(contents.puk.factory, Some(false));
        assert_eq!(contents.factory_management_key, Some(false));
        assert_eq!(contents.pin.tries, Some(3), "the proof used up no tries");
    });
}

#[test]
fn a_device_in_use_is_not_provisioned_over_but_after_a_reset_it_is() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        let holder = Holder::new();
        holder.provision(serial);
        let error =
            piv::provision(serial, &holder.pin, &holder.puk, &holder.management_key).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NotFresh(_)), "{error}");
        assert!(error.help().contains("Reset"));
        piv::reset(serial).unwrap();
        Holder::new().provision(serial);
    });
}

#[test]
fn a_bad_pin_or_puk_is_refused_before_the_device_is_asked() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        let holder = Holder::new();
        let refusal = |pin: &Secret, puk: &Secret| match piv::provision(
            serial,
            pin,
            puk,
            &holder.management_key,
        ) {
            Err(DeviceError {
                kind: ErrorKind::PinRefused(credential, reason),
                ..
            }) => (credential, reason),
            other => panic!("{other:?}"),
        };
        let default = Secret::of(b"123456");
        assert_eq!(
            refusal(&default, &holder.puk),
            (Credential::Pin, PinRefused::Factory)
        );
        assert_eq!(
            refusal(&holder.pin, &holder.pin),
            (Credential::Puk, PinRefused::SameAsPuk)
        );
        assert_eq!(
            piv::contents(serial).unwrap().factory_management_key,
            Some(true)
        );
    });
}

#[test]
fn the_generated_key_is_the_attested_key_and_it_signs() {
    play(ONE, |desk| {
        desk.touch_when_asked();
        let serial = desk.device().serial;
        let holder = Holder::new();
        holder.provision(serial);
        assert_eq!(piv::slot_key(serial).unwrap(), None);

        let key = piv::generate(serial, &holder.management_key).unwrap();
        let evidence = piv::attest(serial).unwrap();
        let (_, attestation) = X509Certificate::from_der(&evidence.attestation).unwrap();
        let (_, device) = X509Certificate::from_der(&evidence.device).unwrap();
        assert_eq!(attestation.public_key().raw, key);
        attestation
            .verify_signature(Some(device.public_key()))
            .unwrap();
        assert_eq!(piv::slot_key(serial).unwrap(), Some(key.clone()));
        assert_eq!(
            piv::contents(serial).unwrap().keys,
            Some(vec![KeyInSlot {
                slot: 0x9c,
                algorithm: KeyAlgorithm::P256,
                origin: Some(Origin::Generated),
                pin_always: true,
                touch_always: true,
            }])
        );

        let mut touches = 0;
        let message = b"a document";
        let signature = piv::sign(serial, &holder.pin, message, || touches += 1).unwrap();
        assert_eq!(touches, 1);
        VerifyingKey::from_public_key_der(&key)
            .unwrap()
            .verify(message, &Signature::from_der(&signature).unwrap())
            .unwrap();
    });
}

#[test]
fn a_wrong_pin_counts_down_and_says_so_and_then_blocks() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        let holder = Holder::new();
        holder.provision(serial);
        let wrong = Secret::of(b"739165");
        for (left, said) in [(2, "2 tries left"), (1, "1 try left")] {
            let error =
                piv::sign(serial, &wrong, b"", || panic!("no touch is asked for")).unwrap_err();
            assert_eq!(error.tries(), Some(left));
            assert!(error.to_string().contains(said), "{error}");
            assert!(error.to_string().contains(&serial.to_string()), "{error}");
        }
        for _ in 0..2 {
            let error = piv::verify_pin(serial, &wrong).unwrap_err();
            assert!(matches!(error.kind, ErrorKind::PinBlocked), "{error}");
            assert!(error.help().contains("PUK"));
        }
        let error = piv::verify_pin(serial, &holder.pin).unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::PinBlocked),
            "the right one is too late: {error}"
        );
    });
}

#[test]
fn the_puk_unblocks_a_blocked_pin_and_wrong_ones_count_down() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        let holder = Holder::new();
        holder.provision(serial);
        while piv::verify_pin(serial, &Secret::of(b"739165"))
            .unwrap_err()
            .tries()
            != Some(0)
        {}

        let new = Secret::of(b"k7!29q");
        let error = piv::unblock_pin(serial, &Secret::of(b"73916500"), &new).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::WrongPuk(2)), "{error}");
        piv::unblock_pin(serial, &holder.puk, &new).unwrap();
        piv::verify_pin(serial, &new).unwrap();

        let wrong = Secret::of(b"73916500");
        while piv::unblock_pin(serial, &wrong, &new).unwrap_err().tries() != Some(0) {}
        let error = piv::unblock_pin(serial, &holder.puk, &new).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::PukBlocked), "{error}");
    });
}

#[test]
fn what_cannot_be_a_pin_is_refused_and_uses_up_no_try() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        for (typed, expected) in [
            ("", PinRefused::TooShort),
            ("739164285", PinRefused::TooLong),
            (
                "ccccccjlukunvvudkgkrnhlghbufhh",
                PinRefused::OneTimePassword,
            ),
        ] {
            let error = piv::sign(serial, &Secret::of(typed.as_bytes()), b"", || {}).unwrap_err();
            assert!(
                matches!(error.kind, ErrorKind::PinRefused(_, reason) if reason == expected),
                "{error}"
            );
            assert!(error.help().contains("no try"));
        }
        assert_eq!(piv::contents(serial).unwrap().pin.tries, Some(3));
    });
}

#[test]
fn without_a_key_signing_and_attesting_say_so() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        let holder = Holder::new();
        holder.provision(serial);
        let error = piv::sign(serial, &holder.pin, b"", || {}).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NoKey), "{error}");
        let error = piv::attest(serial).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NoKey), "{error}");
    });
}

#[test]
fn a_wrong_management_key_generates_nothing() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        Holder::new().provision(serial);
        for wrong in [Holder::new().management_key, Secret::of(b"too short")] {
            let error = piv::generate(serial, &wrong).unwrap_err();
            assert!(matches!(error.kind, ErrorKind::NotAuthenticated), "{error}");
        }
        assert_eq!(piv::slot_key(serial).unwrap(), None);
    });
}

#[test]
fn firmware_with_another_management_key_works_and_an_independent_client_finds_no_default() {
    play(ONE_OLD, |desk| {
        desk.touch_when_asked();
        let serial = desk.device().serial;
        let holder = Holder::new();
        assert!(
            yubico_piv_tool(&["-a", "verify-pin", "-P", "123456"]),
            "a factory PIN is a factory PIN"
        );
        holder.provision(serial);
        piv::generate(serial, &holder.management_key).unwrap();
        piv::sign(serial, &holder.pin, b"a document", || {}).unwrap();

        assert!(!yubico_piv_tool(&["-a", "verify-pin", "-P", "123456"]));
        assert!(!yubico_piv_tool(&[
            "-a",
            "change-puk",
            "-P",
            "12345678",
            "-N",
            "73916428"
        ]));
        assert!(
            !yubico_piv_tool(&["-a", "set-chuid"]),
            "the factory's management key opened it"
        );
        assert!(yubico_piv_tool(&["-a", "verify-pin", "-P", "739164"]));
    });
}

#[test]
fn ancient_firmware_is_refused_with_what_it_lacks() {
    play(ONE_ANCIENT, |desk| {
        let device = desk.device();
        let holder = Holder::new();
        let error = piv::provision(
            device.serial,
            &holder.pin,
            &holder.puk,
            &holder.management_key,
        )
        .unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::Unsupported { .. }),
            "{error}"
        );
        assert!(
            error.to_string().contains("4.3.5") && error.to_string().contains("5.3.0"),
            "{error}"
        );
        let contents = piv::contents(device.serial).unwrap();
        assert_eq!((contents.pin.tries, contents.keys), (Some(3), None));
        piv::reset(device.serial).unwrap();
    });
}
