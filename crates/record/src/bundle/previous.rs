//! The inputs of a ceremony, from a bundle or a working tree.

use super::{
    Bundle, Files, Signatures,
    layout::{ATTESTATIONS, REPOSITORIES, SIGNATURES},
};
use crate::{
    ceremony::{
        previous::{ENDED, Inputs, PREVIOUS, REVOKED},
        propose::{CRATES_ROOT, CRATES_ROOT_SIGNATURES},
        script::{CheckedScript, Scenario},
    },
    rules::policy::Policy,
    transcript::{Chain, Event},
};
use keymoot_core::{Rule, Verdict};
use keymoot_tuf::{Dialect, Document};

/// BUNDLE-PREVIOUS: a ceremony starts only from a bundle that a quorum closed, and not
/// from one that says that the quorum is lost. Asked of a bundle that verifies.
#[must_use]
pub fn previous_state(bundle: &Bundle) -> Verdict {
    let bytes = |name: &str| bundle.files().get(name).map_or(&[][..], Vec::as_slice);
    let text = |name: &str| String::from_utf8_lossy(bytes(name)).into_owned();
    let closers = Signatures::read(bytes(SIGNATURES)).map_or(0, |read| read.signatures.len());
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let quorum = Policy::parse(&text("policy.toml")).map(|policy| policy.quorum);
    let (holders, threshold) = quorum.map_or((0, usize::MAX), |quorum| {
        (count(quorum.holders), count(quorum.threshold))
    });
    let lost = CheckedScript::parse(&text("script.toml"))
        .is_ok_and(|script| script.script().scenario == Scenario::QuorumLost);
    let ended = Chain::read(bytes("transcript.jsonl")).is_ok_and(|chain| {
        let mut entries = chain.entries().iter();
        entries.any(|entry| matches!(entry.event, Event::EndedWithout { .. }))
    });
    Verdict::unless(
        Rule::BundlePrevious,
        lost || ended || closers < threshold,
        || format!("closed by {closers} of {holders} keys, a quorum of {threshold}"),
        || {
            let says = match (lost, ended) {
                (true, _) => "it says that the quorum is lost; ",
                (false, true) => "its ceremony ended without its purpose; ",
                (false, false) => "",
            };
            format!("{says}closed by {closers} of {holders} keys, and the quorum is {threshold}")
        },
        match lost {
            true => {
                "begin again with initial-root, and without a previous bundle. If the quorum is not lost, start from the last bundle that one closed"
            }
            false => "start from the last bundle that a quorum closed",
        },
    )
}

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
pub fn of_tree(files: &Files) -> Inputs {
    let mut inputs = Inputs::new();
    let vouched = format!("targets/{CRATES_ROOT}");
    let signatures = format!("targets/{CRATES_ROOT_SIGNATURES}");
    for (path, bytes) in files.iter().filter(|(path, _)| **path != signatures) {
        let path = match is_published(path) {
            true => format!("{PREVIOUS}/{path}"),
            false => format!("{PREVIOUS}/tuf-root/{path}"),
        };
        inputs.insert(path, bytes.clone());
    }
    // The tree has no history of tuf-crates: the signed root begins one.
    if let Some(root) = files.get(&vouched)
        && let Some((dialect, version)) = written(root)
    {
        for path in dialect.paths("root", version) {
            let bytes = match path.ends_with(".sig.json") {
                true => files.get(&signatures),
                false => Some(root),
            };
            if let Some(bytes) = bytes {
                inputs.insert(format!("{PREVIOUS}/tuf-crates/{path}"), bytes.clone());
            }
        }
    }
    inputs
}

/// The dialect of a root, and its version, by its file alone.
fn written(root: &[u8]) -> Option<(Dialect, u64)> {
    let dialect = Dialect::detect(&|_| Some(root.to_vec()))?;
    let document = match dialect {
        Dialect::TufCi => Document::payload(root.to_vec(), root.len()),
        Dialect::TufOnCi | Dialect::Tufops => Document::parse(root, root.len()),
    };
    Some((dialect, document.ok()?.version()))
}

fn is_published(path: &str) -> bool {
    path == REVOKED
        || path
            .strip_prefix(ATTESTATIONS)
            .is_some_and(|rest| rest.starts_with('/'))
}
