//! The service's protocol, byte by byte, where the library leaves no way to it.

use crate::common::Sim;
use crate::common::raw::{Raw, number};
use std::io::{Read, Write};

const PIN_METADATA: &str = "00f70080";

#[test]
fn clients_of_protocol_4_4_to_4_6_are_answered_in_their_own_version() {
    let sim = Sim::start(&["--inserted", "1"]);
    for minor in 4..=6 {
        assert_eq!(Raw::open(&sim.path("socket")).version(minor), (minor, 0));
    }
    assert_ne!(Raw::open(&sim.path("socket")).version(3).1, 0);
    let mut raw = Raw::open(&sim.path("socket"));
    assert_eq!(number(&raw.ask(0x15, &[], 8), 0), 1, "one insertion so far");
    let seats = number(&raw.ask(0x16, &[], 4), 0) as usize;
    assert_eq!(
        raw.ask(0x17, &[], seats * 184),
        raw.ask(0x12, &[], 16 * 184)
    );
}

#[test]
fn a_client_that_sends_nonsense_is_dropped_and_others_are_served() {
    let sim = Sim::start(&["--inserted", "1"]);
    for nonsense in [
        &[0xff; 8][..],
        &[0, 0, 0, 0, 0x99, 0, 0, 0],
        &[1, 0, 0, 0, 9, 0, 0, 0, 0],
    ] {
        let mut raw = Raw::open(&sim.path("socket"));
        raw.stream.write_all(nonsense).unwrap();
        assert_eq!(raw.stream.read(&mut [0; 1]).unwrap_or(0), 0, "{nonsense:?}");
    }
    assert!(Raw::piv(&sim.path("socket")).send(PIN_METADATA).is_ok());
}
