//! python-tuf and securesystemslib.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Write as _};
use std::process::Stdio;
use std::thread;

use keymoot_core::json::{canonical, parse, pretty};
use keymoot_tuf::dsse::{Envelope, EnvelopeSignature, pae};
use keymoot_tuf::{Dialect, Document, PublicKey, Targets, verify_root};
use serde_json::{Value, json};
use testkit::programs::python_program;

use super::awkward::{Sequence, nested};
use super::fixture::{Ceremony, Repository, sign};

/// Runs `tests/python/readers.py` and reads the JSON it prints, a value a line.
fn readers(arguments: &[&str], input: Vec<u8>) -> Vec<Value> {
    let mut child = python_program("readers.py")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = BufWriter::new(child.stdin.take().unwrap());
    let feeder = thread::spawn(move || {
        // The exit status shows a reader that dies early.
        let _ = stdin.write_all(&input).and_then(|()| stdin.flush());
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    assert!(output.status.success(), "readers.py {arguments:?} failed");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// python-tuf's results for the bytes of a root.
fn read_root(bytes: &[u8]) -> Value {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    readers(&["root", file.path().to_str().unwrap()], Vec::new()).remove(0)
}

fn hex(bytes: &[u8]) -> Value {
    Value::String(hex::encode(bytes))
}

#[test]
fn awkward_documents_have_the_same_bytes_in_securesystemslib() {
    const GENERATED: usize = 2000;
    let mut sequence = Sequence(2004);
    let mut documents: Vec<_> = (0..GENERATED).map(|_| sequence.value(6)).collect();
    documents.extend((1..=60).map(nested));
    let lines: Vec<_> = documents.iter().map(ToString::to_string).collect();

    let theirs = readers(&["canonical"], (lines.join("\n") + "\n").into_bytes());
    assert_eq!(theirs.len(), lines.len());
    for (line, theirs) in lines.iter().zip(&theirs) {
        let ours = parse(line.as_bytes(), 1_000_000).unwrap();
        assert_eq!(hex(&canonical(&ours)), theirs["canonical"], "{line}");
        assert_eq!(hex(pretty(&ours, 1).as_bytes()), theirs["pretty"], "{line}");
    }
}

#[test]
fn five_of_nine_signatures_hold_there_and_here_and_four_do_not() {
    let ceremony = Ceremony::new();
    for (signers, enough) in [(9, true), (5, true), (4, false)] {
        let bytes = ceremony.signed_by(signers);
        let theirs = read_root(&bytes);
        let document = Document::parse(&bytes, 100_000).unwrap();
        assert_eq!(theirs["verified"], enough, "{signers} signatures");
        assert_eq!(theirs["signed"].as_array().unwrap().len(), signers);
        assert_eq!(verify_root(None, document).is_ok(), enough);
    }
}

#[test]
fn a_root_read_and_written_by_python_tuf_is_the_same_file() {
    let ceremony = Ceremony::new();
    let theirs = read_root(&ceremony.signed_by(5));
    assert_eq!(theirs["same_file"], true);
    assert_eq!(
        theirs["signed_bytes"],
        hex(ceremony.document.signed_bytes())
    );
    assert_eq!(theirs["expires"], "2027-11-01T00:00:00+00:00");
}

#[test]
fn key_ids_are_what_securesystemslib_computes() {
    let ceremony = Ceremony::new();
    let theirs = read_root(&ceremony.signed_by(5));
    let theirs: BTreeMap<&str, &str> = theirs["ids"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(keyid, computed)| (keyid.as_str(), computed.as_str().unwrap()))
        .collect();
    assert_eq!(theirs.len(), 10, "nine holders and the online key");
    assert!(theirs.iter().all(|(keyid, computed)| keyid == computed));
    for holder in &ceremony.draft.holders {
        assert!(theirs.contains_key(Dialect::TufOnCi.holder_key_id(holder).as_str()));
    }
}

#[test]
fn an_envelope_of_ours_verifies_there_and_a_changed_one_does_not() {
    let ceremony = Ceremony::new();
    let payload_type = "application/vnd.keymoot.test+json";
    let payload = b"{\"a\":\"\xc3\xa9\"}".to_vec();
    let signed = pae(payload_type, &payload);
    let mut envelope = Envelope {
        payload_type: payload_type.to_owned(),
        payload,
        signatures: vec![EnvelopeSignature {
            keyid: "holder-1".to_owned(),
            sig: sign(&ceremony.secrets[0], &signed),
        }],
    };
    let folder = tempfile::tempdir().unwrap();
    let (file, pem) = (
        folder.path().join("envelope"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&pem, ceremony.draft.holders[0].key.pem()).unwrap();
    let verdict = |envelope: &Envelope| {
        std::fs::write(&file, envelope.to_json()).unwrap();
        let arguments = ["dsse", file.to_str().unwrap(), pem.to_str().unwrap()];
        readers(&arguments, Vec::new()).remove(0)
    };

    let theirs = verdict(&envelope);
    assert_eq!(theirs["verified"], true);
    assert_eq!(theirs["pae"], hex(&signed));
    envelope.payload_type.push('x');
    assert_eq!(verdict(&envelope)["verified"], false);
}

#[test]
fn five_of_nine_sign_root_targets_and_crates_there_in_every_dialect_and_four_do_not() {
    for dialect in Dialect::ALL {
        let repository = Repository::new(dialect);
        for (signers, enough) in [(5, true), (4, false)] {
            let folder = tempfile::tempdir().unwrap();
            let paths = ["root.json", "targets.json", "crates.json"].map(|name| {
                let path = folder.path().join(name);
                path.to_str().unwrap().to_owned()
            });
            for (path, file) in paths.iter().zip(repository.signed_by(signers)) {
                std::fs::write(path, file).unwrap();
            }
            let form = match dialect {
                Dialect::TufCi => "dsse",
                Dialect::TufOnCi | Dialect::Tufops => "pouf1",
            };
            let [root, targets, crates] = &paths;
            let arguments = ["repository", form, root, targets, "crates", crates];
            let theirs = readers(&arguments, Vec::new()).remove(0);
            for role in ["root", "targets", "delegated"] {
                assert_eq!(theirs[role], enough, "{dialect}: {role} by {signers}");
            }
            assert_eq!(theirs["within"], true);
            assert_eq!(theirs["files"], json!(["crates/root.json"]));
        }
    }
}

#[test]
fn what_python_tuf_writes_and_signs_is_read_and_verifies_here() {
    const GENERATED: usize = 1000;
    let mut sequence = Sequence(1875);
    let documents: Vec<_> = (0..GENERATED)
        .map(|_| {
            let names: BTreeSet<_> = (0..4).map(|_| sequence.text()).collect();
            (names, sequence.members(4))
        })
        .collect();
    let lines: Vec<_> = documents
        .iter()
        .map(|(names, members)| json!({"names": names, "members": members}).to_string())
        .collect();
    let theirs = readers(&["write"], (lines.join("\n") + "\n").into_bytes());
    assert_eq!(theirs.len(), GENERATED);
    for ((names, members), theirs) in documents.iter().zip(&theirs) {
        let file = theirs["file"].as_str().unwrap();
        let document = Document::parse(file.as_bytes(), 1_000_000).unwrap();
        let key = PublicKey::from_pem(theirs["key"].as_str().unwrap()).unwrap();
        let signature = document.signatures()[0].bytes().unwrap();
        assert!(key.verify(document.signed_bytes(), &signature), "{file}");
        let targets = Targets::read(&document).unwrap();
        assert!(targets.targets.keys().eq(names.iter()));
        assert_eq!(targets.extra.len(), members.len());
    }
}

#[test]
fn keys_of_every_algorithm_that_python_tuf_signs_with_are_verified_here() {
    let file = readers(&["algorithms"], Vec::new()).remove(0);
    let file = ::hex::decode(file.as_str().unwrap()).unwrap();
    let root = verify_root(None, Document::parse(&file, 100_000).unwrap()).unwrap();
    assert_eq!(root.by_itself().valid.len(), 4);
    let algorithms: std::collections::BTreeSet<_> = root
        .root()
        .keys
        .values()
        .map(|entry| entry.public.as_ref().unwrap().algorithm().name())
        .collect();
    let wanted = ["ECDSA P-256", "ECDSA P-384", "Ed25519", "RSA-PSS"];
    assert_eq!(algorithms, wanted.into());
    let warnings: Vec<_> = root.warnings().map(keymoot_tuf::Warning::name).collect();
    assert_eq!(warnings, ["KEY-REFUSED-ELSEWHERE"]);
}
