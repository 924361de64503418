//! `keymoot attest FOLDER`: the evidence of many devices, in both layouts.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::program::{attest, data};

/// The device with evidence in `tests/data/attestation/NAME`, as rust-lang/team
/// publishes it: `hardware-keys/SERIAL/`.
fn publish(folder: &Path, name: &str, serial: &str, slot: &str) -> PathBuf {
    let to = folder.join("hardware-keys").join(serial);
    fs::create_dir_all(&to).unwrap();
    let from = data(name);
    let attestation = from.join(format!("slot-{slot}-attestation.pem"));
    fs::copy(attestation, to.join(format!("attestation-{slot}.pem"))).unwrap();
    fs::copy(from.join("f9-device.pem"), to.join("f9-intermediate.pem")).unwrap();
    to
}

/// Two genuine devices.
fn published() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    publish(folder.path(), "attval-yk5-root263751", "15422467", "9c");
    publish(folder.path(), "gopiv-yk5-root263751", "15732500", "9a");
    folder
}

fn report(folder: &Path, code: i32) -> Value {
    let output = attest(&[folder, Path::new("--json")]);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["format"], "keymoot-attest-folder/1");
    assert_eq!(report["proven"], code == 0);
    report
}

/// The one refused attestation's path and rule.
fn refused(folder: &Path) -> (String, String) {
    let report = report(folder, 3);
    let evidence = report["evidence"].as_array().unwrap().iter();
    let refused: Vec<_> = evidence.filter(|one| one["proven"] == false).collect();
    assert_eq!(refused.len(), 1, "{report}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        text(&refused[0]["path"]),
        text(&refused[0]["violations"][0]["rule"]),
    )
}

#[test]
fn every_attestation_in_hardware_keys_is_proven() {
    let folder = published();
    for folder in [
        folder.path().to_owned(),
        folder.path().join("hardware-keys"),
    ] {
        let report = report(&folder, 0);
        let evidence = report["evidence"].as_array().unwrap();
        assert_eq!(evidence.len(), 2);
        assert_eq!(evidence[0]["device"]["serial"], 15_422_467);
        assert_eq!(evidence[0]["key"]["slot"], "9c");
        assert_eq!(evidence[1]["device"]["firmware"], "5.4.3");
    }
    let output = attest(&[folder.path()]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("firmware 5.4.3, slot 9a, PIN once, touch never"),
        "{said}"
    );
    assert!(
        said.ends_with("2 of 2 attestations are proven.\n"),
        "{said}"
    );
}

#[test]
fn evidence_in_the_folder_of_another_device_is_refused() {
    let folder = published();
    publish(folder.path(), "attval-yk5-root263751", "15422468", "9c");
    assert_eq!(
        refused(folder.path()),
        (
            "hardware-keys/15422468/attestation-9c.pem".to_owned(),
            "DEVICE-SERIAL".to_owned()
        )
    );
}

#[test]
fn an_attestation_named_for_another_slot_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = publish(folder.path(), "gopiv-yk5-root263751", "15732500", "9a");
    fs::rename(
        path.join("attestation-9a.pem"),
        path.join("attestation-9c.pem"),
    )
    .unwrap();
    assert_eq!(refused(folder.path()).1, "DEVICE-SLOT");
}

#[test]
fn half_of_the_evidence_is_refused() {
    let folder = published();
    let path = folder.path().join("hardware-keys/15732500");
    fs::remove_file(path.join("f9-intermediate.pem")).unwrap();
    assert_eq!(refused(folder.path()).1, "DEVICE-EVIDENCE");
    publish(folder.path(), "gopiv-yk5-root263751", "15732500", "9a");
    fs::remove_file(path.join("attestation-9a.pem")).unwrap();
    assert_eq!(
        refused(folder.path()).0,
        "hardware-keys/15732500/f9-intermediate.pem"
    );
}

#[test]
fn another_devices_certificate_beside_an_attestation_is_refused() {
    let folder = published();
    let keys = folder.path().join("hardware-keys");
    fs::copy(
        keys.join("15422467/f9-intermediate.pem"),
        keys.join("15732500/f9-intermediate.pem"),
    )
    .unwrap();
    assert_eq!(refused(folder.path()).1, "DEVICE-CHAIN");
}

#[test]
fn a_folder_without_evidence_is_a_mistake_at_the_keyboard() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(attest(&[folder.path()]).status.code(), Some(1));
    let file = data("attval-yk5-root263751/f9-device.pem");
    assert_eq!(attest(&[&file]).status.code(), Some(2));
    assert_eq!(attest(&[folder.path(), &file]).status.code(), Some(2));
}
