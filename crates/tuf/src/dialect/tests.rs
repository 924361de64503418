#![allow(clippy::unwrap_used)]

mod round_trip;
mod tuf_ci;
mod tufops;

use std::collections::BTreeMap;

use super::Dialect;
use crate::samples::{root as root_draft, targets as targets_draft};
use crate::{Document, KeyId, Targets};

const LIMIT: usize = 1_000_000;

fn signatures() -> BTreeMap<KeyId, Vec<u8>> {
    BTreeMap::from([
        (KeyId::new("b"), vec![2, 2]),
        (KeyId::new("a"), vec![1, 1, 1]),
    ])
}

#[test]
fn a_dialect_is_found_by_its_name_and_no_other() {
    for dialect in Dialect::ALL {
        assert_eq!(dialect.name().parse(), Ok(dialect));
    }
    let unknown = "TUF-on-CI\u{202e}".parse::<Dialect>().unwrap_err();
    let shown = unknown.to_string();
    assert!(shown.contains("TUF-on-CI\\u{202e}") && shown.contains("tuf-on-ci"));
}

#[test]
fn a_targets_document_says_what_its_draft_said() {
    for dialect in Dialect::ALL {
        let draft = targets_draft(dialect);
        let targets = Targets::read(&dialect.targets(&draft).unwrap()).unwrap();
        assert_eq!(targets.version, draft.version);
        assert_eq!(targets.targets, draft.files);
        assert_eq!(targets.warnings(), []);
        let roles = &targets.delegations.as_ref().unwrap().roles;
        assert_eq!(roles.len(), draft.delegations.len());
        for (role, drafted) in roles.iter().zip(&draft.delegations) {
            assert_eq!(role.name, drafted.name);
            assert_eq!(role.keys.threshold, drafted.threshold);
            assert_eq!(role.paths, drafted.paths);
            assert_eq!(role.terminating, drafted.terminating);
            let keys = targets.role_keys(&role.name);
            assert_eq!(keys.len(), drafted.signers.len());
            for signer in &drafted.signers {
                let (keyid, _) = keys[&signer.key().fingerprint()];
                assert_eq!(*keyid, dialect.key_id(signer));
            }
        }
    }
}

#[test]
fn a_root_in_the_history_is_byte_for_byte_the_root_in_its_place() {
    let document = Dialect::TufOnCi.root(&root_draft()).unwrap();
    let files = Dialect::TufOnCi.files("root", &document, &signatures());
    let [(current, text), (history, copy)] = &files[..] else {
        panic!("{files:?}")
    };
    assert_eq!(current, "metadata/root.json");
    assert_eq!(history, "metadata/root_history/1.root.json");
    assert_eq!(text, copy);
}

#[test]
fn a_document_is_read_back_from_the_files_it_was_written_to() {
    for dialect in Dialect::ALL {
        let root = dialect.root(&root_draft()).unwrap();
        let targets = dialect.targets(&targets_draft(dialect)).unwrap();
        let folder: BTreeMap<_, _> = [("root", &root), ("targets", &targets)]
            .into_iter()
            .flat_map(|(role, document)| dialect.files(role, document, &signatures()))
            .collect();
        let file = |path: &str| folder.get(path).cloned();
        let read = |role, version| dialect.read(role, version, &file).unwrap();
        for (role, version, written) in [
            ("root", None, &root),
            ("root", Some(1), &root),
            ("targets", None, &targets),
        ] {
            let back = read(role, version).unwrap();
            assert_eq!(back.signed_bytes(), written.signed_bytes());
            let found: Vec<_> = back
                .signatures()
                .iter()
                .map(|s| s.bytes().unwrap())
                .collect();
            assert_eq!(found, [vec![1, 1, 1], vec![2, 2]]);
        }
        assert!(read("root", Some(2)).is_none());
        assert!(read("crates", None).is_none());
    }
}

#[test]
fn the_dialect_of_a_folder_is_detected() {
    for dialect in Dialect::ALL {
        let root = dialect.root(&root_draft()).unwrap();
        let folder: BTreeMap<_, _> = dialect
            .files("root", &root, &signatures())
            .into_iter()
            .collect();
        let file = |path: &str| folder.get(path).cloned();
        assert_eq!(Dialect::detect(&file), Some(dialect));
    }
    assert_eq!(Dialect::detect(&|_| None), None);
    assert_eq!(Dialect::detect(&|_| Some(b"{}".to_vec())), None);
}

#[test]
fn one_file_keeps_a_document_and_its_signatures() {
    for dialect in Dialect::ALL {
        let document = dialect.root(&root_draft()).unwrap();
        let file = dialect.assemble(&document, &signatures());
        let back = Document::parse(&file, LIMIT).unwrap();
        assert_eq!(back.signed_bytes(), document.signed_bytes());
        assert_eq!(dialect.assemble(&back, &signatures()), file);
    }
}

#[test]
fn a_role_with_a_hostile_name_stays_in_the_folder() {
    for dialect in Dialect::ALL {
        for path in dialect.paths("../../etc/x y", 1) {
            assert!(
                path.starts_with("metadata/..%2F..%2Fetc%2Fx%20y."),
                "{path}"
            );
        }
    }
}
