//! What a ceremony goes on from, out of a bundle or a working tree.

use super::{
    Bundle, Files,
    contents::{ATTESTATIONS, REPOSITORIES},
};
use crate::{
    ceremony::{
        previous::{ENDED, Inputs, PREVIOUS, REVOKED},
        propose::CRATES_ROOT,
    },
    transcript::Chain,
};
use keymoot_tuf::{Dialect, Document};

/// The inputs that a bundle gives the next ceremony: its repositories, the published
/// enrolments, the revoked keys, and when its transcript was sealed.
#[must_use]
pub fn of_bundle(bundle: &Bundle) -> Inputs {
    let mut inputs = Inputs::new();
    for (path, bytes) in bundle.files() {
        let repository = path
            .strip_prefix(REPOSITORIES)
            .and_then(|path| path.strip_prefix('/'));
        let kept = repository.or_else(|| is_published(path).then_some(path));
        if let Some(path) = kept {
            inputs.insert(format!("{PREVIOUS}/{path}"), bytes.clone());
        }
    }
    let transcript = bundle.files().get("transcript.jsonl");
    let chain = transcript.and_then(|bytes| Chain::read(bytes).ok());
    if let Some(last) = chain.as_ref().and_then(|chain| chain.entries().last()) {
        let ended = format!("{}\n", last.time).into_bytes();
        inputs.insert(format!("{PREVIOUS}/{ENDED}"), ended);
    }
    inputs
}

/// The inputs that the files of a working tree of tuf-root give: like those of a
/// bundle, with the root of tuf-crates that its `targets/` hold.
#[must_use]
pub fn of_tree(files: &Files, dialect: Dialect) -> Inputs {
    let mut inputs = Inputs::new();
    for (path, bytes) in files {
        let path = match is_published(path) {
            true => format!("{PREVIOUS}/{path}"),
            false => format!("{PREVIOUS}/tuf-root/{path}"),
        };
        inputs.insert(path, bytes.clone());
    }
    // The tree has no history of tuf-crates: the root that is vouched for begins one.
    if let Some(root) = files.get(&format!("targets/{CRATES_ROOT}"))
        && let Ok(document) = Document::parse(root, root.len())
    {
        for path in dialect.paths("root", document.version()) {
            inputs.insert(format!("{PREVIOUS}/tuf-crates/{path}"), root.clone());
        }
    }
    inputs
}

fn is_published(path: &str) -> bool {
    path == REVOKED
        || path
            .strip_prefix(ATTESTATIONS)
            .is_some_and(|rest| rest.starts_with('/'))
}
