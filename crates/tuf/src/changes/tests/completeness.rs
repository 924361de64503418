//! Every difference in what is signed has a sentence: every place of a
//! document is changed in every way, beside a change that is always made.

use proptest::prelude::*;

use super::{document_changes, draft, targets};
use crate::{Dialect, Document, Root, Targets};
use keymoot_core::json::{Json, Object};

/// Every value like this one with one thing changed in it, and where.
fn mutants(value: &Json) -> Vec<(String, Json)> {
    let mut found = match value {
        Json::Null => vec![("null".to_owned(), Json::Bool(true))],
        Json::Bool(value) => vec![("flipped".to_owned(), Json::Bool(!value))],
        Json::Integer(value) => vec![("plus one".to_owned(), Json::Integer(value + 1))],
        Json::String(text) => vec![
            ("longer".to_owned(), format!("{text}x").into()),
            ("upper".to_owned(), text.to_uppercase().into()),
            ("lower".to_owned(), text.to_lowercase().into()),
            ("shorter".to_owned(), text.trim_start_matches('@').into()),
            ("dated".to_owned(), text.replace('Z', ".5Z").into()),
        ],
        Json::Array(items) => {
            let mut turned = items.clone();
            turned.reverse();
            let twice = items.iter().chain(items.first()).cloned().collect();
            let mut fewer = items.clone();
            fewer.pop();
            vec![
                ("reversed".to_owned(), Json::Array(turned)),
                ("doubled".to_owned(), twice),
                ("fewer".to_owned(), Json::Array(fewer)),
            ]
        }
        Json::Object(members) => {
            let mut more = members.clone();
            more.insert("x-more".to_owned(), Json::Null);
            let mut found = vec![("x-more".to_owned(), Json::Object(more))];
            for name in members.keys() {
                let mut fewer = members.clone();
                fewer.remove(name);
                found.push((format!("without {name}"), Json::Object(fewer)));
            }
            found
        }
    };
    match value {
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                for (place, mutant) in mutants(item) {
                    let mut items = items.clone();
                    items[index] = mutant;
                    found.push((format!("{index}/{place}"), Json::Array(items)));
                }
            }
        }
        Json::Object(members) => {
            for (name, item) in members {
                for (place, mutant) in mutants(item) {
                    let mut members = members.clone();
                    members.insert(name.clone(), mutant);
                    found.push((format!("{name}/{place}"), Json::Object(members)));
                }
            }
        }
        _ => {}
    }
    found
}

fn readable(document: &Document) -> bool {
    match document.kind() {
        "root" => Root::read(document).is_ok(),
        "targets" => Targets::read(document).is_ok(),
        _ => false,
    }
}

/// The number of sentences, none of which is empty.
fn told(old: &Document, new: &Document) -> usize {
    let sentences: Vec<_> = document_changes("targets", Some(old), new)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(sentences.iter().all(|sentence| sentence.ends_with('.')));
    sentences.len()
}

fn with_next_version(mut members: Object) -> Object {
    if let Some(Json::Integer(version)) = members.get_mut("version") {
        *version += 7;
    }
    members
}

/// How many changed documents were compared.
fn every_mutant_is_told(document: &Document) -> usize {
    let mut compared = 0;
    for (place, mutant) in mutants(document.signed()) {
        let Json::Object(members) = &mutant else {
            panic!("a document is an object")
        };
        if *members == *object(document) || place.starts_with("version/") {
            continue;
        }
        let Ok(changed) = Document::unsigned(Json::Object(with_next_version(members.clone())))
        else {
            continue;
        };
        if changed.kind() != document.kind() || !readable(&changed) {
            continue;
        }
        assert!(told(document, &changed) >= 2, "{place} is not told");
        assert!(
            told(&changed, document) >= 2,
            "{place} is not told backwards"
        );
        compared += 1;
    }
    compared
}

fn object(document: &Document) -> &Object {
    match document.signed() {
        Json::Object(members) => members,
        _ => panic!("a document is an object"),
    }
}

/// The document with members nobody knows at several depths.
fn with_unknown_members(document: &Document) -> Document {
    let note = || Json::object([("deep", Json::Array(vec![1_u64.into(), Json::Null]))]);
    let mut members = object(document).clone();
    members.insert("x-note".to_owned(), note());
    if let Some(Json::Object(keys)) = members.get("keys") {
        let noted = keys.iter().map(|(keyid, key)| {
            let Json::Object(key) = key else {
                panic!("a key is an object")
            };
            let mut key = key.clone();
            key.insert("keyid_hash_algorithms".to_owned(), note());
            (keyid.clone(), Json::Object(key))
        });
        let noted = Json::Object(noted.collect());
        members.insert("keys".to_owned(), noted);
    }
    Document::unsigned(Json::Object(members)).unwrap()
}

#[test]
fn every_change_to_a_root_has_a_sentence() {
    for dialect in Dialect::ALL {
        let document = with_unknown_members(&dialect.root(&draft()).unwrap());
        assert!(every_mutant_is_told(&document) > 60);
    }
}

#[test]
fn every_change_to_a_targets_document_has_a_sentence() {
    for dialect in Dialect::ALL {
        let mut draft = targets(dialect);
        draft.delegations[2].signers.truncate(5);
        let document = with_unknown_members(&dialect.targets(&draft).unwrap());
        assert!(every_mutant_is_told(&document) > 60);
    }
}

proptest! {
    #[test]
    fn two_changes_at_once_have_sentences_and_equal_documents_have_none(
        first in 0_usize..10_000,
        second in 0_usize..10_000,
    ) {
        let document = with_unknown_members(&Dialect::TufOnCi.root(&draft()).unwrap());
        let pick = |value: &Json, choice: usize| {
            let mut all = mutants(value);
            let choice = choice % all.len();
            all.swap_remove(choice).1
        };
        let changed = Document::unsigned(pick(&pick(document.signed(), first), second));
        if let Ok(changed) = changed
            && changed.kind() == "root"
            && readable(&changed)
        {
            let silent = told(&document, &changed) == 0;
            prop_assert_eq!(silent, changed.signed_bytes() == document.signed_bytes());
        }
    }
}

#[test]
fn the_same_content_in_other_bytes_is_reported_where_the_bytes_are_signed() {
    let document = Dialect::TufCi.root(&draft()).unwrap();
    let mut payload = document.content().to_vec();
    payload.push(b' ');
    let padded = Document::payload(payload, 100_000).unwrap();
    assert_eq!(told(&document, &padded), 1);
    assert_eq!(told(&document, &document), 0);
}
