//! The names of the files and folders of a bundle.

/// The manifest's file name.
pub const MANIFEST: &str = "MANIFEST.json";
/// The file name of its signatures.
pub const SIGNATURES: &str = "MANIFEST.sigs.json";
/// The lines of the transcript after its seal: a file that the manifest does not list.
pub const AFTER_THE_SEAL: &str = "after-the-seal.jsonl";
/// The folder of the repositories in a bundle.
pub const REPOSITORIES: &str = "repositories";
/// The folder of the repository tuf-root in a bundle.
pub const TUF_ROOT: &str = "repositories/tuf-root";
/// The folder of the repository tuf-crates in a bundle.
pub const TUF_CRATES: &str = "repositories/tuf-crates";
/// The folder of the documents of a ceremony that ended without its purpose.
pub(super) const UNFINISHED: &str = "unfinished";
/// The folder of the published enrolments in a bundle.
pub const ATTESTATIONS: &str = "attestations";
/// The report, in both its forms.
pub(super) const REPORT_HTML: &str = "report.html";
pub(super) const REPORT_MARKDOWN: &str = "report.md";
/// The folder of the ceremony's inputs.
pub(super) const INPUTS: &str = "inputs";
