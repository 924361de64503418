//! A release knows the vendor's keys and no others.

use std::{collections::BTreeSet, fs};

use keymoot_attestation::certificate_der;
use keymoot_core::digest::Digest;
use testkit::programs::program;

use super::test_vendor;

/// SHA-256 of the certificates that the vendor published (attestations/README.md).
const PUBLISHED: [&str; 11] = [
    "63ece914e54dd87915f34033c85af4c0696ba1512f8add66ced738331207b546",
    "0fa1386f80eb8713263ae5c1d84deb455bdf08aea50ab05503cefee82b092d42",
    "62760c6a6ef91679f454c8902b80fd009825b3f25da90f1fbace2ec6586cd5a8",
    "4698a1d3389c3ec60016c216250f1d0439922832d65142327436376dc2942b55",
    "d4cc3f456fdaf4e7812a21aab1dfe9d8e27d24e2fd2d6f21c9940109f0daa754",
    "6de693f05376f5d8ca29069261e1c8626c75d503bd2edbfd75354cad1f722870",
    "2d55b7998f4e42569d6d8fa382b6dc77d1dacf07358b19701163892922b17052",
    "0c90b7d184a36edf50a35f9be935f0c5689bfdcfe5bdd073366cafb49061a440",
    "094a3ac493c2bdcd65a54bdf40190f52bb03f7156397a3fc69d8aa9a392fb724",
    "d7c6d8f45208e2a53996fb5a8f4d631b33ebabb64956b37b2ac151fbdbaf4ae9",
    "77d88e6363149ad6ba58a2ca1b8b407206ec57e7537c16cefbbc5edc39efb8e1",
];

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The digests of all certificates that a file holds as PEM.
fn certificates(bytes: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(bytes);
    let blocks = text.match_indices(BEGIN).filter_map(|(at, _)| {
        let block = &text[at..];
        let whole = &block[..block.find(END)? + END.len()];
        // The words also occur where certificates are written, with nothing between them.
        certificate_der(whole.as_bytes())
            .ok()
            .filter(|der| !der.is_empty())
    });
    blocks.map(|der| Digest::of(&der).to_string()).collect()
}

/// The files of the simulated vendor: certificates, PEM, and `vendor.toml`.
fn simulated() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/vendor");
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(&path).unwrap())
        })
        .collect()
}

fn holds(file: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(file, wanted).is_some()
}

#[test]
fn the_certificates_in_the_released_program_are_exactly_those_of_the_vendor() {
    let found = certificates(&fs::read(program()).unwrap());
    assert_eq!(found, PUBLISHED.map(str::to_owned).into());
}

/// The words and bytes that betray a simulated vendor in a file.
fn traces(file: &[u8]) -> Vec<String> {
    let mut traces = Vec::new();
    for (name, content) in simulated() {
        if name.ends_with(".pem") {
            let der = certificate_der(&content).unwrap();
            // The middle of a certificate is its key, which no other has.
            let key = &der[der.len() / 2 - 32..der.len() / 2 + 32];
            let line = content.split(|byte| *byte == b'\n').nth(8).unwrap();
            for (form, wanted) in [("DER", key), ("PEM", line)] {
                if holds(file, wanted) {
                    traces.push(format!("{name} as {form}"));
                }
            }
            let digest = Digest::of(&der).to_string();
            if holds(file, digest.as_bytes()) {
                traces.push(format!("the digest of {name}"));
            }
        }
    }
    for name in ["SIMULATED for tests", "keymoot-test-vendor"] {
        if holds(file, name.as_bytes()) {
            traces.push(name.to_owned());
        }
    }
    traces
}

#[test]
fn the_released_program_holds_no_trace_of_the_simulated_vendor() {
    assert_eq!(traces(&fs::read(program()).unwrap()), [""; 0]);
}

#[test]
fn the_traces_are_found_in_the_program_that_has_them() {
    let found = traces(&fs::read(test_vendor()).unwrap());
    let wanted = |name: &str| found.iter().any(|trace| trace == name);
    for (name, _) in simulated()
        .iter()
        .filter(|(name, _)| name.ends_with(".pem"))
    {
        assert!(wanted(&format!("{name} as PEM")), "{name}: {found:?}");
        assert!(
            wanted(&format!("the digest of {name}")),
            "{name}: {found:?}"
        );
    }
    assert!(wanted("SIMULATED for tests"), "{found:?}");
}
