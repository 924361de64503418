//! The published histories, from the folder that KEYMOOT_VECTORS names: each
//! holds whole, and fails with one byte changed in any signed field.

use std::path::{Path, PathBuf};

use keymoot_core::json::{Json, parse, pretty};
use keymoot_tuf::{Document, History};

use super::fixture::{Folder, Outcome};

const LIMIT: usize = 1_000_000;

fn vectors() -> Option<PathBuf> {
    testkit::left_out::vectors("tuf-roots")
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

/// One byte of a text made another, if it is a text that has one.
fn flipped(text: &str) -> String {
    let mut changed = text.to_owned();
    let last = changed.pop();
    changed.push(if last == Some('A') { 'B' } else { 'A' });
    changed
}

/// Every document that differs from this one in one leaf, or in the name of one
/// member, and the way to the place.
fn flips(value: &Json, path: &str) -> Vec<(String, Json)> {
    let here = |changed: Json| vec![(path.to_owned(), changed)];
    match value {
        Json::Null => here(Json::Bool(true)),
        Json::Bool(value) => here(Json::Bool(!value)),
        Json::Integer(value) => here(Json::Integer(value + 1)),
        Json::String(text) => here(flipped(text).into()),
        Json::Array(items) => {
            let each = items.iter().enumerate().flat_map(|(index, item)| {
                let inner = flips(item, &format!("{path}[{index}]"));
                inner.into_iter().map(move |(place, changed)| {
                    let mut items = items.clone();
                    items[index] = changed;
                    (place, Json::Array(items))
                })
            });
            each.collect()
        }
        Json::Object(members) => {
            let mut found = Vec::new();
            for (name, value) in members {
                let path = format!("{path}.{name}");
                for (place, changed) in flips(value, &path) {
                    let mut members = members.clone();
                    members.insert(name.clone(), changed);
                    found.push((place, Json::Object(members)));
                }
                let mut renamed = members.clone();
                renamed.remove(name);
                renamed.insert(flipped(name), value.clone());
                found.push((format!("{path} (its name)"), Json::Object(renamed)));
            }
            found
        }
    }
}

fn holds(documents: Vec<Result<Document, keymoot_tuf::DocumentError>>) -> bool {
    let readable: Result<Vec<_>, _> = documents.into_iter().collect();
    readable.is_ok_and(|documents| {
        let history = History::of(None, documents);
        history.errors().is_empty() && history.gaps().is_empty()
    })
}

/// Changes every field of each version in turn; the version before is given
/// with it, and the version after.
fn every_change_breaks(
    versions: usize,
    document: impl Fn(usize, Option<&Json>) -> Result<Document, keymoot_tuf::DocumentError>,
) -> usize {
    let mut changes = 0;
    for place in 0..versions {
        let around = place.saturating_sub(1)..versions.min(place + 2);
        let original = document(place, None).unwrap();
        assert!(holds(around.clone().map(|at| document(at, None)).collect()));
        for (path, changed) in flips(original.signed(), "signed") {
            let documents = around
                .clone()
                .map(|at| document(at, (at == place).then_some(&changed)));
            assert!(!holds(documents.collect()), "{path} of the root at {place}");
            changes += 1;
        }
    }
    changes
}

#[test]
fn sigstores_history_fails_with_a_byte_changed_in_any_signed_field() {
    let Some(vectors) = vectors() else { return };
    let files: Vec<_> = (5..=15)
        .map(|version| read(&vectors.join(format!("sigstore/{version}.root.json"))))
        .collect();
    let changes = every_change_breaks(files.len(), |place, changed| {
        let Some(changed) = changed else {
            return Document::parse(&files[place], LIMIT);
        };
        let Json::Object(mut file) = parse(&files[place], LIMIT).unwrap() else {
            panic!("no object");
        };
        file.insert("signed".to_owned(), changed.clone());
        Document::parse(pretty(&Json::Object(file), 1).as_bytes(), LIMIT)
    });
    assert!(changes > 1000, "{changes}");
}

#[test]
fn tuf_cis_history_fails_with_a_byte_changed_in_any_signed_field() {
    let Some(vectors) = vectors() else { return };
    let file = |version: usize, kind: &str| {
        read(&vectors.join(format!("tuf-ci/root_history/{version}.root.{kind}")))
    };
    let changes = every_change_breaks(2, |place, changed| {
        let payload = match changed {
            None => file(place + 1, "json"),
            Some(changed) => (pretty(changed, 2) + "\n").into_bytes(),
        };
        Document::parse_pair(payload, &file(place + 1, "sig.json"), LIMIT)
    });
    assert!(changes > 50, "{changes}");
}

#[test]
fn the_whole_repository_of_tuf_ci_holds_without_a_warning() {
    let Some(vectors) = vectors() else { return };
    let folder = vectors.join("tuf-ci");
    let names = [
        "root",
        "targets",
        "rustup",
        "root_history/1.root",
        "root_history/2.root",
    ];
    let files: Vec<_> = names
        .iter()
        .flat_map(|name| ["json", "sig.json"].map(|kind| folder.join(format!("{name}.{kind}"))))
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    let files: Vec<_> = files.iter().map(String::as_str).collect();
    let outcome = Folder::new().verify(&[&files[..], &["--trusted-root", files[6]]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.report["errors"]);
    assert_eq!(outcome.roots(), [(1, 0, true), (2, 0, true)]);
    let all = ["roots", "documents"].map(|list| outcome.report[list].as_array().unwrap());
    assert_eq!(all[1].len(), 2);
    for document in all.into_iter().flatten() {
        assert!(
            Outcome::names(&document["warnings"]).is_empty(),
            "{document}"
        );
    }
}
