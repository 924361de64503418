//! The previous state: the documents, the enrolments and the revoked keys
//! that a ceremony starts from.
//!
//! All of it comes from files given before the ceremony begins ([`Inputs`]). The
//! chain of roots is verified from its first version, or from the root that the
//! people in the room trust, before anything is proposed.

mod enrolments;
mod judged;
mod newest;
mod revoked;
mod roots;

use std::collections::{BTreeMap, BTreeSet};

pub use crate::rules::scenario::REVOKED;
pub use enrolments::Published;
pub use judged::{judged, unjudged};
pub(crate) use newest::{READ_ANOTHER, rolled_back, trusted as trusted_root};
pub use revoked::{Revoked, RevokedKey};
pub(crate) use roots::chain as chain_of_roots;

use super::authorised::{TARGETS, fits};
use crate::{
    rules::{machine::Past, roster::Handle, scenario::Document},
    transcript::Time,
};
use keymoot_core::{Rule, Violation, digest::Digest, text::excerpt};
use keymoot_tuf as tuf;
use keymoot_tuf::dialect::tufops::{self, Config};
use keymoot_tuf::{Checks, Dialect, KeyEntry, KeyId, Root, Targets, VerifiedRoot, count};

/// The files that a ceremony begins with beside its plan: path to content.
///
/// ```text
/// previous/tuf-root/metadata/…      the documents as they are published, with root_history/
/// previous/tuf-crates/metadata/…    the root of tuf-crates that the quorum signed as a target
/// previous/attestations/…           the published enrolments
/// previous/revoked.json             the revoked keys, where targets.json does not sign them
/// previous/ended                    when the previous ceremony ended
/// incoming/tuf-crates/…             new roots of tuf-crates, to be signed as targets
/// incoming/authorised/…             new files that the policy has the quorum sign
/// trusted-root.json                 the root that the people in the room trust
/// ```
pub type Inputs = BTreeMap<String, Vec<u8>>;

/// The folder of the previous state among the inputs.
pub const PREVIOUS: &str = "previous";
/// When the previous ceremony ended, where its bundle was given: one line, as the
/// transcript writes times.
pub const ENDED: &str = "ended";
/// The folder of new roots of tuf-crates among the inputs.
pub const INCOMING: &str = "incoming/tuf-crates";
/// The folder of files that the policy authorises, each at its path.
pub const AUTHORISED: &str = "incoming/authorised";
/// The root that the people in the room trust.
pub const TRUSTED_ROOT: &str = "trusted-root.json";

const NEXT: &str = "name the last bundle, or the repository as it is published";

/// The previous state, verified from its own files. Only
/// [`Previous::read`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    roots: Vec<VerifiedRoot>,
    trusted: Option<u64>,
    targets: Option<Vouched>,
    crates: Option<Vouched>,
    crates_roots: Vec<VerifiedRoot>,
    enrolments: Vec<Published>,
    holders: BTreeMap<Handle, Digest>,
    revoked: Revoked,
    ended: Option<Time>,
    /// The holders and periods in `tufops.toml`. Nobody signs it.
    unsigned: Option<Config>,
}

/// A targets document that its delegator's keys have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// As it was signed
    pub document: tuf::Document,
    /// Its parsed content
    pub content: Targets,
}

impl Previous {
    /// Reads and verifies the files below [`PREVIOUS`]; `None` where there are none.
    ///
    /// # Errors
    /// Every [`Violation`] found: ROOT-PREVIOUS for the chain of roots,
    /// DELEGATION-PREVIOUS for the other documents, KEY-PUBLISHED for enrolments and
    /// KEY-REVOKED for the list of revoked keys.
    pub fn read(inputs: &Inputs, dialect: Dialect) -> Result<Option<Self>, Vec<Violation>> {
        let below = |prefix: &str| -> Inputs {
            let prefix = format!("{PREVIOUS}/{prefix}");
            inputs
                .iter()
                .filter_map(|(path, bytes)| {
                    Some((path.strip_prefix(&prefix)?.to_owned(), bytes.clone()))
                })
                .collect()
        };
        if below("").is_empty() {
            return Ok(None);
        }
        let repository = below("tuf-root/");
        written_as(dialect, &repository).map_err(|violation| vec![violation])?;
        let trusted = match inputs.get(TRUSTED_ROOT) {
            None => None,
            Some(bytes) => Some(newest::trusted(bytes).map_err(|violation| vec![violation])?),
        };
        let roots = roots::chain(dialect, &repository, trusted.clone())
            .map_err(|violation| vec![violation])?;
        let mut violations = Vec::new();
        let crates_repository = below("tuf-crates/");
        let crates_roots = match crates_repository.is_empty() {
            true => Vec::new(),
            false => roots::chain(dialect, &crates_repository, None).unwrap_or_else(|violation| {
                violations.push(Violation::new(
                    Rule::CratesRoot,
                    format!(
                        "the root of tuf-crates that the quorum signed: {}",
                        violation.what
                    ),
                    NEXT,
                ));
                Vec::new()
            }),
        };
        let documents = roots
            .last()
            .map(|root| vouched(dialect, root.root(), &repository));
        let (targets, crates) = match documents {
            Some(Ok(documents)) => documents,
            Some(Err(why)) => {
                violations.push(Violation::new(Rule::DelegationPrevious, why, NEXT));
                (None, None)
            }
            None => (None, None),
        };
        let enrolments = enrolments::read(&below("attestations/")).unwrap_or_else(|mut unread| {
            violations.append(&mut unread);
            Vec::new()
        });
        violations.extend(other_files(&repository, [&targets, &crates]));
        // In a state of format 1, the list is beside the repository, and nobody signed it.
        let signs = |document: &Vouched| document.content.targets.contains_key(REVOKED);
        let list = match targets.as_ref().is_some_and(signs) {
            true => repository.get(&format!("{TARGETS}/{REVOKED}")).cloned(),
            false => below("").remove(REVOKED),
        };
        let revoked = match list {
            None => Revoked::default(),
            Some(bytes) => Revoked::read(&bytes).unwrap_or_else(|why| {
                violations.push(Violation::new(
                    Rule::KeyRevoked,
                    format!("{REVOKED}: {why}"),
                    NEXT,
                ));
                Revoked::default()
            }),
        };
        let unsigned = names(dialect, &repository).unwrap_or_else(|why| {
            violations.push(Violation::new(
                Rule::RootPrevious,
                why,
                "correct the file: every command of tufops loads it",
            ));
            None
        });
        let ended = below("").get(ENDED).and_then(|bytes| {
            let text = std::str::from_utf8(bytes).ok()?;
            Time::try_from(text.trim_end().to_owned()).ok()
        });
        if violations.is_empty() {
            Ok(Some(Self {
                holders: holders(roots.last(), &enrolments, unsigned.as_ref()),
                trusted: trusted.map(|root| root.version()),
                roots,
                targets,
                crates,
                crates_roots,
                enrolments,
                revoked,
                ended,
                unsigned,
            }))
        } else {
            Err(violations)
        }
    }

    /// Known times by the end of the previous ceremony.
    #[must_use]
    pub fn past(&self) -> Vec<Past> {
        let ended = self.ended.map(|at| Past {
            at,
            what: "the previous ceremony ended",
        });
        // A root is valid at most for its stated period after it was made.
        let made = self.root().map(VerifiedRoot::root).and_then(|root| {
            let days = i64::from(root.periods?.expiry_days);
            Some(Past {
                at: Time::from_unix(root.expires.unix())?.plus(-days, 0)?,
                what: "the previous root was made",
            })
        });
        ended.into_iter().chain(made).collect()
    }

    /// The chain of roots, the first version that is known first. Never empty.
    #[must_use]
    pub fn roots(&self) -> &[VerifiedRoot] {
        &self.roots
    }

    /// The root that the next one follows.
    #[must_use]
    pub fn root(&self) -> Option<&VerifiedRoot> {
        self.roots.last()
    }

    /// The version of the root that was known from another channel, where one was given.
    #[must_use]
    pub fn trusted(&self) -> Option<u64> {
        self.trusted
    }

    /// `targets.json`
    #[must_use]
    pub fn targets(&self) -> Option<&Vouched> {
        self.targets.as_ref()
    }

    /// `crates.json`
    #[must_use]
    pub fn crates(&self) -> Option<&Vouched> {
        self.crates.as_ref()
    }

    /// The chain of the roots of tuf-crates that the quorum signed as targets.
    #[must_use]
    pub fn crates_roots(&self) -> &[VerifiedRoot] {
        &self.crates_roots
    }

    /// The published enrolments, spares among them.
    #[must_use]
    pub fn enrolments(&self) -> &[Published] {
        &self.enrolments
    }

    /// The keys that were revoked by earlier ceremonies.
    #[must_use]
    pub fn revoked(&self) -> &Revoked {
        &self.revoked
    }

    /// The holders and periods in `tufops.toml`, where a tree of tufops has one. Nobody
    /// signs it: it helps people to recognise keys, and proves nothing.
    #[must_use]
    pub fn unsigned(&self) -> Option<&Config> {
        self.unsigned.as_ref()
    }

    /// The document as it was published last, if it was.
    #[must_use]
    pub fn document(&self, document: Document) -> Option<&tuf::Document> {
        match document {
            Document::Root => self.root().map(VerifiedRoot::document),
            Document::Targets => self.targets().map(|vouched| &vouched.document),
            Document::Crates => self.crates().map(|vouched| &vouched.document),
        }
    }

    /// The holders of the root's keys, and the keys' identities. Where the dialect does
    /// not say who holds a key, its published enrolment does, or else `tufops.toml`.
    #[must_use]
    pub fn holders(&self) -> &BTreeMap<Handle, Digest> {
        &self.holders
    }

    /// The last version of the root that this key signed.
    #[must_use]
    pub fn last_signed(&self, key: &Digest) -> Option<u64> {
        let signed = |root: &&VerifiedRoot| {
            root.by_previous()
                .into_iter()
                .chain([root.by_itself()])
                .flat_map(|quorum| &quorum.valid)
                .any(|valid| valid.fingerprint == *key)
        };
        self.roots
            .iter()
            .rev()
            .find(signed)
            .map(|root| root.root().version)
    }

    /// A file that events of earlier ceremonies name.
    #[must_use]
    pub fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.enrolments
            .iter()
            .find_map(|published| published.object(digest))
    }
}

/// ROOT-PREVIOUS: the repository is written as the policy says, in one file a document or
/// in two. Otherwise no signature of the next root would follow from this one.
fn written_as(dialect: Dialect, repository: &Inputs) -> Result<(), Violation> {
    let found = Dialect::detect(&|path| repository.get(path).cloned());
    let pairs = |dialect| dialect == Dialect::TufCi;
    match found {
        Some(found) if pairs(found) != pairs(dialect) => Err(Violation::new(
            Rule::RootPrevious,
            format!("the previous state is written as {found}, and the policy says {dialect}"),
            format!("set dialect = \"{found}\" in the policy"),
        )),
        _ => Ok(()),
    }
}

/// [`Previous::unsigned`] of a repository.
fn names(dialect: Dialect, repository: &Inputs) -> Result<Option<Config>, String> {
    match repository.get(tufops::FILE) {
        Some(bytes) if dialect == Dialect::Tufops => {
            let text = std::str::from_utf8(bytes).map_err(|error| error.to_string());
            text.and_then(|text| Config::parse(text).map_err(|error| error.to_string()))
                .map(Some)
                .map_err(|why| format!("{}: {why}", tufops::FILE))
        }
        _ => Ok(None),
    }
}

/// [`Previous::holders`] of a root.
fn holders(
    root: Option<&VerifiedRoot>,
    enrolments: &[Published],
    unsigned: Option<&Config>,
) -> BTreeMap<Handle, Digest> {
    let unsigned = unsigned.map(Config::by_key).unwrap_or_default();
    let keys = root.map(|root| root.root().role_keys("root"));
    keys.unwrap_or_default()
        .into_iter()
        .filter_map(|(fingerprint, (_, entry))| {
            let named = entry.holder.clone().and_then(|h| Handle::try_from(h).ok());
            let enrolled = || {
                let of_key = |p: &&Published| p.enrolment.key() == fingerprint;
                let mut of_key = enrolments.iter().filter(of_key);
                let newest = of_key.find(|one| !is_renamed(one, enrolments));
                newest.map(|published| published.handle.clone())
            };
            let unsigned = || {
                let name = unsigned.get(&fingerprint)?.name();
                Handle::try_from(name.to_owned()).ok()
            };
            let handle = named.or_else(enrolled).or_else(unsigned)?;
            Some((handle, fingerprint))
        })
        .collect()
}

/// Whether the key of an enrolment signed, in another enrolment, that its holder has another name.
pub(in crate::ceremony) fn is_renamed(one: &Published, all: &[Published]) -> bool {
    all.iter().any(|other| {
        other.enrolment.spki == one.enrolment.spki && other.formerly.as_ref() == Some(&one.handle)
    })
}

/// `targets.json` and `crates.json`, where they are, each signed by the keys that
/// its delegator names.
fn vouched(
    dialect: Dialect,
    root: &Root,
    files: &Inputs,
) -> Result<(Option<Vouched>, Option<Vouched>), String> {
    let read = |document: Document| -> Result<Option<Vouched>, String> {
        let file = |path: &str| files.get(path).cloned();
        let fault = |error: tuf::DocumentError| format!("{}: {error}", document.name());
        let found = dialect.read(document.role(), None, &file).map_err(fault)?;
        found
            .map(|document| {
                let content = Targets::read(&document).map_err(fault)?;
                Ok(Vouched { document, content })
            })
            .transpose()
    };
    let (targets, crates) = (read(Document::Targets)?, read(Document::Crates)?);
    if let Some(targets) = &targets {
        let role = root
            .roles
            .get("targets")
            .ok_or("root.json has no role targets")?;
        signed_for("targets.json", targets, role, &root.keys)?;
    }
    if let Some(crates) = &crates {
        let delegations = targets
            .as_ref()
            .and_then(|targets| targets.content.delegations.as_ref())
            .ok_or("crates.json is there, and no targets.json delegates to it")?;
        let role = delegations
            .roles
            .iter()
            .find(|role| role.name == Document::Crates.role())
            .ok_or("targets.json does not delegate to crates")?;
        signed_for("crates.json", crates, &role.keys, &delegations.keys)?;
    }
    // Every ceremony that changes the root's keys signs targets.json, too.
    let delegated = targets.as_ref().map(|targets| {
        let keys = targets.content.role_keys(Document::Crates.role());
        keys.into_keys().collect::<BTreeSet<_>>()
    });
    let quorum = root.role_keys("root").into_keys().collect();
    if delegated.is_some_and(|keys| !keys.is_empty() && keys != quorum) {
        return Err(
            "targets.json names other holders than root.json: it is of an earlier version"
                .to_owned(),
        );
    }
    Ok((targets, crates))
}

/// The files of a repository that are not those which its documents sign, and a list of revoked
/// keys that is signed and missing.
fn other_files(files: &Inputs, documents: [&Option<Vouched>; 2]) -> Vec<Violation> {
    let signed = documents.into_iter().flatten();
    let signed = signed.flat_map(|vouched| &vouched.content.targets);
    let fault = |(name, file): (&String, &tuf::TargetFile)| {
        let is_list = name == REVOKED;
        let what = match files.get(&format!("{TARGETS}/{name}")) {
            None if is_list => "is missing",
            Some(bytes) if !fits(file, bytes) => "is another file",
            _ => return None,
        };
        let rule = match is_list {
            true => Rule::RevokedAuthorised,
            false => Rule::DelegationPrevious,
        };
        Some(Violation::new(
            rule,
            format!(
                "{TARGETS}/{} of the previous state {what}; signed is a file of {file}",
                excerpt(name)
            ),
            NEXT,
        ))
    };
    signed.filter_map(fault).collect()
}

fn signed_for(
    name: &str,
    vouched: &Vouched,
    role: &tuf::RoleKeys,
    keys: &BTreeMap<KeyId, KeyEntry>,
) -> Result<(), String> {
    let quorum = count(role, keys, &mut Checks::of(&vouched.document));
    match quorum.met() {
        true => Ok(()),
        false => Err(format!("{name} is not signed by enough keys: {quorum}")),
    }
}
