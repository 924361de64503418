//! TUF documents in three dialects, DSSE envelopes, and the JSON below them.
//!
//! The files are two texts: a document and another one of its role, or a payload and
//! the file of its signatures as tuf-ci keeps them.
//!
//! - JSON that is read is written and read back the same in every form, its canonical
//!   form does not depend on how it was written, and names are sorted by code point.
//! - A document that is put together again is the same document.
//! - Two documents that sign the same differ in no sentence, and others in at least one.
//! - A root that verifies was signed by distinct keys, as many as it demands.
//! - Everything that is said is fit to show.

use std::collections::BTreeSet;

use keymoot_core::json::{self, Json};
use keymoot_tuf::{
    Dialect, Document, Form, PublicKey, Root, Targets, document_changes, dsse::Envelope,
    verify_root,
};

use crate::input::{file, files, is_fit_to_show, is_safe};

/// The longest text that is read, in bytes.
const LIMIT: usize = 1 << 20;

/// Reads the files in every way in which documents are read.
///
/// # Panics
/// Where a promise does not hold.
pub fn run(data: &[u8]) {
    let files = files(data);
    let (one, other) = (file(&files, 0), file(&files, 1));
    for text in [one, other] {
        json(text);
        envelope(text);
        if let Ok(key) = PublicKey::from_spki_der(text) {
            assert_eq!(PublicKey::from_pem(&key.pem()), Ok(key));
        }
    }
    let read = |text| match Document::parse(text, LIMIT) {
        Ok(document) => Some(document),
        Err(error) => {
            is_fit_to_show(&error.to_string());
            None
        }
    };
    let pair = match Document::parse_pair(one.to_vec(), other, LIMIT) {
        Ok(document) => Some(document),
        Err(error) => {
            is_fit_to_show(&error.to_string());
            None
        }
    };
    let (one, other) = (read(one), read(other));
    for document in [&one, &other, &pair].into_iter().flatten() {
        alone(document);
    }
    if let (Some(one), Some(other)) = (&one, &other) {
        compared(one, other);
    }
}

fn json(text: &[u8]) {
    let value = match json::parse(text, LIMIT) {
        Ok(value) => value,
        Err(error) => return is_fit_to_show(&error.to_string()),
    };
    let canonical = json::canonical(&value);
    for again in [
        json::pretty(&value, 1).into_bytes(),
        json::pretty_utf8(&value),
    ] {
        let again = json::parse(&again, again.len()).expect("what was written is read");
        assert_eq!(again, value);
        assert_eq!(json::canonical(&again), canonical);
    }
    // Canonical JSON has raw control characters in its strings, which JSON has not.
    if !canonical.iter().any(u8::is_ascii_control) {
        let again = json::parse(&canonical, canonical.len()).expect("canonical JSON is JSON");
        assert_eq!(again, value);
    }
    sorted(&value);
    assert!(json::differences(&value, &value).is_empty());
}

fn sorted(value: &Json) {
    match value {
        Json::Array(items) => items.iter().for_each(sorted),
        Json::Object(members) => {
            let names: Vec<_> = members.keys().collect();
            assert!(
                names
                    .windows(2)
                    .all(|pair| pair[0].chars().lt(pair[1].chars())),
                "names by code point, each once"
            );
            members.values().for_each(sorted);
        }
        _ => {}
    }
}

fn envelope(text: &[u8]) {
    match Envelope::parse(text, LIMIT) {
        Ok(envelope) => {
            let again = envelope.to_json();
            assert_eq!(Envelope::parse(again.as_bytes(), again.len()), Ok(envelope));
        }
        Err(error) => is_fit_to_show(&error.to_string()),
    }
}

fn alone(document: &Document) {
    let signatures = document
        .signatures()
        .iter()
        .filter_map(|one| Some((one.keyid.clone(), one.bytes()?)))
        .collect();
    let payload = matches!(document.form(), Form::Payload { .. });
    for dialect in Dialect::ALL {
        if payload != (dialect == Dialect::TufCi) {
            continue;
        }
        let text = dialect.assemble(document, &signatures);
        let again = Document::parse(&text, text.len()).expect("what was put together is read");
        assert_eq!(again.signed(), document.signed());
        assert_eq!(again.signatures().len(), signatures.len());
        assert_eq!(again.signed_bytes(), document.signed_bytes());
        for (path, _) in dialect.files(document.kind(), document, &signatures) {
            assert!(
                path.starts_with("metadata/") && !path.split('/').any(|part| part == ".."),
                "{path:?}"
            );
        }
    }
    for warning in document.warnings() {
        is_fit_to_show(&warning.to_string());
    }
    match document.kind() {
        "root" => root(document),
        "targets" => match Targets::read(document) {
            Ok(targets) => targets
                .warnings()
                .iter()
                .for_each(|w| is_fit_to_show(&w.to_string())),
            Err(error) => is_fit_to_show(&error.to_string()),
        },
        _ => {}
    }
    told(None, document);
}

fn root(document: &Document) {
    match Root::read(document) {
        Ok(root) => root
            .warnings()
            .iter()
            .for_each(|w| is_fit_to_show(&w.to_string())),
        Err(error) => return is_fit_to_show(&error.to_string()),
    }
    match verify_root(None, document.clone()) {
        Ok(verified) => {
            let quorum = verified.by_itself();
            let signers: BTreeSet<_> = quorum.valid.iter().map(|valid| valid.fingerprint).collect();
            assert_eq!(signers.len(), quorum.valid.len(), "a key that counts twice");
            assert!(signers.len() >= quorum.threshold as usize && quorum.threshold > 0);
        }
        Err(error) => is_fit_to_show(&error.to_string()),
    }
}

fn compared(one: &Document, other: &Document) {
    let differ = one.signed_bytes() != other.signed_bytes();
    if let Some(changes) = told(Some(one), other) {
        assert_eq!(
            changes > 0,
            differ,
            "a difference that nobody is told of, or none that is"
        );
    }
    if let (Ok(first), true) = (verify_root(None, one.clone()), one.kind() == "root")
        && let Err(error) = verify_root(Some(&first), other.clone())
    {
        is_fit_to_show(&error.to_string());
    }
    if one.signed() != other.signed() {
        assert!(!json::differences(one.signed(), other.signed()).is_empty());
    }
}

/// How many sentences describe the difference; `None` where the two cannot be compared.
fn told(previous: Option<&Document>, document: &Document) -> Option<usize> {
    match document_changes(document.kind(), previous, document) {
        Ok(changes) => {
            for change in &changes {
                // As long as what is in it: a list of paths is shown whole.
                assert!(is_safe(&change.to_string()), "{change:?}");
            }
            Some(changes.len())
        }
        Err(error) => {
            is_fit_to_show(&error.to_string());
            None
        }
    }
}
