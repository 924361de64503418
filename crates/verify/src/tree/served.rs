//! A repository as servers publish it, read as a working tree.

use keymoot_record::bundle::Files;
use keymoot_tuf::{Dialect, Document, Form};

/// The files of a working tree. A server has `N.ROLE.json` for each version and no
/// `root.json`: the highest version is the current one. Documents in one DSSE envelope
/// become tuf-ci's pairs.
pub(crate) fn as_tree(files: Files) -> Files {
    let served = !files.contains_key("metadata/root.json");
    let mut tree = Files::new();
    let mut current = std::collections::BTreeMap::<String, (u64, Vec<u8>)>::new();
    for (path, bytes) in files {
        let name = path
            .strip_prefix("metadata/")
            .and_then(|name| name.strip_suffix(".json"))
            .filter(|name| served && !name.contains('/'));
        let Some(name) = name else {
            tree.insert(path, bytes);
            continue;
        };
        let (version, role) = versioned(name);
        if role == "root" {
            lay(
                &mut tree,
                &format!("metadata/root_history/{version}.root"),
                &bytes,
            );
        }
        let newest = current.get(role).is_none_or(|(known, _)| *known < version);
        if newest {
            current.insert(role.to_owned(), (version, bytes));
        }
    }
    for (role, (_, bytes)) in &current {
        lay(&mut tree, &format!("metadata/{role}"), bytes);
    }
    tree
}

/// `N.ROLE` as version and role; a name without a version has 0.
fn versioned(name: &str) -> (u64, &str) {
    let parts = name.split_once('.');
    let numbered = parts.and_then(|(version, role)| Some((version.parse().ok()?, role)));
    numbered.unwrap_or((0, name))
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
