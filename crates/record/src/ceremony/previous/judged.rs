//! Which files of a previous state some rule checks. A bundle carries no others.

use std::collections::BTreeSet;

use super::inputs::{AUTHORISED, ENDED, INCOMING, Inputs, PREVIOUS, TRUSTED_ROOT};
use crate::rules::scenario::{Document, REVOKED, TARGETS};
use keymoot_tuf::{Dialect, Targets, dialect::tufops};

/// The files of an enrolment.
const ENROLMENT: [&str; 4] = ["attestation.pem", "device.pem", "enrolment.json", "key.pem"];

/// These inputs without those that no rule checks, and the paths of those.
#[must_use]
pub fn judged(mut inputs: Inputs, dialect: Dialect) -> (Inputs, Vec<String>) {
    let unjudged = unjudged(&inputs, dialect);
    inputs.retain(|path, _| !unjudged.contains(path));
    (inputs, unjudged)
}

/// The paths of the inputs that no rule checks, for documents that are written as this dialect.
#[must_use]
pub fn unjudged(inputs: &Inputs, dialect: Dialect) -> Vec<String> {
    let signed = signed_files(inputs, dialect);
    let paths = inputs.keys();
    paths
        .filter(|path| !is_judged(path, dialect, &signed))
        .cloned()
        .collect()
}

fn is_judged(path: &str, dialect: Dialect, signed: &BTreeSet<String>) -> bool {
    let below = |folder: &str| path.strip_prefix(folder)?.strip_prefix('/');
    let Some(path) = below(PREVIOUS) else {
        let given = [INCOMING, AUTHORISED].into_iter();
        return path == TRUSTED_ROOT || given.into_iter().any(|folder| below(folder).is_some());
    };
    match path.split_once('/') {
        Some(("tuf-root", path)) => {
            let mut documents = [Document::Targets, Document::Crates].into_iter();
            is_root(path, dialect)
                || documents.any(|document| {
                    let mut paths = dialect.paths(document.role(), 0).into_iter();
                    paths.any(|known| known == path)
                })
                || signed.contains(path)
                || (dialect == Dialect::Tufops && path == tufops::FILE)
        }
        Some(("tuf-crates", path)) => is_root(path, dialect),
        Some(("attestations", path)) => {
            let name = path.rsplit_once('/').map(|(_, name)| name);
            name.is_some_and(|name| ENROLMENT.contains(&name))
        }
        Some(_) => false,
        None => {
            let signs_list = signed.contains(&format!("{TARGETS}/{REVOKED}"));
            path == ENDED || (path == REVOKED && !signs_list)
        }
    }
}

/// Whether it is the current root, or one of the history.
fn is_root(path: &str, dialect: Dialect) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let version = name.split('.').next().and_then(|first| first.parse().ok());
    let mut paths = dialect.paths("root", version.unwrap_or(0)).into_iter();
    paths.any(|known| known == path)
}

/// The paths of the files that `targets.json` and `crates.json` of the previous state sign.
fn signed_files(inputs: &Inputs, dialect: Dialect) -> BTreeSet<String> {
    let file = |path: &str| {
        let kept = inputs.get(&format!("{PREVIOUS}/tuf-root/{path}"));
        kept.cloned()
    };
    let documents = [Document::Targets, Document::Crates].into_iter();
    documents
        .filter_map(|document| dialect.read(document.role(), None, &file).ok().flatten())
        .filter_map(|document| Targets::read(&document).ok())
        .flat_map(|content| content.targets.into_keys())
        .map(|name| format!("{TARGETS}/{name}"))
        .collect()
}
