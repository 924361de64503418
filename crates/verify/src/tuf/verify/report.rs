//! The facts about the files after their verification.

use std::path::{Path, PathBuf};

use keymoot_core::text::escape;
use keymoot_tuf::{
    Agreement, Candidate, ChainError, Document, RoleError, VerifiedRole, VerifiedRoot, agreement,
    verify_roles,
};

use super::super::answer::Failure;
use super::expiry::Judging;
use super::finding::Finding;
use super::load::{self, Loaded};
use super::rehearsal;
use super::roots::{self, ChainReport, Roots, Walked};

/// The outcome: everything that holds, and everything that does not.
pub(super) struct Report {
    pub(super) judging: Judging,
    /// Whether a trusted root was given
    pub(super) anchored: bool,
    pub(super) roots: Roots,
    pub(super) documents: Vec<Accepted>,
    pub(super) warnings: Vec<Finding>,
    pub(super) errors: Vec<Finding>,
}

/// The file of a document that is not a root, and what it was found to be.
pub(super) struct Accepted {
    pub(super) path: PathBuf,
    pub(super) sha256: String,
    pub(super) role: VerifiedRole,
}

impl Report {
    /// Reads and verifies the files.
    ///
    /// # Errors
    /// A file cannot be read from the disk.
    pub(super) fn of(
        trusted: Option<Document>,
        paths: &[PathBuf],
        judging: Judging,
    ) -> Result<Self, Failure> {
        let anchored = trusted.is_some();
        let mut sorted = load::sort(paths, false)?;
        let walked = match roots::walk(trusted.clone(), &sorted.roots, judging)? {
            // Names are believed until one of them is wrong.
            Walked::Misnamed => {
                sorted = load::sort(paths, true)?;
                roots::walk(trusted, &sorted.roots, judging)?
            }
            whole => whole,
        };
        let Walked::Whole(mut roots) = walked else {
            return Err(Failure::Changed);
        };
        let mut report = Self {
            judging,
            anchored,
            documents: Vec::new(),
            warnings: Vec::new(),
            errors: Vec::new(),
            roots: Roots::default(),
        };
        let (mut paths, mut candidates) = (Vec::new(), Vec::new());
        for Loaded {
            path,
            document,
            file,
        } in sorted.others
        {
            match document {
                Err(error) => report.errors.push(Finding {
                    name: error.name(),
                    message: error.to_string(),
                    path: Some(path),
                }),
                Ok(document) => {
                    candidates.push(Candidate {
                        names: role_names(&path),
                        exact: false,
                        document,
                        file,
                    });
                    paths.push(path);
                }
            }
        }
        let verdicts = verify_roles(roots.newest.as_ref(), &candidates);
        report.judge_agreement(&agreement(&candidates, &verdicts), &paths);
        for ((path, candidate), verdict) in paths.into_iter().zip(candidates).zip(verdicts) {
            report.add(path, &candidate.document, verdict);
        }
        report.errors.append(&mut roots.errors);
        report.warnings.append(&mut roots.warnings);
        report.roots = *roots;
        report.judge_history();
        if judging.binding {
            report.judge_expiry();
        }
        Ok(report)
    }

    fn add(
        &mut self,
        path: PathBuf,
        document: &Document,
        verdict: Result<VerifiedRole, RoleError>,
    ) {
        self.warnings
            .extend(rehearsal::finding(document, Some(path.clone())));
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
        if self.anchored {
            let strange = self.roots.chains.iter().filter(|chain| !chain.trusted);
            self.errors.extend(strange.map(not_trusted));
        }
        if self.roots.chains.is_empty() && self.errors.is_empty() {
            self.errors.push(Finding {
                name: ChainError::Empty.name(),
                message: ChainError::Empty.to_string(),
                path: None,
            });
        }
    }

    /// Clients look at the newest root alone: those before it may have expired.
    fn judge_expiry(&mut self) {
        let judging = self.judging;
        let expired = |what: String, path: Option<PathBuf>| Finding {
            name: "EXPIRED",
            message: format!("{what}, as seen from {}", judging.at),
            path,
        };
        if let Some(root) = self.roots.newest.as_ref().map(VerifiedRoot::root)
            && judging.expired(root.expires)
        {
            let sentence = judging.sentence(root.expires);
            self.errors.push(expired(
                format!("root version {} {sentence}", root.version),
                self.roots.newest_file.clone(),
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

    /// Whether a document says that a rehearsal made it.
    pub(super) fn of_rehearsal(&self) -> bool {
        let of_roots = self.roots.roots.iter().flat_map(|root| &root.warnings);
        let mut names = of_roots
            .map(|warning| warning.name)
            .chain(self.warnings.iter().map(|warning| warning.name));
        names.any(|name| name == "REHEARSAL")
    }

    /// Whether everything given follows from the trusted root.
    pub(super) fn trusted(&self) -> bool {
        self.anchored && self.errors.is_empty()
    }

    /// Whether the documents that are no roots are checked by a trusted one.
    pub(super) fn documents_trusted(&self) -> bool {
        self.anchored && self.roots.newest.is_some()
    }
}

fn not_trusted(chain: &ChainReport) -> Finding {
    let (first, last) = (chain.first, chain.last);
    Finding {
        name: "NOT-TRUSTED",
        message: format!(
            "{} not follow from the trusted root: nothing ties version {first} to it",
            match first == last {
                true => format!("root version {first} does"),
                false => format!("root versions {first} to {last} do"),
            }
        ),
        path: None,
    }
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
