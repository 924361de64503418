//! `keymoot attest FOLDER`: the evidence of many devices, in both layouts.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::symlink},
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, FileType, Mode, mknodat};
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
    let missing = attest(&[&folder.path().join("hardware-kyes")]);
    assert_eq!(missing.status.code(), Some(1));
    let said = String::from_utf8(missing.stderr).unwrap();
    assert!(said.contains("hardware-kyes: No such file"), "{said}");
    let file = data("attval-yk5-root263751/f9-device.pem");
    assert_eq!(attest(&[&file]).status.code(), Some(2));
    assert_eq!(attest(&[folder.path(), &file]).status.code(), Some(2));
}

/// A bundle's folder of one device, whose key is the attested one.
fn bundled() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("holder-1/15422467");
    fs::create_dir_all(&to).unwrap();
    let from = data("attval-yk5-root263751");
    for (file, name) in [
        ("slot-9c-attestation.pem", "attestation.pem"),
        ("f9-device.pem", "device.pem"),
        // `keymoot attest` reads the key out of a certificate, too.
        ("slot-9c-attestation.pem", "key.pem"),
    ] {
        fs::copy(from.join(file), to.join(name)).unwrap();
    }
    (folder, to)
}

#[test]
fn the_key_of_a_bundle_is_there_and_the_attested_one() {
    let (folder, path) = bundled();
    assert_eq!(
        report(folder.path(), 0)["evidence"][0]["key_compared"],
        true
    );
    let other = data("gopiv-yk5-root263751/slot-9a-attestation.pem");
    fs::copy(other, path.join("key.pem")).unwrap();
    assert_eq!(refused(folder.path()).1, "DEVICE-KEY");
    fs::remove_file(path.join("key.pem")).unwrap();
    assert_eq!(
        refused(folder.path()),
        (
            "holder-1/15422467/attestation.pem".to_owned(),
            "DEVICE-EVIDENCE".to_owned()
        )
    );
    // A key of which no attestation is.
    let (folder, path) = bundled();
    fs::rename(
        path.join("attestation.pem"),
        path.join("attestation-9c.pem"),
    )
    .unwrap();
    assert_eq!(refused(folder.path()).0, "holder-1/15422467/key.pem");
}

#[test]
fn people_read_of_which_attestations_no_key_was_compared() {
    let said = |folder: &Path| String::from_utf8(attest(&[folder]).stdout).unwrap();
    let told = "NO KEY WAS COMPARED for 2 of them";
    assert!(said(published().path()).contains(told));
    assert!(!said(bundled().0.path()).contains("NO KEY"));
}

#[test]
fn what_may_be_evidence_and_is_not_read_is_refused() {
    let beside = Path::new("hardware-keys/15422467");
    let refuses = |name: &Path, put: &dyn Fn(&Path)| {
        let folder = published();
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        put(&path);
        let expected = (
            name.to_string_lossy().into_owned(),
            "DEVICE-EVIDENCE".to_owned(),
        );
        assert_eq!(refused(folder.path()), expected);
    };
    let write = |path: &Path| fs::write(path, "evidence").unwrap();
    refuses(&beside.join("attestation-9d.pem"), &|path| {
        symlink("attestation-9c.pem", path).unwrap();
    });
    refuses(Path::new("hardware-keys/15732501"), &|path| {
        symlink("15732500", path).unwrap();
    });
    refuses(&beside.join("attestation-9d.pem"), &|path| {
        mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
    });
    refuses(&beside.join("Attestation-9c.crt"), &write);
    refuses(Path::new(".hidden/attestation-9c.pem"), &write);
    refuses(Path::new("holder-1/77/enrolment.json"), &write);
    let folder = published();
    let odd = OsStr::from_bytes(b"attestation-9\xff.pem");
    write(&folder.path().join(beside).join(odd));
    assert_eq!(refused(folder.path()).1, "DEVICE-EVIDENCE");
    // What git keeps is none.
    let folder = published();
    fs::create_dir_all(folder.path().join(".git/a/b/c/d/e")).unwrap();
    report(folder.path(), 0);
}

#[test]
fn two_device_certificates_in_a_folder_are_refused() {
    let folder = published();
    let path = folder.path().join("hardware-keys/15422467");
    fs::copy(path.join("f9-intermediate.pem"), path.join("device.pem")).unwrap();
    let other = "hardware-keys/15422467/f9-intermediate.pem";
    assert_eq!(
        refused(folder.path()),
        (other.to_owned(), "DEVICE-EVIDENCE".to_owned())
    );
}

#[test]
fn a_folder_is_named_by_its_serial_number_alone() {
    let folder = published();
    let keys = folder.path().join("hardware-keys");
    for wrong in ["015422467", "99999999999"] {
        fs::rename(keys.join("15422467"), keys.join(wrong)).unwrap();
        assert_eq!(refused(&keys).1, "DEVICE-SERIAL");
        fs::rename(keys.join(wrong), keys.join("15422467")).unwrap();
    }
    // A path that does not say the name.
    let other = keys.join("15422468");
    fs::rename(keys.join("15422467"), &other).unwrap();
    fs::create_dir(other.join("inside")).unwrap();
    assert_eq!(refused(&other.join("inside/..")).1, "DEVICE-SERIAL");
    // A device that states none.
    let folder = tempfile::tempdir().unwrap();
    publish(folder.path(), "gopiv-yk4-u2froot", "99999999999", "9a");
    assert_eq!(refused(folder.path()).1, "DEVICE-SERIAL");
}

#[test]
fn an_attestation_named_for_another_object_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("34331133");
    fs::create_dir(&path).unwrap();
    let from = data("yubihsm-34331133");
    fs::copy(from.join("device-cert.pem"), path.join("device.pem")).unwrap();
    let [right, wrong] = ["0x0003", "9c"].map(|at| path.join(format!("attestation-{at}.pem")));
    fs::copy(from.join("key-0x0003-ed25519.pem"), &right).unwrap();
    report(folder.path(), 0);
    fs::rename(right, wrong).unwrap();
    assert_eq!(refused(folder.path()).1, "DEVICE-SLOT");
}

#[test]
fn a_folder_with_more_than_evidence_has_is_no_evidence() {
    for too_many in [true, false] {
        let folder = published();
        if too_many {
            for number in 0..4096 {
                fs::write(folder.path().join(number.to_string()), "").unwrap();
            }
        } else {
            fs::create_dir_all(folder.path().join("a/b/c/d/e")).unwrap();
        }
        let output = attest(&[folder.path()]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("help: name the folder of the evidence itself"),
            "{said}"
        );
    }
}

#[test]
fn a_store_that_is_refused_reads_no_evidence() {
    let folder = published();
    let vendor = tempfile::tempdir().unwrap();
    fs::write(vendor.path().join("vendor.toml"), "nothing").unwrap();
    let with = [folder.path(), Path::new("--vendor-dir"), vendor.path()];
    let output = attest(&with);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.starts_with("REFUSED  vendor.toml: DEVICE-TRUST: "),
        "{said}"
    );
    assert!(said.ends_with("\nNo evidence was read.\n"), "{said}");
    let output = attest(&[&with[..], &[Path::new("--json")]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["evidence"], serde_json::json!([]));
    assert_eq!(report["violations"][0]["rule"], "DEVICE-TRUST");
}
