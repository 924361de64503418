//! Mistakes at the keyboard, each with its own answer.

use std::fs;
use std::path::Path;

use crate::program::{attest, data, refusal, refused, vectors};

const PAIR: [&str; 2] = [
    "attval-yk5-root263751/slot-9c-attestation.pem",
    "attval-yk5-root263751/f9-device.pem",
];

#[test]
fn swapped_files_are_named_as_that() {
    let text = refusal(&[&data(PAIR[1]), &data(PAIR[0])]);
    assert!(
        text.contains("DEVICE-EVIDENCE") && text.contains("wrong order"),
        "{text}"
    );
}

#[test]
fn the_attestation_given_twice_asks_for_the_device_certificate() {
    let text = refusal(&[&data(PAIR[0]), &data(PAIR[0])]);
    assert!(
        text.contains("DEVICE-EVIDENCE") && text.contains("slot F9"),
        "{text}"
    );
}

#[test]
fn the_device_certificate_given_twice_asks_for_the_attestation() {
    let text = refusal(&[&data(PAIR[1]), &data(PAIR[1])]);
    assert!(
        text.contains("DEVICE-EVIDENCE") && text.contains("attestation of the key is missing"),
        "{text}"
    );
}

const YUBIHSM: [&str; 2] = [
    "yubihsm-34331133/key-0x0003-ed25519.pem",
    "yubihsm-34331133/device-cert.pem",
];

#[test]
fn certificates_of_two_families_are_not_a_pair() {
    for pair in [[PAIR[0], YUBIHSM[1]], [YUBIHSM[0], PAIR[1]]] {
        let text = refusal(&[&data(pair[0]), &data(pair[1])]);
        assert!(
            text.contains("DEVICE-EVIDENCE") && text.contains("not a pair"),
            "{text}"
        );
    }
}

#[test]
fn the_files_of_a_yubihsm_can_be_mistaken_in_each_way() {
    for (pair, answer) in [
        ([YUBIHSM[1], YUBIHSM[0]], "wrong order"),
        ([YUBIHSM[0], YUBIHSM[0]], "opaque object 0"),
        (
            [YUBIHSM[1], YUBIHSM[1]],
            "attestation of the key is missing",
        ),
    ] {
        let text = refusal(&[&data(pair[0]), &data(pair[1])]);
        assert!(
            text.contains("DEVICE-EVIDENCE") && text.contains(answer),
            "{text}"
        );
    }
}

#[test]
fn the_device_certificate_of_another_batch_is_refused() {
    let rules = refused(&[&data(PAIR[0]), &data("gopiv-yk5-root263751/f9-device.pem")]);
    assert_eq!(rules, ["DEVICE-CHAIN"]);
}

#[test]
fn an_issuer_of_another_application_is_no_device() {
    const NEVER: [&str; 3] = [
        "yubico-fido-attestation-b-1.pem",
        "yubico-opgp-attestation-b-1.pem",
        "yubico-piv-preview-ca-2.pem",
    ];
    if let Some(folder) = vectors("never-trust", NEVER.len()) {
        for file in NEVER {
            for key in [PAIR[0], YUBIHSM[0]] {
                let rules = refused(&[&data(key), &folder.join(file)]);
                assert!(
                    rules.contains(&"DEVICE-CHAIN".to_owned()),
                    "{file}: {rules:?}"
                );
                assert!(
                    rules.contains(&"DEVICE-EVIDENCE".to_owned()),
                    "{file}: {rules:?}"
                );
            }
        }
        assert_eq!(
            fs::read_dir(folder).unwrap().count(),
            NEVER.len(),
            "a certificate is not in the table"
        );
    }
}

#[test]
fn a_missing_file_is_not_a_violation() {
    let output = attest(&[&data("no-such-file.pem"), &data(PAIR[1])]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("no-such-file.pem")
    );
}

#[test]
fn a_missing_argument_is_a_usage_error() {
    assert_eq!(attest(&[&data(PAIR[0])]).status.code(), Some(2));
}

#[test]
fn a_file_that_is_not_one_certificate_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let pem = fs::read(data(PAIR[0])).unwrap();
    let der = keymoot_attestation::certificate_der(&pem).unwrap();
    let key = b"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n";
    let contents: [(&str, Vec<u8>); 7] = [
        ("nothing", Vec::new()),
        ("text", b"hello".to_vec()),
        ("two certificates", [&pem[..], &pem[..]].concat()),
        ("a public key", key.to_vec()),
        ("a byte too many", [&der[..], &[0]].concat()),
        ("a byte too few", der[..der.len() - 1].to_vec()),
        ("endless zeros", vec![0; 1 << 20]),
    ];
    for (name, bytes) in contents {
        fs::write(&path, bytes).unwrap();
        for rules in [
            refused(&[&path, &data(PAIR[1])]),
            refused(&[&data(PAIR[0]), &path]),
        ] {
            assert_eq!(rules, ["DEVICE-EVIDENCE"], "{name}");
        }
    }
}

#[test]
fn names_of_files_are_shown_and_not_obeyed() {
    let output = attest(&[Path::new("\u{1b}[2Jgone"), &data(PAIR[1])]);
    assert!(!output.stderr.contains(&0x1b));
}
