//! TUF documents and certificates.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use testkit::{
    hostile::strings::{self, Hostile},
    programs::keymoot,
};

use crate::{argument, is_safe, is_shown, printed, said};

const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuSxCeM1GdftNUEQYtJ3jp3E5ykFE\n\
    aIDl2mt/VHf/POKsdzR0a9RB3gSAXTGUO4mAhVJzQpB8vMyvL39B43qf0g==\n\
    -----END PUBLIC KEY-----\n";

/// A root in which every free text is this one.
fn root(text: &str, version: u64) -> Value {
    let role = json!({ "keyids": [text], "threshold": 1 });
    let key = json!({
        "keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": { "public": PEM },
        "x-tuf-on-ci-keyowner": text, "x-tuf-on-ci-online-uri": text,
    });
    json!({
        "signed": {
            "_type": "root", "version": version, "spec_version": text,
            "expires": "2030-01-01T00:00:00Z", "consistent_snapshot": true,
            "keys": { text: key },
            "roles": { "root": role, "targets": role, "snapshot": role, "timestamp": role, text: role },
            text: { text: [text] },
        },
        "signatures": [{ "keyid": text, "sig": text }],
        text: text,
    })
}

/// A targets document in which every free text is this one.
fn targets(text: &str) -> Value {
    json!({
        "signed": {
            "_type": "targets", "version": 1, "spec_version": "1.0.31", "expires": "2030-01-01T00:00:00Z",
            "targets": { text: { "length": 1, "hashes": { text: text, "sha256": text } } },
            "delegations": {
                "keys": { text: { "keytype": text, "scheme": text, "keyval": { "public": text } } },
                "roles": [{ "name": text, "keyids": [text], "threshold": 1, "paths": [text], "terminating": true }],
            },
        },
        "signatures": [{ "keyid": text, "sig": text }],
    })
}

/// A document of a type that nobody knows.
fn other(text: &str) -> Value {
    json!({
        "signed": { "_type": text, "version": 1, "expires": text, text: text },
        "signatures": [{ "keyid": text, "sig": "" }],
    })
}

/// Writes a document into a file whose name is hostile too, where a file can have it.
fn written(hostile: &Hostile, folder: &Path, name: &str, document: &Value) -> std::path::PathBuf {
    let folder = match hostile.text.contains(['\0', '/']) {
        true => folder.join("plain"),
        false => folder.join(hostile.text),
    };
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, document.to_string()).unwrap();
    path
}

#[test]
fn documents_are_shown_compared_and_verified_without_being_obeyed() {
    for hostile in strings::ALL {
        let folder = tempfile::tempdir().unwrap();
        let write = |name, document| written(hostile, folder.path(), name, &document);
        let root = (
            write("1.root.json", root(hostile.text, 1)),
            write("2.root.json", root(hostile.text, 2)),
        );
        let targets = write("targets.json", targets(hostile.text));
        let other = write("other.json", other(hostile.text));
        for document in [&root.0, &targets, &other] {
            let show = ["tuf".as_ref(), "show".as_ref(), argument(document)];
            is_shown(hostile, &said(show));
        }
        let plain = folder.path().join("plain.json");
        fs::write(&plain, self::root("plain", 1).to_string()).unwrap();
        let diff = [
            "tuf".as_ref(),
            "diff".as_ref(),
            argument(&plain),
            argument(&root.1),
        ];
        is_shown(hostile, &said(diff));
        for more in [&[][..], &["--json"]] {
            let all = [&root.0, &root.1, &targets, &other].map(|path| argument(path));
            let verify = ["tuf", "verify"].map(AsRef::as_ref).into_iter().chain(all);
            let more = more.iter().map(AsRef::<std::ffi::OsStr>::as_ref);
            is_safe(hostile, &said(verify.chain(more)));
        }
    }
}

#[test]
fn an_audit_shows_its_target_and_the_path_of_a_broken_state_without_being_obeyed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/bundles/0.3.0-live/bundle/repositories/tuf-root/metadata/root.json");
    let named = strings::ALL.iter();
    for hostile in named.filter(|hostile| !hostile.text.contains(['\0', '/'])) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path(hostile.text)).unwrap();
        fs::create_dir(path("metadata")).unwrap();
        fs::write(path(hostile.text).join("audit-state.json"), "{}").unwrap();
        fs::write(path("file"), "anything").unwrap();
        for state in ["new", hostile.text] {
            let said = printed(
                keymoot()
                    .arg("audit")
                    .arg("--json")
                    .arg(format!("--target={}", hostile.text))
                    .arg("--trusted-root")
                    .arg(&root)
                    .arg("--tuf-root")
                    .arg(folder.path())
                    .arg("--tuf-crates")
                    .arg(folder.path())
                    .arg("--state")
                    .arg(path(state))
                    .arg(path("file")),
            );
            let expected = if state == "new" {
                "target"
            } else {
                "is no state"
            };
            assert!(said.contains(expected), "{said}");
            is_safe(hostile, &said);
        }
    }
}

/// A genuine certificate whose names were written over, up to their length.
fn renamed(der: &[u8], text: &str) -> Vec<u8> {
    let mut der = der.to_vec();
    let name = b"Yubico PIV Attestation";
    let places: Vec<_> = (0..der.len().saturating_sub(name.len()))
        .filter(|at| der[*at..].starts_with(name))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        let text = text.bytes().chain(std::iter::repeat(b'.'));
        der[at..at + name.len()]
            .iter_mut()
            .zip(text)
            .for_each(|(to, from)| *to = from);
    }
    der
}

#[test]
fn evidence_is_verified_without_being_obeyed() {
    let data =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/attestation/gopiv-yk5-root263751");
    let der = |name: &str| -> Vec<u8> {
        let pem = fs::read_to_string(data.join(name)).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(body).unwrap()
    };
    let (attestation, device) = (der("slot-9a-attestation.pem"), der("f9-device.pem"));
    for hostile in strings::ALL
        .iter()
        .filter(|hostile| hostile.text.len() <= 22)
    {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (
            folder.path().join("key.der"),
            folder.path().join("device.der"),
        );
        fs::write(&one, renamed(&attestation, hostile.text)).unwrap();
        fs::write(&other, renamed(&device, hostile.text)).unwrap();
        for more in [&[][..], &["--json"]] {
            let attest = ["attest".as_ref(), argument(&one), argument(&other)];
            let more = more.iter().map(AsRef::<std::ffi::OsStr>::as_ref);
            is_safe(hostile, &said(attest.into_iter().chain(more)));
        }
    }
}
