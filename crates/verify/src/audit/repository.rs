//! A repository in a folder, read in a client's order: one document after the other.

use std::{
    fs,
    path::{Path, PathBuf},
};

use keymoot_core::{
    HostError,
    text::{escape_path, excerpt},
};
use keymoot_tuf::{
    Dialect, Document, DocumentError, FileFacts, Nonconformity, TargetFile, VerifiedRoot,
    nonconformities, verify_chain, verify_root,
};

use crate::{
    files,
    tree::{target_bytes, target_paths},
};

/// The largest root, snapshot or timestamp, in bytes.
const MOST: u64 = 4 << 20;
/// The largest targets document, in bytes: one that lists every crate has about 50 MB.
const MOST_TARGETS: u64 = 128 << 20;
/// The most roots that are followed.
const MOST_ROOTS: u64 = 10_000;

/// Why a repository is not followed further.
pub(super) enum Stop {
    /// Words on what is wrong in the repository
    Refused(String),
    /// A file that the auditor cannot read, which says nothing of the repository
    Host(HostError),
}

impl Stop {
    /// With the document that it is about.
    fn of(self, document: &str) -> Self {
        match self {
            Self::Refused(why) => Self::Refused(format!("{document}: {why}")),
            host => host,
        }
    }
}

impl From<String> for Stop {
    fn from(why: String) -> Self {
        Self::Refused(why)
    }
}

impl From<&str> for Stop {
    fn from(why: &str) -> Self {
        Self::Refused(why.to_owned())
    }
}

impl From<HostError> for Stop {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

/// A repository as a server publishes it, or as git keeps it.
pub(super) struct Repository {
    folder: PathBuf,
}

impl Repository {
    /// The repository in a folder with `metadata/` and `targets/`.
    ///
    /// # Errors
    /// The folder has no `metadata/`, or the auditor may not look into it.
    pub(super) fn of(folder: &Path) -> Result<Self, HostError> {
        let metadata = folder.join("metadata");
        // Its files are there only for who may search it, which listing alone does not need.
        let opened = fs::read_dir(&metadata).and_then(|_| fs::metadata(metadata.join(".")));
        opened.map_err(|error| {
            HostError::new(
                format!("cannot read the folder {}: {error}", escape_path(&metadata)),
                "name the folder of the repository: it has metadata/ and targets/",
            )
        })?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The newest root that follows from a trusted one.
    ///
    /// # Errors
    /// In words, what does not follow, or what clients refuse.
    pub(super) fn newest_root(&self, trusted: Document) -> Result<VerifiedRoot, Stop> {
        clients_refuse(&trusted).map_err(|why| format!("the trusted root: {why}"))?;
        let first = trusted.version();
        let chain = verify_chain(Some(trusted), []).map_err(|error| error.to_string())?;
        let mut newest = chain.into_iter().last().ok_or("there is no root")?;
        for version in (first..).skip(1) {
            let Some(next) = self.root(version)? else {
                break;
            };
            if version - first > MOST_ROOTS {
                return Err(format!("more than {MOST_ROOTS} roots follow the trusted one").into());
            }
            clients_refuse(&next).map_err(|why| format!("root {version}: {why}"))?;
            newest = verify_root(Some(&newest), next)
                .map_err(|error| format!("root {version}: {error}"))?;
        }
        Ok(newest)
    }

    /// The root of a version, with its signatures.
    ///
    /// # Errors
    /// In words, why it cannot be read.
    pub(super) fn root(&self, version: u64) -> Result<Option<Document>, Stop> {
        let read = self.root_path(version).map(|path| document(&path, MOST));
        match read
            .transpose()
            .map_err(|why| why.of(&format!("root {version}")))?
        {
            Some((document, _)) if document.version() != version => Err(format!(
                "the file of root {version} says that it is version {}",
                document.version()
            )
            .into()),
            read => Ok(read.map(|(document, _)| document)),
        }
    }

    /// The bytes of a root's file.
    ///
    /// # Errors
    /// The auditor cannot read it.
    pub(super) fn root_bytes(&self, version: u64) -> Result<Option<Vec<u8>>, HostError> {
        match self.root_path(version) {
            Some(path) => bounded(&path, MOST),
            None => Ok(None),
        }
    }

    fn root_path(&self, version: u64) -> Option<PathBuf> {
        let metadata = self.folder.join("metadata");
        let names = [
            format!("{version}.root.json"),
            format!("root_history/{version}.root.json"),
        ];
        let mut paths = names.iter().map(|name| metadata.join(name));
        paths.find(|path| path.is_file())
    }

    /// The document of a role: of that version, or the one without a version in its name.
    ///
    /// # Errors
    /// In words, that it is not there, of another version, or cannot be read.
    pub(super) fn document(
        &self,
        role: &str,
        version: Option<u64>,
    ) -> Result<(Document, Option<FileFacts>), Stop> {
        let shown = excerpt(role);
        // The name of a role is foreign text; dialects write it as part of a path.
        let paths = Dialect::TufOnCi.paths(role, 0);
        let plain = paths.first().map(|path| self.folder.join(path));
        let plain = plain.ok_or_else(|| format!("{shown} has no path"))?;
        let versioned = version.and_then(|version| {
            let name = plain.file_name()?.to_str()?;
            Some(plain.with_file_name(format!("{version}.{name}")))
        });
        let path = versioned.filter(|path| path.is_file()).unwrap_or(plain);
        if !path.is_file() {
            return Err(format!("{shown}.json is not there").into());
        }
        let most = match role {
            "timestamp" | "snapshot" => MOST,
            _ => MOST_TARGETS,
        };
        let (document, facts) = document(&path, most).map_err(|why| why.of(&shown))?;
        match version {
            Some(version) if document.version() != version => Err(format!(
                "{shown} is version {}, and the snapshot lists version {version}: the versions are mixed",
                document.version()
            )
            .into()),
            _ => Ok((document, facts)),
        }
    }

    /// The content of a target file, where it is the one that is listed.
    ///
    /// # Errors
    /// It may be, and the auditor cannot read it.
    pub(super) fn target(
        &self,
        name: &str,
        listed: &TargetFile,
    ) -> Result<Option<Vec<u8>>, HostError> {
        let folder = self.folder.join("targets");
        for path in target_paths(&folder, name, listed) {
            readable(&path)?;
        }
        let bytes = target_bytes(&folder, name, listed);
        Ok(bytes.filter(|bytes| FileFacts::of(bytes).unlike(listed).is_none()))
    }
}

/// A document, and what its file is where it is one file.
fn document(path: &Path, most: u64) -> Result<(Document, Option<FileFacts>), Stop> {
    let bytes = bounded(path, most)?.ok_or("it is too large, or cannot be read")?;
    match parse(&bytes) {
        Err(DocumentError::BarePayload) => {
            let signatures = bounded(&path.with_extension("sig.json"), MOST)?;
            let signatures = signatures.ok_or("its signatures are not beside it")?;
            let longest = bytes.len().max(signatures.len());
            let document = Document::parse_pair(bytes, &signatures, longest);
            Ok((document.map_err(|error| error.to_string())?, None))
        }
        document => {
            let document = document.map_err(|error| error.to_string())?;
            Ok((document, Some(FileFacts::of(&bytes))))
        }
    }
}

/// What clients refuse in a document that keymoot can read.
///
/// # Errors
/// In words, the first such member.
pub(super) fn clients_refuse(document: &Document) -> Result<(), String> {
    let mut found = nonconformities(document).into_iter();
    match found.find(Nonconformity::is_of_document) {
        None => Ok(()),
        Some(found) => Err(found.to_string()),
    }
}

/// A document from the bytes of its file.
pub(super) fn parse(bytes: &[u8]) -> Result<Document, DocumentError> {
    Document::parse(bytes, bytes.len())
}

/// A file below a folder, if it is there and has at most so many bytes.
///
/// # Errors
/// It is there, and the auditor cannot read it.
fn bounded(path: &Path, most: u64) -> Result<Option<Vec<u8>>, HostError> {
    if !path.is_file() {
        return Ok(None);
    }
    readable(path)?;
    Ok(files::read_bounded(path, most).ok())
}

fn readable(path: &Path) -> Result<(), HostError> {
    let opened = files::open(path).map_err(|error| HostError::file("read", path, &error));
    opened.map(|_| ())
}
