//! What is known about the files once they are verified.

use std::path::{Path, PathBuf};

use keymoot_core::text::{escape, escape_path};
use keymoot_tuf::{
    Agreement, Candidate, ChainError, Document, History, RoleError, VerifiedRole, VerifiedRoot,
    agreement, verify_roles,
};

use super::expiry::Judging;
use super::load::Loaded;

/// The outcome: everything that holds, and everything that does not.
pub(super) struct Report {
    pub(super) judging: Judging,
    /// Whether a trusted root was given
    pub(super) anchored: bool,
    pub(super) history: History,
    pub(super) documents: Vec<Accepted>,
    /// The files of the roots
    pub(super) roots: Vec<RootFile>,
    pub(super) warnings: Vec<Finding>,
    pub(super) errors: Vec<Finding>,
}

/// The file of a document that is not a root, and what it was found to be.
pub(super) struct Accepted {
    pub(super) path: PathBuf,
    pub(super) sha256: String,
    pub(super) role: VerifiedRole,
}

/// Which version of the root a file holds.
pub(super) struct RootFile {
    pub(super) version: u64,
    pub(super) path: PathBuf,
}

/// Something to know about the files as a whole, or about one of them.
pub(super) struct Finding {
    /// The name that scripts may rely on
    pub(super) name: &'static str,
    /// In words; safe to show
    pub(super) message: String,
    /// The file it is about
    pub(super) path: Option<PathBuf>,
}

impl Finding {
    /// The message, behind the file's name where it is about one.
    pub(super) fn shown(&self) -> String {
        match &self.path {
            Some(path) => format!("{}: {}", escape_path(path), self.message),
            None => self.message.clone(),
        }
    }
}

impl Report {
    pub(super) fn of(trusted: Option<Document>, files: Vec<Loaded>, judging: Judging) -> Self {
        let anchored = trusted.is_some();
        let mut errors = Vec::new();
        let (mut roots, mut root_documents) = (Vec::new(), Vec::new());
        let (mut paths, mut candidates) = (Vec::new(), Vec::new());
        for Loaded {
            path,
            document,
            file,
        } in files
        {
            match document {
                Err(error) => errors.push(Finding {
                    name: error.name(),
                    message: error.to_string(),
                    path: Some(path),
                }),
                Ok(document) if document.kind() == "root" => {
                    roots.push(RootFile {
                        version: document.version(),
                        path,
                    });
                    root_documents.push(document);
                }
                Ok(document) => {
                    candidates.push(Candidate {
                        names: role_names(&path),
                        document,
                        file,
                    });
                    paths.push(path);
                }
            }
        }
        let history = History::of(trusted, root_documents);
        let verdicts = verify_roles(history.newest(), &candidates);
        let mut report = Self {
            judging,
            anchored,
            history,
            documents: Vec::new(),
            roots,
            warnings: Vec::new(),
            errors,
        };
        report.judge_agreement(&agreement(&candidates, &verdicts), &paths);
        for ((path, candidate), verdict) in paths.into_iter().zip(candidates).zip(verdicts) {
            report.add(path, &candidate.document, verdict);
        }
        report.judge_history();
        if judging.binding {
            report.judge_expiry();
        }
        report
    }

    fn add(
        &mut self,
        path: PathBuf,
        document: &Document,
        verdict: Result<VerifiedRole, RoleError>,
    ) {
        match verdict {
            Ok(role) => self.documents.push(Accepted {
                path,
                sha256: document.digest().to_string(),
                role,
            }),
            Err(error) => self.errors.push(Finding {
                name: error.name(),
                message: error.to_string(),
                path: Some(path),
            }),
        }
    }

    /// What the documents say of each other.
    fn judge_agreement(&mut self, agreement: &Agreement, paths: &[PathBuf]) {
        for (place, contradiction) in &agreement.contradictions {
            self.errors.push(Finding {
                name: contradiction.name(),
                message: contradiction.to_string(),
                path: paths.get(*place).cloned(),
            });
        }
        for role in &agreement.missing {
            self.warnings.push(Finding {
                name: match *role {
                    "timestamp" => "NO-TIMESTAMP",
                    _ => "NO-SNAPSHOT",
                },
                message: format!(
                    "no {role} was given: nothing says here which versions are current, and \
                     clients refuse a repository without it"
                ),
                path: None,
            });
        }
    }

    fn judge_history(&mut self) {
        let mut errors = Vec::new();
        for error in self.history.errors() {
            let file = self
                .roots
                .iter()
                .find(|file| Some(file.version) == error.version());
            errors.push(Finding {
                name: error.name(),
                message: error.to_string(),
                path: file.map(|file| file.path.clone()),
            });
        }
        for gap in self.history.gaps() {
            let missing = ChainError::Missing(*gap);
            self.warnings.push(Finding {
                name: missing.name(),
                message: missing.to_string(),
                path: None,
            });
        }
        if self.anchored {
            let strange = self.history.chains().iter();
            let strange = strange.filter(|chain| !self.history.is_trusted(chain));
            errors.extend(strange.filter_map(|chain| not_trusted(chain)));
        }
        if self.history.chains().is_empty() && errors.is_empty() && self.errors.is_empty() {
            errors.push(Finding {
                name: ChainError::Empty.name(),
                message: ChainError::Empty.to_string(),
                path: None,
            });
        }
        self.errors.extend(errors);
    }

    /// Clients look at the newest root alone: those before it may have expired.
    fn judge_expiry(&mut self) {
        let judging = self.judging;
        let expired = |what: String, path: Option<PathBuf>| Finding {
            name: "EXPIRED",
            message: format!("{what}, as seen from {}", judging.at),
            path,
        };
        if let Some(root) = self.history.newest().map(VerifiedRoot::root)
            && judging.expired(root.expires)
        {
            let sentence = judging.sentence(root.expires);
            let file = self.file_of(root.version).map(Path::to_owned);
            self.errors.push(expired(
                format!("root version {} {sentence}", root.version),
                file,
            ));
        }
        for Accepted { path, role, .. } in &self.documents {
            if judging.expired(role.expires) {
                let name = escape(&role.role);
                let sentence = judging.sentence(role.expires);
                let what = format!("{name} version {} {sentence}", role.version);
                self.errors.push(expired(what, Some(path.clone())));
            }
        }
    }

    /// The first file given that holds a root of that version.
    pub(super) fn file_of(&self, version: u64) -> Option<&Path> {
        let file = self.roots.iter().find(|file| file.version == version);
        file.map(|file| file.path.as_path())
    }

    /// Whether everything given follows from the trusted root.
    pub(super) fn trusted(&self) -> bool {
        self.anchored && self.errors.is_empty()
    }

    /// Whether a chain of the history follows from the trusted root.
    pub(super) fn is_trusted(&self, chain: &[VerifiedRoot]) -> bool {
        self.anchored && self.history.is_trusted(chain)
    }

    /// Whether the documents that are no roots are judged by a trusted one.
    pub(super) fn documents_trusted(&self) -> bool {
        self.anchored && self.history.newest().is_some()
    }
}

fn not_trusted(chain: &[VerifiedRoot]) -> Option<Finding> {
    let (first, last) = (chain.first()?.root().version, chain.last()?.root().version);
    Some(Finding {
        name: "NOT-TRUSTED",
        message: format!(
            "{} not follow from the trusted root: nothing ties version {first} to it",
            match first == last {
                true => format!("root version {first} does"),
                false => format!("root versions {first} to {last} do"),
            }
        ),
        path: None,
    })
}

/// The role that a file's name speaks of: the name without `.json`, and that
/// without a version before it (TUF 1.0.34, 6.2).
fn role_names(path: &Path) -> Vec<String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    let mut names = vec![stem.to_owned()];
    if let Some((version, role)) = stem.split_once('.')
        && !role.is_empty()
        && version.bytes().all(|b| b.is_ascii_digit())
    {
        names.push(role.to_owned());
    }
    names
}
