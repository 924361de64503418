//! Unplugged, garbled and silent, at every single command: always an error or
//! the whole result, never a crash, and the next attempt works.

use keymoot::device::{DeviceError, ErrorKind, Serial, piv};
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::Holder;
use testkit::room::{Desk, play};

const ONE: &[&str] = &["--count", "1", "--inserted", "1"];

/// A device that waits for a touch as long as it takes to be touched at once.
const IMPATIENT: &[&str] = &["--inserted", "1", "--touch-timeout", "0.5"];

/// More commands than any operation here sends.
const TOO_MANY: usize = 200;

/// How the simulator garbles a reply, in its words.
const GARBLED: [&str; 5] = ["corrupt", "truncate", "empty", "bare", "error"];

/// Runs `operation` while the device is pulled out at its first command, then
/// at its second, and so on until it runs through; each time it must say that
/// the device is gone. Afterwards the device is plugged in again and `repair`
/// shows that all is well. Returns how many commands the operation sends.
fn unplugged_at_every_command<T>(
    desk: &mut Desk,
    kind: &str,
    mut operation: impl FnMut() -> Result<T, DeviceError>,
    mut repair: impl FnMut(),
) -> usize {
    for n in 1..TOO_MANY {
        desk.fault(&format!("{kind}@{n}"));
        match operation() {
            Ok(_) => {
                // It has run through: the fault is still to come.
                desk.fault("");
                return n - 1;
            }
            Err(error) if error.kind == ErrorKind::Removed => {}
            Err(error) => panic!("{kind}@{n}: {error} ({error:?})"),
        }
        desk.insert(1);
        repair();
    }
    panic!("{kind}: the operation does not end");
}

/// Runs `operation` with each of its `commands` answered by nonsense of each
/// kind in turn: it may fail in any way but by hanging. `repair` sees the outcome
/// and shows that all is well.
fn garbled_at_every_command<T>(
    desk: &mut Desk,
    commands: usize,
    mut operation: impl FnMut() -> Result<T, DeviceError>,
    mut repair: impl FnMut(Result<T, DeviceError>),
) {
    for kind in GARBLED {
        for n in 1..=commands {
            let value = if kind == "error" { "=6F00" } else { "" };
            desk.fault(&format!("{kind}@{n}{value}"));
            let outcome = operation();
            if let Err(error) = &outcome {
                assert!(
                    !matches!(error.kind, ErrorKind::Hung(_)),
                    "{kind}@{n}: {error}"
                );
                assert!(!error.help().is_empty());
            }
            repair(outcome);
        }
    }
}

/// How many commands an operation sends that ends well and can be repeated.
fn commands_of<T>(
    desk: &mut Desk,
    operation: impl FnMut() -> Result<T, DeviceError>,
    repair: impl FnMut(),
) -> usize {
    let commands = unplugged_at_every_command(desk, "unplug", operation, repair);
    assert!(commands > 2, "{commands}");
    commands
}

/// A device on the bench with its holder's credentials and a key.
fn enrolled(desk: &Desk) -> (Serial, Holder, Vec<u8>) {
    desk.touch_when_asked();
    let serial = desk.device().serial;
    let holder = Holder::new();
    holder.provision(serial);
    let key = piv::generate(serial, &holder.management_key).unwrap();
    (serial, holder, key)
}

fn verifies(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    VerifyingKey::from_public_key_der(key)
        .unwrap()
        .verify(message, &Signature::from_der(signature).unwrap())
        .is_ok()
}

fn provision_anew(serial: Serial) -> Result<(), DeviceError> {
    let holder = Holder::new();
    piv::provision(serial, &holder.pin, &holder.puk, &holder.management_key).map(drop)
}

#[test]
fn unplugged_at_any_command_of_provisioning_it_can_be_reset_and_provisioned() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        for kind in ["unplug", "unplug-after"] {
            unplugged_at_every_command(
                desk,
                kind,
                || provision_anew(serial),
                || {
                    piv::reset(serial).unwrap();
                    provision_anew(serial).unwrap();
                    piv::reset(serial).unwrap();
                },
            );
            piv::reset(serial).unwrap();
        }
    });
}

#[test]
fn unplugged_at_any_command_of_a_reset_it_can_be_reset() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        for kind in ["unplug", "unplug-after"] {
            unplugged_at_every_command(
                desk,
                kind,
                || piv::reset(serial),
                || piv::reset(serial).unwrap(),
            );
        }
        provision_anew(serial).unwrap();
    });
}

#[test]
fn unplugged_at_any_command_of_signing_it_signs_at_the_next_attempt() {
    play(ONE, |desk| {
        let (serial, holder, key) = enrolled(desk);
        let sign = || piv::sign(serial, &holder.pin, b"a document", || {});
        for kind in ["unplug", "unplug-after"] {
            unplugged_at_every_command(desk, kind, sign, || {
                assert!(verifies(&key, b"a document", &sign().unwrap()));
            });
        }
        assert_eq!(
            piv::contents(serial).unwrap().pin.tries,
            Some(3),
            "no try was lost"
        );
    });
}

#[test]
fn unplugged_at_any_command_of_generating_the_key_made_or_not_is_found() {
    play(ONE, |desk| {
        let (serial, holder, mut key) = enrolled(desk);
        let mut replaced = 0;
        let generate = || piv::generate(serial, &holder.management_key);
        for kind in ["unplug", "unplug-after"] {
            unplugged_at_every_command(desk, kind, generate, || {
                let found = piv::slot_key(serial).unwrap().unwrap();
                replaced += usize::from(found != key);
                key = found;
                piv::attest(serial).unwrap();
            });
            // The attempt that ran through made a key, too.
            key = piv::slot_key(serial).unwrap().unwrap();
        }
        // Unplugged before the one command that generates, the old key stays;
        // unplugged just after it, there is a new one.
        assert_eq!(replaced, 1);
    });
}

#[test]
fn garbled_at_any_command_of_provisioning_it_can_be_reset_and_provisioned() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        let commands = commands_of(
            desk,
            || provision_anew(serial),
            || piv::reset(serial).unwrap(),
        );
        piv::reset(serial).unwrap();
        garbled_at_every_command(
            desk,
            commands,
            || provision_anew(serial),
            |outcome| {
                if outcome.is_ok() {
                    piv::no_defaults(serial).unwrap();
                }
                piv::reset(serial).unwrap();
            },
        );
    });
}

#[test]
fn garbled_at_any_command_of_generating_the_next_attempt_works() {
    play(ONE, |desk| {
        let (serial, holder, _) = enrolled(desk);
        let generate = || piv::generate(serial, &holder.management_key);
        let commands = commands_of(desk, generate, || ());
        garbled_at_every_command(desk, commands, generate, |outcome| {
            if let Ok(key) = outcome {
                assert_eq!(piv::slot_key(serial).unwrap(), Some(key));
            }
            generate().unwrap();
        });
    });
}

#[test]
fn garbled_at_any_command_of_attesting_the_next_attempt_attests() {
    play(ONE, |desk| {
        let (serial, _, key) = enrolled(desk);
        let attest = || piv::attest(serial);
        let commands = commands_of(desk, attest, || ());
        garbled_at_every_command(desk, commands, attest, |_| {
            let evidence = attest().unwrap();
            let (_, attestation) = X509Certificate::from_der(&evidence.attestation).unwrap();
            assert_eq!(attestation.public_key().raw, key);
        });
    });
}

#[test]
fn garbled_at_any_command_of_reading_the_next_attempt_reads() {
    play(ONE, |desk| {
        let (serial, ..) = enrolled(desk);
        let read = || Ok((piv::contents(serial)?, piv::slot_key(serial)?));
        let before = read().unwrap();
        let commands = commands_of(desk, read, || ());
        garbled_at_every_command(desk, commands, read, |_| {
            assert_eq!(read().unwrap(), before)
        });
    });
}

#[test]
fn garbled_at_any_command_of_signing_the_next_attempt_signs() {
    play(ONE, |desk| {
        let (serial, holder, key) = enrolled(desk);
        let sign = || piv::sign(serial, &holder.pin, b"a document", || {});
        let commands = commands_of(desk, sign, || ());
        garbled_at_every_command(desk, commands, sign, |_| {
            assert!(verifies(&key, b"a document", &sign().unwrap()));
        });
    });
}

#[test]
fn untouched_it_says_so_and_signs_at_the_next_attempt() {
    play(IMPATIENT, |desk| {
        let serial = desk.device().serial;
        let holder = Holder::new();
        holder.provision(serial);
        piv::generate(serial, &holder.management_key).unwrap();
        let error = piv::sign(serial, &holder.pin, b"a document", || {}).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::TouchTimeout), "{error}");
        desk.touch_when_asked();
        piv::sign(serial, &holder.pin, b"a document", || {}).unwrap();
    });
}

#[test]
fn a_device_that_never_answers_is_given_up_and_works_when_plugged_in_again() {
    play(ONE, |desk| {
        let serial = desk.device().serial;
        desk.fault("hang@3");
        let error = piv::contents(serial).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Hung(_)), "{error}");
        desk.remove(1);
        desk.insert(1);
        piv::contents(serial).unwrap();
    });
}
