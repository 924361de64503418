//! Whether the bundle's files follow from a tree.

use super::{
    layout::{SIGNED_REVOKED, is_current, version},
    tree::Tree,
};
use keymoot_core::{Rule, Violation};
use keymoot_record::{
    bundle::Files,
    ceremony::{
        previous::{REVOKED, Revoked},
        propose::CRATES_ROOT,
        script::Document,
    },
};
use keymoot_tuf as tuf;
use keymoot_tuf::Dialect;

/// Every reason not to write these files to the tree.
pub(super) fn violations(files: &Files, tree: &Tree, dialect: Dialect) -> Vec<Violation> {
    let roots = tree.files().iter().filter_map(|(path, there)| {
        (is_current(path) || version(path).is_some()).then(|| root(path, there, files))?
    });
    event(tree)
        .into_iter()
        .chain(roots)
        .chain(documents(files, tree, dialect))
        .chain(revoked(files, tree))
        .collect()
}

/// EXPORT-EVENT: the tree has no open signing event of another tool.
fn event(tree: &Tree) -> Option<Violation> {
    let state = tree.event()?;
    Some(Violation::new(
        Rule::ExportEvent,
        format!("{state} is there: a signing event of another tool is open"),
        "finish that event, or abandon it and remove the file; then export again",
    ))
}

/// EXPORT-HISTORY: every root of the tree is in the bundle's history, byte for byte.
fn root(path: &str, there: &[u8], files: &Files) -> Option<Violation> {
    let known = match version(path) {
        Some(_) => files.get(path),
        // The current root of the tree is an earlier one, or the bundle's.
        None => {
            let mut history = files.iter().filter(|(path, _)| version(path).is_some());
            history.find(|(_, bytes)| *bytes == there).map(|(_, b)| b)
        }
    };
    if known.is_some_and(|bytes| bytes == there) {
        return None;
    }
    let newest = files.keys().filter_map(|path| version(path)).max();
    let found = version(path).or_else(|| {
        let document = tuf::Document::parse(there, there.len());
        Some(document.ok()?.version())
    });
    let (what, next) = match (found, newest) {
        (Some(found), Some(newest)) if found > newest => (
            format!("{path} is version {found}, and the bundle ends with version {newest}"),
            "export the newest bundle: an export never goes back",
        ),
        _ => (
            format!("{path} is not in the bundle's history, byte for byte"),
            "check that you have the right tree and bundle: they have different histories",
        ),
    };
    Some(Violation::new(Rule::ExportHistory, what, next))
}

/// EXPORT-VERSION: no other document of the tree is newer than the bundle's, or
/// another one of the same version.
fn documents(files: &Files, tree: &Tree, dialect: Dialect) -> Vec<Violation> {
    let signed = [Document::Targets, Document::Crates].map(|document| {
        let read = |files: &Files| {
            let file = |path: &str| files.get(path).cloned();
            dialect.read(document.role(), None, &file)
        };
        (document.name(), read(files), read(tree.files()))
    });
    let vouched = format!("targets/{CRATES_ROOT}");
    let read = |files: &Files| {
        let file = files.get(&vouched);
        file.map(|bytes| match tuf::Document::parse(bytes, bytes.len()) {
            // Of tuf-ci the payload alone is a target.
            Err(tuf::DocumentError::BarePayload) => {
                tuf::Document::payload(bytes.clone(), bytes.len())
            }
            document => document,
        })
        .transpose()
    };
    let vouched = (vouched.as_str(), read(files), read(tree.files()));
    signed
        .into_iter()
        .chain([vouched])
        .filter_map(|(name, ours, there)| document(name, &ours.ok()??, there.transpose()?))
        .collect()
}

fn document(
    name: &str,
    ours: &tuf::Document,
    there: Result<tuf::Document, tuf::DocumentError>,
) -> Option<Violation> {
    let what = match there {
        Err(error) => format!("{name}: {error}"),
        Ok(there) if there.version() > ours.version() => format!(
            "{name} is version {}, and the bundle's is version {}",
            there.version(),
            ours.version()
        ),
        Ok(there)
            if there.version() == ours.version() && there.signed_bytes() != ours.signed_bytes() =>
        {
            format!(
                "{name} is another document of version {} than the bundle's",
                there.version()
            )
        }
        Ok(_) => return None,
    };
    Some(Violation::new(
        Rule::ExportVersion,
        what,
        "export the newest bundle into the tree of the same history",
    ))
}

/// EXPORT-REVOKED: no key that the tree lists as revoked is missing in the bundle's
/// list.
fn revoked(files: &Files, tree: &Tree) -> Option<Violation> {
    let ours = lists(files).next().map(|(_, bytes)| Revoked::read(bytes));
    let ours = ours.unwrap_or_else(|| Ok(Revoked::default())).ok()?;
    let mut there = lists(tree.files());
    let what = there.find_map(|(path, bytes)| match Revoked::read(bytes) {
        Err(why) => Some(format!("{path}: {why}")),
        Ok(there) => {
            let forgotten: Vec<_> = there
                .keys()
                .iter()
                .filter(|key| !ours.keys().contains(key))
                .map(|key| format!("{}, device {}", key.handle, key.serial))
                .collect();
            let forgotten = (!forgotten.is_empty()).then(|| forgotten.join("; "));
            forgotten.map(|keys| {
                format!("{path} lists keys that the bundle does not know as revoked: {keys}")
            })
        }
    })?;
    Some(Violation::new(
        Rule::ExportRevoked,
        what,
        "export the newest bundle: a revoked key stays revoked",
    ))
}

/// The lists of revoked keys among files: the one that `targets.json` signs, then the unsigned
/// one.
fn lists(files: &Files) -> impl Iterator<Item = (&'static str, &Vec<u8>)> {
    let paths = [SIGNED_REVOKED, REVOKED].into_iter();
    paths.filter_map(|path| Some((path, files.get(path)?)))
}
