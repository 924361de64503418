//! The files of a working tree that an export knows by their places.

/// With this file, git keeps the line endings of signed, hashed and attested files
/// on every machine.
pub(super) const ATTRIBUTES: &str = ".gitattributes";

/// The list of revoked keys, where `targets.json` signs it.
pub(super) const SIGNED_REVOKED: &str = "targets/revoked.json";
/// The current root, in every repository.
pub(super) const ROOT: &str = "metadata/root.json";
/// Its signatures, where a dialect keeps them apart.
pub(super) const ROOT_SIGNATURES: &str = "metadata/root.sig.json";
/// The folder of all roots.
pub(super) const HISTORY: &str = "metadata/root_history/";

/// Whether a file is of the current root.
pub(super) fn is_current(path: &str) -> bool {
    path == ROOT || path == ROOT_SIGNATURES
}

/// The version that a file of the history is named for.
pub(super) fn version(path: &str) -> Option<u64> {
    let name = path.strip_prefix(HISTORY)?;
    let ends = [".root.json", ".root.sig.json"];
    let version = ends.iter().find_map(|end| name.strip_suffix(end))?;
    version.parse().ok()
}
