//! Verifying the documents that holders have signed.

use std::collections::BTreeMap;

use super::{enrolment::Enrolment, script::Document, state::State, statement};
use crate::rules::policy::CRATES;
use keymoot_core::{Rule, Verdict, Violation, digest::Digest};
use keymoot_tuf as tuf;
use keymoot_tuf::{Checks, KeyId, Root, Targets, VerifiedRoot, count};

/// Reads a file that events name by its digest.
pub type Objects<'o> = dyn Fn(&Digest) -> Option<Vec<u8>> + 'o;

/// A proposed document as it was kept, without signatures.
///
/// # Errors
/// In words, when it is missing, was altered or cannot be read.
pub fn proposal(
    state: &State,
    document: Document,
    objects: &Objects<'_>,
) -> Result<tuf::Document, String> {
    let proposal = state
        .documents
        .get(&document)
        .ok_or("it was never proposed")?;
    let file = objects(&proposal.file).ok_or("its proposal is missing")?;
    if Digest::of(&file) != proposal.file {
        return Err("its proposal was altered".to_owned());
    }
    let parsed = tuf::Document::parse(&file, file.len()).map_err(|error| error.to_string())?;
    if parsed.digest() == proposal.signed {
        Ok(parsed)
    } else {
        Err("its proposal is not the one whose digest was recorded".to_owned())
    }
}

/// The signatures on a document, by the ids that its delegators give the keys.
///
/// # Errors
/// In words, when a document that names the keys cannot be read.
fn signatures(
    state: &State,
    document: Document,
    delegators: &Delegators<'_>,
) -> Result<BTreeMap<KeyId, Vec<u8>>, String> {
    let mut found = BTreeMap::new();
    for seat in &state.seats {
        for ((signed, serial), signature) in &seat.signatures {
            if *signed == document {
                let key = seat.key_in(*serial);
                let keyids = key.map(|key| delegators.key_ids(document, &key));
                let keyids = keyids.filter(|ids| !ids.is_empty());
                let keyids = keyids
                    .ok_or_else(|| format!("the key of {} has no part in it", seat.handle))?;
                let signatures = keyids.into_iter().map(|id| (id, signature.bytes.clone()));
                found.extend(signatures);
            }
        }
    }
    Ok(found)
}

/// The files of a signed document, put together from the proposal and the signatures
/// under the ids that its delegators give the keys: path in the repository to content.
///
/// # Errors
/// In words, when the proposal is missing or cannot be read.
pub fn signed_files(
    state: &State,
    document: Document,
    delegators: &Delegators<'_>,
    objects: &Objects<'_>,
) -> Result<Vec<(String, Vec<u8>)>, String> {
    let proposal = proposal(state, document, objects)?;
    let signatures = signatures(state, document, delegators)?;
    let dialect = state.plan.policy.dialect;
    Ok(dialect.files(document.role(), &proposal, &signatures))
}

/// The documents that name the keys which sign others: those that this ceremony
/// proposes or, where it does not, those that were published before.
pub struct Delegators<'s> {
    root: Root,
    previous: Option<&'s VerifiedRoot>,
    targets: Option<Targets>,
}

/// The ids under which the holders' keys close the bundle.
pub struct ClosingKeys<'s>(Option<Delegators<'s>>);

impl<'s> ClosingKeys<'s> {
    /// Reads them from the root. Where the ceremony ended without its purpose, no root may name the
    /// keys, and none is needed.
    ///
    /// # Errors
    /// As [`Delegators::of`].
    pub fn of(state: &'s State, objects: &Objects<'_>) -> Result<Self, String> {
        match state.ended {
            Some(_) => Ok(Self(None)),
            None => Delegators::of(state, objects).map(|delegators| Self(Some(delegators))),
        }
    }

    /// The id of an enrolled key; `None` where the root does not name it.
    #[must_use]
    pub fn id(&self, enrolled: &Enrolment) -> Option<KeyId> {
        match &self.0 {
            None => Some(statement::key_without_root(enrolled)),
            Some(delegators) => delegators.key_id(Document::Root, &enrolled.key()),
        }
    }
}

impl<'s> Delegators<'s> {
    /// Reads them.
    ///
    /// # Errors
    /// In words, which is missing or cannot be read.
    pub fn of(state: &'s State, objects: &Objects<'_>) -> Result<Self, String> {
        let previous = state.plan.previous();
        let proposed = |document: Document| {
            state
                .documents
                .contains_key(&document)
                .then(|| {
                    proposal(state, document, objects)
                        .map_err(|why| format!("{}: {why}", document.name()))
                })
                .transpose()
        };
        let root = match proposed(Document::Root)? {
            Some(document) => Root::read(&document).map_err(|error| error.to_string())?,
            None => previous
                .and_then(|previous| previous.root())
                .map(|root| root.root().clone())
                .ok_or("there is no root yet")?,
        };
        let targets = match proposed(Document::Targets)? {
            Some(document) => Some(Targets::read(&document).map_err(|error| error.to_string())?),
            None => previous
                .and_then(|previous| previous.targets())
                .map(|targets| targets.content.clone()),
        };
        Ok(Self {
            root,
            previous: previous
                .and_then(|previous| previous.root())
                .filter(|_| state.documents.contains_key(&Document::Root)),
            targets,
        })
    }

    /// The id under which a signature by this key is recorded.
    #[must_use]
    pub fn key_id(&self, document: Document, key: &Digest) -> Option<KeyId> {
        self.key_ids(document, key).into_iter().next()
    }

    /// The ids under which a signature by this key is in a document, the document's own first. Of a
    /// renamed holder's key both roots have one: where an id is made of the holder's name, too,
    /// clients of the previous root count the signature under the old id alone.
    pub(crate) fn key_ids(&self, document: Document, key: &Digest) -> Vec<KeyId> {
        let own = match document {
            Document::Root => self.root.role_keys("root"),
            Document::Targets => self.root.role_keys("targets"),
            Document::Crates => {
                let targets = self.targets.as_ref();
                targets
                    .map(|targets| targets.role_keys(CRATES))
                    .unwrap_or_default()
            }
        };
        let previous = self.previous.filter(|_| document == Document::Root);
        let before = previous.map(|root| root.root().role_keys("root"));
        let found = [Some(own), before].into_iter().flatten();
        let mut ids: Vec<KeyId> = found
            .filter_map(|keys| keys.get(key).map(|(keyid, _)| (*keyid).clone()))
            .collect();
        ids.dedup();
        ids
    }

    /// Whether the demand for signatures on a document is met: in words, or why it is
    /// not met.
    fn judge(&self, document: Document, signed: tuf::Document) -> Result<String, String> {
        let (role, keys) = match document {
            Document::Root => {
                return tuf::verify_root(self.previous, signed)
                    .map(|root| match root.by_previous() {
                        Some(before) => format!(
                            "{}; by the keys of the root before it, {before}",
                            root.by_itself()
                        ),
                        None => root.by_itself().to_string(),
                    })
                    .map_err(|error| error.to_string());
            }
            Document::Targets => (self.root.roles.get("targets"), &self.root.keys),
            Document::Crates => {
                let delegations = self
                    .targets
                    .as_ref()
                    .and_then(|targets| targets.delegations.as_ref())
                    .ok_or("nothing delegates to it")?;
                let role = delegations.roles.iter().find(|role| role.name == CRATES);
                (role.map(|role| &role.keys), &delegations.keys)
            }
        };
        let role = role.ok_or("nothing delegates to it")?;
        let quorum = count(role, keys, &mut Checks::of(&signed));
        match quorum.met() {
            true => Ok(quorum.to_string()),
            false => Err(format!("it is not signed by enough keys: {quorum}")),
        }
    }
}

/// The SIGNATURE rules on every signed document: each is put together, read
/// back from its bytes, and verified.
#[must_use]
pub fn signed_documents(state: &State, objects: &Objects<'_>) -> Vec<Verdict> {
    let delegators = match Delegators::of(state, objects) {
        Ok(delegators) => delegators,
        Err(_) if state.documents.is_empty() => return Vec::new(),
        Err(why) => return vec![fault(Document::Root, &why)],
    };
    let documents = state.documents.keys();
    let mut verdicts: Vec<_> = documents
        .flat_map(
            |&document| match read_back(state, document, &delegators, objects) {
                Ok(parsed) => {
                    let twice = twice(state, document, &parsed);
                    let quorum = match delegators.judge(document, parsed) {
                        Ok(quorum) => Verdict::held(
                            Rule::SignatureQuorum,
                            format!("{}: {quorum}", document.name()),
                        ),
                        Err(why) => fault(document, &why),
                    };
                    vec![twice, quorum]
                }
                Err(why) => vec![fault(document, &why)],
            },
        )
        .collect();
    verdicts.extend(misnamed(state, objects));
    verdicts
}

/// SIGNATURE-TWICE for the present signatures, also if they are too few.
#[must_use]
pub fn signatures_so_far(state: &State, objects: &Objects<'_>) -> Vec<Verdict> {
    let documents = state.documents.keys();
    let mut verdicts: Vec<_> = documents
        .map(|&document| match proposal(state, document, objects) {
            Ok(parsed) => twice(state, document, &parsed),
            Err(why) => fault(document, &why),
        })
        .collect();
    verdicts.extend(misnamed(state, objects));
    verdicts
}

/// The signatures that are recorded under another id than the one that the document's delegator
/// gives the key: a reader would count them for another key. If the delegators cannot be read,
/// another verdict reports it.
fn misnamed(state: &State, objects: &Objects<'_>) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let (delegators, closing_keys) = (
        Delegators::of(state, objects),
        ClosingKeys::of(state, objects),
    );
    for seat in &state.seats {
        for (&(document, serial), signature) in &seat.signatures {
            let Ok(delegators) = &delegators else {
                continue;
            };
            let key = seat.key_in(serial);
            let id = key.and_then(|key| delegators.key_id(document, &key));
            if id.as_ref() != Some(&signature.keyid) {
                let why = format!(
                    "the signature of {} is recorded under the id of another key",
                    seat.handle
                );
                verdicts.push(fault(document, &why));
            }
        }
        let Ok(closing_keys) = &closing_keys else {
            continue;
        };
        let id = seat
            .enrolled()
            .and_then(|enrolled| closing_keys.id(enrolled));
        if let Some(closing) = &seat.closing
            && id.as_ref() != Some(&closing.keyid)
        {
            let violation = Violation::new(
                Rule::BundleClosed,
                format!(
                    "the closing signature of {} is recorded under the id of another key",
                    seat.handle
                ),
                "stop: find out who changed the transcript",
            );
            verdicts.push(violation.into());
        }
    }
    verdicts
}

/// The signed document as a stranger reads it from its files.
fn read_back(
    state: &State,
    document: Document,
    delegators: &Delegators<'_>,
    objects: &Objects<'_>,
) -> Result<tuf::Document, String> {
    let files: BTreeMap<_, _> = signed_files(state, document, delegators, objects)?
        .into_iter()
        .collect();
    let read = state
        .plan
        .policy
        .dialect
        .read(document.role(), None, &|path| files.get(path).cloned());
    read.map_err(|error| error.to_string())?
        .ok_or_else(|| "it was not written".to_owned())
}

fn fault(document: Document, why: &str) -> Verdict {
    Violation::new(
        Rule::SignatureQuorum,
        format!("{}: {why}", document.name()),
        "stop: do not publish it. Sign it in a new ceremony",
    )
    .into()
}

/// SIGNATURE-TWICE: two implementations accept every signature by an enrolled key.
fn twice(state: &State, document: Document, parsed: &tuf::Document) -> Verdict {
    let message = parsed.signed_bytes();
    let (mut good, mut bad) = (0, Vec::new());
    for seat in &state.seats {
        for ((signed, serial), signature) in &seat.signatures {
            if *signed != document {
                continue;
            }
            let spki = seat.proven().find(|e| e.serial == *serial).map(|e| &e.spki);
            let key = spki.and_then(|spki| tuf::PublicKey::from_spki_der(spki).ok());
            match key.is_some_and(|key| key.verify_twice(message, &signature.bytes).is_ok()) {
                true => good += 1,
                false => bad.push(seat.handle.to_string()),
            }
        }
    }
    Verdict::unless(
        Rule::SignatureTwice,
        !bad.is_empty(),
        || {
            format!(
                "{}: two implementations accept each of {good} signatures",
                document.name()
            )
        },
        || {
            format!(
                "{}: the signatures of {} are refused",
                document.name(),
                bad.join(", ")
            )
        },
        "stop: do not publish it. Sign it in a new ceremony",
    )
}
