//! A repository as servers publish it, read as a working tree.

use std::collections::BTreeMap;

use keymoot_core::text::excerpt;
use keymoot_record::{
    bundle::Files,
    published::{Cure, Refusal, Served},
};
use keymoot_tuf::{Dialect, Document, FileFacts, Form, Root};

/// The folder of earlier roots in a working tree. A server has none.
const HISTORY: &str = "metadata/root_history/";

/// The files of a working tree, and what only a server has. Documents in one DSSE envelope become
/// tuf-ci's pairs.
///
/// Only files whose names clients ask for are read: `N.root.json`, `timestamp.json`, and
/// `N.ROLE.json` of other roles, of which the highest is the current one. Where the root says that
/// snapshots are not consistent, clients ask for `ROLE.json`.
pub(super) fn as_tree(files: Files) -> (Files, Served) {
    if !is_served(&files) {
        let missing = files.keys().filter_map(|path| other_file(&files, path));
        let served = Served {
            missing: missing.collect(),
            files: BTreeMap::new(),
        };
        return (files, served);
    }
    let consistent = is_consistent(&files);
    let (mut tree, mut served) = (Files::new(), Served::default());
    let mut current = BTreeMap::<String, (Option<u64>, Vec<u8>)>::new();
    for (path, bytes) in files {
        let Some((version, role)) = named(&path) else {
            tree.insert(path, bytes);
            continue;
        };
        let is_numbered = role == "root" || (consistent && role != "timestamp");
        if version.is_some() != is_numbered {
            continue;
        }
        if let ("root", Some(version)) = (role, version) {
            lay(&mut tree, &format!("{HISTORY}{version}.root"), &bytes);
        }
        let newest = current.get(role).is_none_or(|(known, _)| *known < version);
        if newest {
            current.insert(role.to_owned(), (version, bytes));
        }
    }
    for (role, (number, bytes)) in &current {
        // The chain of roots checks the versions of roots.
        if let Some(number) = number
            && role != "root"
        {
            served.missing.extend(other_version(role, *number, bytes));
        }
        served.files.insert(role.clone(), FileFacts::of(bytes));
        lay(&mut tree, &format!("metadata/{role}"), bytes);
    }
    (tree, served)
}

/// Whether it is what a server has, and no working tree.
fn is_served(files: &Files) -> bool {
    let is_root = |path: &String| matches!(named(path), Some((Some(_), "root")));
    let mut paths = files.keys();
    !files.contains_key("metadata/root.json")
        || (files.keys().any(is_root) && !paths.any(|path| path.starts_with(HISTORY)))
}

/// Whether clients ask for files by version, by the newest root. What is wrong with that root is
/// reported elsewhere.
fn is_consistent(files: &Files) -> bool {
    let roots = files.iter().filter_map(|(path, bytes)| match named(path) {
        Some((Some(version), "root")) => Some((version, bytes)),
        _ => None,
    });
    let newest = roots.max_by_key(|(version, _)| *version);
    let document = newest.and_then(|(_, bytes)| Document::parse(bytes, bytes.len()).ok());
    let root = document.and_then(|document| Root::read(&document).ok());
    root.is_none_or(|root| root.consistent_snapshot)
}

/// Version and role of the file of a document directly in the folder of metadata.
fn named(path: &str) -> Option<(Option<u64>, &str)> {
    let name = path.strip_prefix("metadata/")?.strip_suffix(".json")?;
    if name.contains('/') {
        return None;
    }
    let numbered = name.split_once('.').and_then(|(number, role)| {
        let version: u64 = number.parse().ok()?;
        // Clients write no leading zeros.
        (version.to_string() == number).then_some((Some(version), role))
    });
    Some(numbered.unwrap_or((None, name)))
}

/// A numbered file beside those of a working tree, if it is another one: clients of a server read
/// it, and everything else is compared with the files of the working tree.
fn other_file(files: &Files, path: &str) -> Option<Refusal> {
    let (Some(number), role) = named(path)? else {
        return None;
    };
    let own = match role {
        "root" => format!("{HISTORY}{number}.root.json"),
        role => format!("metadata/{role}.json"),
    };
    (files.get(&own) != files.get(path)).then(|| Refusal {
        role: role.to_owned(),
        name: "OTHER-FILE",
        why: format!(
            "{} is not {}, and clients of a server read it",
            excerpt(path),
            excerpt(&own)
        ),
        cure: Cure::Files,
    })
}

/// A document under the number of another version: clients that ask for its version get none.
fn other_version(role: &str, number: u64, bytes: &[u8]) -> Option<Refusal> {
    let version = Document::parse(bytes, bytes.len()).ok()?.version();
    (version != number).then(|| Refusal {
        role: role.to_owned(),
        name: "WRONG-VERSION",
        why: format!(
            "the file {number}.{}.json is version {version}, which clients ask for by its own number",
            excerpt(role)
        ),
        cure: Cure::Files,
    })
}

fn lay(tree: &mut Files, stem: &str, bytes: &[u8]) {
    let envelope = Document::parse(bytes, bytes.len())
        .ok()
        .filter(|document| document.form() != Form::Canonical);
    let Some(document) = envelope else {
        tree.insert(format!("{stem}.json"), bytes.to_vec());
        return;
    };
    let signatures = document.signatures().iter();
    let signatures = signatures
        .filter_map(|signature| Some((signature.keyid.clone(), signature.bytes()?)))
        .collect();
    let contents = Dialect::TufCi.files("role", &document, &signatures);
    for ((_, bytes), end) in contents.into_iter().zip(["json", "sig.json"]) {
        tree.insert(format!("{stem}.{end}"), bytes);
    }
}
