//! Genuine devices.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::program::{attest, data, proven, refused, vectors};

struct Sample {
    folder: &'static str,
    slot: &'static str,
    serial: Option<u32>,
    firmware: &'static str,
    algorithm: &'static str,
    pin: &'static str,
    touch: &'static str,
    root: &'static str,
    advisories: &'static [&'static str],
}

const PIV_ROOT: &str = "63ece914e54dd87915f34033c85af4c0696ba1512f8add66ced738331207b546";
const U2F_ROOT: &str = "0fa1386f80eb8713263ae5c1d84deb455bdf08aea50ab05503cefee82b092d42";
const ATTESTATION_ROOT: &str = "62760c6a6ef91679f454c8902b80fd009825b3f25da90f1fbace2ec6586cd5a8";

/// A YubiKey 5 with a P-256 key in 9c that asks for PIN and touch.
const USUAL: Sample = Sample {
    folder: "",
    slot: "9c",
    serial: None,
    firmware: "5.2.7",
    algorithm: "P-256",
    pin: "always",
    touch: "always",
    root: PIV_ROOT,
    advisories: &["YSA-2024-03"],
};

const COMMITTED: [Sample; 3] = [
    Sample {
        folder: "attval-yk5-root263751",
        serial: Some(15_422_467),
        touch: "never",
        ..USUAL
    },
    Sample {
        folder: "gopiv-yk4-u2froot",
        slot: "9a",
        firmware: "4.3.7",
        pin: "once",
        touch: "never",
        root: U2F_ROOT,
        advisories: &[],
        ..USUAL
    },
    Sample {
        folder: "gopiv-yk5-root263751",
        slot: "9a",
        serial: Some(15_732_500),
        firmware: "5.4.3",
        pin: "once",
        touch: "never",
        ..USUAL
    },
];

const ELSEWHERE: [Sample; 7] = [
    Sample {
        folder: "ovh-32718477-fw574",
        slot: "9a",
        serial: Some(32_718_477),
        firmware: "5.7.4",
        algorithm: "RSA-2048",
        touch: "never",
        root: ATTESTATION_ROOT,
        advisories: &[],
        ..USUAL
    },
    Sample {
        folder: "sigstore-13078778",
        serial: Some(13_078_778),
        firmware: "5.2.6",
        ..USUAL
    },
    Sample {
        folder: "sigstore-14454335",
        serial: Some(14_454_335),
        ..USUAL
    },
    Sample {
        folder: "sigstore-14470876",
        serial: Some(14_470_876),
        ..USUAL
    },
    Sample {
        folder: "sigstore-15938765",
        serial: Some(15_938_765),
        ..USUAL
    },
    Sample {
        folder: "sigstore-15938791",
        serial: Some(15_938_791),
        ..USUAL
    },
    Sample {
        folder: "sigstore-18158855",
        serial: Some(18_158_855),
        firmware: "5.4.3",
        ..USUAL
    },
];

impl Sample {
    fn files(&self, root: &Path) -> [PathBuf; 2] {
        let folder = root.join(self.folder);
        [
            folder.join(format!("slot-{}-attestation.pem", self.slot)),
            folder.join("f9-device.pem"),
        ]
    }

    fn check(&self, root: &Path) {
        let [attestation, device] = self.files(root);
        // The certificate holds the attested key, so it can be given instead of the key.
        let report = proven(&[
            &attestation,
            &device,
            Path::new("--public-key"),
            &attestation,
        ]);
        assert_eq!(
            report["device"]["serial"],
            json!(self.serial),
            "{}",
            self.folder
        );
        assert_eq!(
            report["device"]["firmware"], self.firmware,
            "{}",
            self.folder
        );
        assert_eq!(report["key"]["slot"], self.slot, "{}", self.folder);
        assert_eq!(
            report["key"]["algorithm"], self.algorithm,
            "{}",
            self.folder
        );
        assert_eq!(report["key"]["pin_policy"], self.pin, "{}", self.folder);
        assert_eq!(report["key"]["touch_policy"], self.touch, "{}", self.folder);
        assert_eq!(report["key_compared"], true);
        assert_eq!(
            report["vendor"],
            json!({"name": "Yubico", "compiled_in": true})
        );
        let last = report["chain"].as_array().unwrap().last().unwrap();
        assert_eq!(last["sha256"], self.root, "{}", self.folder);
        let advisories: Vec<&Value> = report["advisories"]
            .as_array()
            .unwrap()
            .iter()
            .map(|advisory| &advisory["id"])
            .collect();
        assert_eq!(advisories, self.advisories, "{}", self.folder);
    }
}

#[test]
fn every_genuine_sample_is_proven_with_the_facts_it_states() {
    for sample in &COMMITTED {
        sample.check(&data(""));
    }
    if let Some(root) = vectors("piv", ELSEWHERE.len()) {
        for sample in &ELSEWHERE {
            sample.check(&root);
        }
        let folders = std::fs::read_dir(root).unwrap().count();
        assert_eq!(folders, ELSEWHERE.len(), "a sample is not in the table");
    }
}

#[test]
fn der_is_read_as_well_as_pem() {
    let [attestation, device] = COMMITTED[0].files(&data(""));
    let folder = tempfile::tempdir().unwrap();
    let der = |pem: &Path| {
        let path = folder.path().join(pem.file_name().unwrap());
        let bytes = keymoot_attestation::certificate_der(&std::fs::read(pem).unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    };
    proven(&[&der(&attestation), &der(&device)]);
}

#[test]
fn the_wrong_key_is_refused() {
    let [attestation, device] = COMMITTED[0].files(&data(""));
    let [other, _] = COMMITTED[2].files(&data(""));
    let rules = refused(&[&attestation, &device, Path::new("--public-key"), &other]);
    assert_eq!(rules, ["DEVICE-KEY"]);
}

#[test]
fn people_are_warned_when_no_key_was_compared() {
    let [attestation, device] = COMMITTED[0].files(&data(""));
    let output = attest(&[&attestation, &device]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("NO KEY WAS COMPARED"), "{text}");
    assert_eq!(proven(&[&attestation, &device])["key_compared"], false);
}

#[test]
fn people_read_the_facts_as_printed_on_the_device() {
    let [attestation, device] = COMMITTED[0].files(&data(""));
    let output = attest(&[
        &attestation,
        &device,
        Path::new("--public-key"),
        &attestation,
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    insta::assert_snapshot!(text.replace(&attestation.display().to_string(), "KEYCERT"));
}
