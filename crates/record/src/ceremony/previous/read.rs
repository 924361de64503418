//! Reads and verifies the previous state.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Previous, Vouched,
    enrolments::{self, Published, is_renamed},
    inputs::{ENDED, Inputs, NEXT, PREVIOUS, TRUSTED_ROOT},
    newest,
    revoked::Revoked,
    roots,
};
use crate::{
    rules::{
        roster::Handle,
        scenario::{Document, REVOKED, TARGETS},
    },
    transcript::Time,
};
use keymoot_core::{Rule, Violation, digest::Digest, text::excerpt};
use keymoot_tuf as tuf;
use keymoot_tuf::dialect::tufops::{self, Config};
use keymoot_tuf::{Checks, Dialect, KeyEntry, KeyId, Root, Targets, VerifiedRoot, count};

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
            Some(bytes) if !file.fits(bytes) => "is another file",
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
