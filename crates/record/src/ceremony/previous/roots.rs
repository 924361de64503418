//! A chain of roots from the files of a repository.

use super::{
    inputs::{Inputs, NEXT},
    newest,
};
use keymoot_core::{Rule, Violation};
use keymoot_tuf::{Dialect, Document, VerifiedRoot, verify_chain};

/// The folder of earlier roots.
const HISTORY: &str = "metadata/root_history/";

/// The chain of a repository's roots: those of the history, and the current one,
/// which must be the last of them, byte for byte.
///
/// # Errors
/// A [`Violation`] of ROOT-PREVIOUS: what is missing, cannot be read or does not follow. One of
/// ROOT-NEWEST where the trusted root is newer, or another one of its version.
pub(crate) fn chain(
    dialect: Dialect,
    files: &Inputs,
    trusted: Option<Document>,
) -> Result<Vec<VerifiedRoot>, Violation> {
    let fault = |why: String| Violation::new(Rule::RootPrevious, why, NEXT);
    let (newest, documents) = read(dialect, files).map_err(fault)?;
    if let Some(trusted) = &trusted
        && let Some(why) = newest::rolled_back(trusted, &documents)
    {
        return Err(Violation::new(Rule::RootNewest, why, newest::READ_ANOTHER));
    }
    // The bundle holds the history from its first version on. A trusted root from before it leads
    // to it; a later one is among the history.
    let first = documents.iter().map(Document::version).min();
    let earlier = trusted.filter(|trusted| Some(trusted.version()) < first);
    let chain = verify_chain(earlier, documents).map_err(|error| fault(error.to_string()))?;
    match chain.last() {
        Some(last) if last.document().signed_bytes() == newest.signed_bytes() => Ok(chain),
        _ => Err(fault(
            "root.json is not the newest root of its history".to_owned(),
        )),
    }
}

/// The current root, and every root of the history.
fn read(dialect: Dialect, files: &Inputs) -> Result<(Document, Vec<Document>), String> {
    let read = |version: Option<u64>| {
        let file = |path: &str| files.get(path).cloned();
        dialect
            .read("root", version, &file)
            .map_err(|error| match version {
                Some(version) => format!("the root of version {version} in the history: {error}"),
                None => format!("root.json: {error}"),
            })
    };
    let newest = read(None)?.ok_or("root.json of the previous state is missing")?;
    let versions = files.keys().filter_map(|path| {
        let name = path.strip_prefix(HISTORY)?.strip_suffix(".root.json")?;
        name.parse::<u64>().ok()
    });
    let mut documents = Vec::new();
    for version in versions {
        if let Some(document) = read(Some(version))? {
            if document.version() != version {
                return Err(format!(
                    "version {version} in the history says that it is version {}",
                    document.version()
                ));
            }
            documents.push(document);
        }
    }
    let paths = dialect.paths("root", newest.version());
    // First the files of the current root, then the same files in the history.
    let (current, kept) = paths.split_at(paths.len() / 2);
    if let Some(missing) = kept.iter().find(|path| !files.contains_key(*path)) {
        return Err(format!(
            "root.json is version {}, and {missing} is missing",
            newest.version()
        ));
    }
    let same = current.iter().zip(kept).all(|(current, kept)| {
        files.contains_key(current) && files.get(current) == files.get(kept)
    });
    if !same || !documents.contains(&newest) {
        return Err(format!(
            "root.json is version {0}, and version {0} in the history is not the same file",
            newest.version()
        ));
    }
    Ok((newest, documents))
}
