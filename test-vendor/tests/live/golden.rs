//! The golden records of a live ceremony: every later version verifies the bundle and brings the
//! interrupted ceremonies to their end.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    bundle::EXPECTATIONS,
    ceremony::{Ceremony, run},
    machine::Machine,
    records::copy,
    test_vendor,
};
use testkit::programs::program;

fn records() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/bundles/0.2.0-live")
}

/// The golden live bundle.
pub(crate) fn bundle() -> PathBuf {
    records().join("bundle")
}

/// Lays out the devices of the record, in which all holders have enrolled.
pub(crate) fn enrolled_devices(into: &Path) {
    let devices = records().join("interrupted/closing.devices.json");
    fs::copy(devices, into.join(super::room::DEVICES)).unwrap();
}

/// The record of a ceremony that was interrupted in a step, after one holder's turn.
pub(crate) struct Interrupted(&'static str);

impl Interrupted {
    /// Lays folder and devices out. The bill of materials is stored once, in the bundle.
    pub(crate) fn lay_out(&self, into: &Path) {
        let interrupted = records().join("interrupted");
        copy(&interrupted.join(self.0), &into.join("ceremony"));
        for bill in fs::read_dir(bundle().join("sbom")).unwrap() {
            let bytes = fs::read(bill.unwrap().path()).unwrap();
            let name = keymoot_core::digest::Digest::of(&bytes).to_string();
            fs::write(into.join("ceremony/objects").join(name), bytes).unwrap();
        }
        let devices = interrupted.join(format!("{}.devices.json", self.0));
        fs::copy(devices, into.join(super::room::DEVICES)).unwrap();
    }
}

/// The exit code of `keymoot verify` by a program on a live bundle.
fn verified(program: &Path, bundle: &Path) -> Option<i32> {
    let bundle = bundle.to_str().unwrap();
    let output = run(program, &["verify", "--expect", EXPECTATIONS, bundle]);
    output.status.code()
}

#[test]
fn the_golden_live_bundle_verifies_with_its_vendor_and_not_in_a_release() {
    let bundle = bundle();
    assert_eq!(verified(&test_vendor(), &bundle), Some(0));
    assert_eq!(verified(&program(), &bundle), Some(3));
}

/// Brings an interrupted golden ceremony to a verified bundle.
fn resumed(step: &'static str) {
    let Some(machine) = Machine::of_this_test() else {
        return;
    };
    let mut ceremony = Ceremony::resume(&machine, &test_vendor(), &Interrupted(step));
    ceremony.go_on_from(step);
    assert_eq!(verified(&test_vendor(), &ceremony.place.out()), Some(0));
}

#[test]
fn a_golden_live_ceremony_interrupted_in_enrolment_is_resumed_to_a_verified_bundle() {
    resumed("enrolment");
}

#[test]
fn a_golden_live_ceremony_interrupted_in_signing_is_resumed_to_a_verified_bundle() {
    resumed("signing");
}

#[test]
fn a_golden_live_ceremony_interrupted_in_closing_is_resumed_to_a_verified_bundle() {
    resumed("closing");
}
