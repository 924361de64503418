//! What is wrong with a YubiHSM 2, or with the address of its connector.

use ::yubihsm::{Capability, Domain, asymmetric::Algorithm};
use keymoot::device::Serial;
use keymoot::device::yubihsm::{Passwords, Unit};
use keymoot::host::secret::Secret;

use super::told;
use crate::yubihsm::{Safe, enrolled, set_up};

#[test]
fn a_yubihsm_says_what_is_wrong() {
    let mut safe = Safe::new();
    let other = Unit::new(safe.place(), Serial(12_345_678));
    told("another YubiHSM 2 is plugged in", other.reset(None));
    let fresh = safe.unit();
    fresh.reset(None).unwrap();
    told("a YubiHSM 2 has the factory's key", fresh.no_defaults());
    let stranger = safe.stranger(1, b"password").unwrap();
    stranger
        .generate_asymmetric_key(
            9,
            "left".parse().unwrap(),
            Domain::DOM1,
            Capability::SIGN_ECDSA,
            Algorithm::EcP256,
        )
        .unwrap();
    told(
        "a YubiHSM 2 that is to be set up has objects",
        fresh.provision(&Passwords::random().unwrap()),
    );
    let (unit, passwords) = set_up(&safe);
    let administrator = passwords.administrator();
    told("a YubiHSM 2 has no key", unit.attest(administrator));
    safe.fault("error@0x46=07");
    let cause = "a YubiHSM 2 refuses outside of the session";
    told(cause, unit.generate(administrator));
    unit.generate(administrator).unwrap();
    told(
        "a YubiHSM 2 has a key already",
        unit.generate(administrator),
    );
    safe.fault("drop@0x56");
    told(
        "the connection to a YubiHSM 2 breaks off",
        unit.sign(passwords.signer(), b""),
    );
    safe.fault("");
    unit.restrict(administrator).unwrap();
    told(
        "the administrator of a YubiHSM 2 is gone",
        unit.generate(administrator),
    );
    told("a YubiHSM 2 can only be reset by hand", unit.reset(None));
    let wrong = Secret::of(b"000000000000000000000000");
    told(
        "the password of a YubiHSM 2 is wrong",
        unit.sign(&wrong, b""),
    );
    safe.remove();
    told("no YubiHSM 2 answers", unit.contents());
}

#[test]
fn a_yubihsm_does_not_reset() {
    let mut safe = Safe::new();
    safe.fault("error@0x08=07");
    told("a YubiHSM 2 does not reset", safe.unit().reset(None));
}

#[test]
fn a_yubihsm_is_full() {
    let mut safe = Safe::new();
    let (unit, passwords, _) = enrolled(&safe);
    drop(unit);
    safe.fault("error@0x03=05");
    let fresh = Unit::new(safe.place(), safe.serial());
    told(
        "all sessions of a YubiHSM 2 are taken: 05",
        fresh.sign(passwords.signer(), b""),
    );
    safe.fault("error@0x03=07");
    told(
        "a YubiHSM 2 opens no session: 07",
        fresh.sign(passwords.signer(), b""),
    );
    safe.fault("error@0x03=09");
    told(
        "the signer has no right to it: 09",
        fresh.sign(passwords.signer(), b""),
    );
    safe.fault("log-full@0x56");
    told(
        "the audit log of a YubiHSM 2 is full: 0a",
        fresh.sign(passwords.signer(), b""),
    );
}

#[test]
fn an_address_that_is_not_this_machines() {
    let place = "192.0.2.1:12345".parse::<keymoot::device::yubihsm::Place>();
    told("a connector on another machine is named", place);
}
