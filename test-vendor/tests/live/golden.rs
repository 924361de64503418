//! The golden records of live ceremonies: every later version verifies the bundles and brings the
//! interrupted ceremonies to their end.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    bundle::EXPECTATIONS,
    ceremony::{Ceremony, run},
    machine::Machine,
    plan,
    records::copy,
    test_vendor,
};
use keymoot_core::time::Time;
use testkit::programs::program;

/// The versions that left records: of each format of the transcript one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// Transcripts of format 1.
    V020,
    /// Transcripts of format 2.
    V030,
}

impl Version {
    fn records(self) -> PathBuf {
        let name = match self {
            Self::V020 => "0.2.0-live",
            Self::V030 => "0.3.0-live",
        };
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../tests/data/bundles")
            .join(name)
    }

    fn bundle(self) -> PathBuf {
        self.records().join("bundle")
    }
}

/// The first golden live bundle.
pub(crate) fn bundle() -> PathBuf {
    Version::V020.bundle()
}

/// Lays out the devices of the record, in which all holders have enrolled.
pub(crate) fn enrolled_devices(into: &Path) {
    let devices = Version::V020
        .records()
        .join("interrupted/closing.devices.json");
    fs::copy(devices, into.join(super::room::DEVICES)).unwrap();
}

/// The record of a ceremony that was interrupted in a step, after one holder's turn.
pub(crate) struct Interrupted {
    pub version: Version,
    pub step: &'static str,
}

impl Interrupted {
    /// Lays folder and devices out. The bill of materials is stored once, in the bundle.
    pub(crate) fn lay_out(&self, into: &Path) {
        let interrupted = self.version.records().join("interrupted");
        copy(&interrupted.join(self.step), &into.join("ceremony"));
        for bill in fs::read_dir(self.version.bundle().join("sbom")).unwrap() {
            let bytes = fs::read(bill.unwrap().path()).unwrap();
            let name = keymoot_core::digest::Digest::of(&bytes).to_string();
            fs::write(into.join("ceremony/objects").join(name), bytes).unwrap();
        }
        let devices = interrupted.join(format!("{}.devices.json", self.step));
        fs::copy(devices, into.join(super::room::DEVICES)).unwrap();
    }

    /// Whether the root of tuf-crates has expired, by the machine's clock: a live ceremony runs by
    /// no other.
    pub(crate) fn brings_an_expired_root(&self) -> bool {
        let folder = self.version.records().join("interrupted").join(self.step);
        let root = fs::read(folder.join("inputs/incoming/tuf-crates/1.root.json")).unwrap();
        let root: serde_json::Value = serde_json::from_slice(&root).unwrap();
        let expires = root["signed"]["expires"].as_str().unwrap();
        Time::parse(expires).unwrap() <= plan::now()
    }
}

/// The exit code of `keymoot verify` by a program on a live bundle.
fn verified(program: &Path, bundle: &Path) -> Option<i32> {
    let bundle = bundle.to_str().unwrap();
    let output = run(program, &["verify", "--expect", EXPECTATIONS, bundle]);
    output.status.code()
}

#[test]
fn the_golden_live_bundles_verify_with_their_vendor_and_not_in_a_release() {
    for version in [Version::V020, Version::V030] {
        let bundle = version.bundle();
        assert_eq!(verified(&test_vendor(), &bundle), Some(0), "{version:?}");
        assert_eq!(verified(&program(), &bundle), Some(3), "{version:?}");
    }
}

/// Brings an interrupted golden ceremony of each version to a verified bundle.
fn resumed(step: &'static str) {
    let Some(machine) = Machine::of_this_test() else {
        return;
    };
    for version in [Version::V020, Version::V030] {
        let interrupted = Interrupted { version, step };
        let mut ceremony = Ceremony::resume(&machine, &test_vendor(), &interrupted);
        if ceremony.go_on_from(&interrupted) {
            let verified = verified(&test_vendor(), &ceremony.place.out());
            assert_eq!(verified, Some(0), "{version:?}");
        }
    }
}

#[test]
fn golden_live_ceremonies_interrupted_in_enrolment_are_resumed_to_verified_bundles() {
    resumed("enrolment");
}

#[test]
fn golden_live_ceremonies_interrupted_in_signing_are_resumed_to_verified_bundles() {
    resumed("signing");
}

#[test]
fn golden_live_ceremonies_interrupted_in_closing_are_resumed_to_verified_bundles() {
    resumed("closing");
}
