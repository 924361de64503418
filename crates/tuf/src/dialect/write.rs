//! Writing drafts: the members that all dialects have, and where each
//! dialect adds its own.

use super::{Dialect, tuf_ci, tuf_on_ci};
use crate::key::write_object;
use crate::{
    DelegationDraft, Document, DocumentError, DraftError, Holder, KeyId, Periods, RootDraft,
    Signer, TargetFile, TargetsDraft,
};
use keymoot_core::digest::Digest;
use keymoot_core::json::{self, Json, Object, pretty_utf8};
use keymoot_core::time::Time;

/// The version of the TUF specification that every implementation reads.
const SPEC_VERSION: &str = "1.0.0";

/// Why a draft was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The draft is not one that could be signed.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The written file is no TUF document.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl Dialect {
    /// Writes a root. The document carries the bytes to sign.
    ///
    /// # Errors
    /// The draft is not one that could be signed.
    pub fn root(self, draft: &RootDraft) -> Result<Document, WriteError> {
        root(self, draft)
    }

    /// Writes a targets document. The document carries the bytes to sign.
    ///
    /// # Errors
    /// The draft is not one that could be signed.
    pub fn targets(self, draft: &TargetsDraft) -> Result<Document, WriteError> {
        targets(self, draft)
    }

    /// The id of a holder's key, under which its signatures are listed.
    #[must_use]
    pub fn holder_key_id(self, holder: &Holder) -> KeyId {
        self.key_id(&Signer::Holder(holder.clone()))
    }

    /// The id of a signer's key.
    #[must_use]
    pub fn key_id(self, signer: &Signer) -> KeyId {
        key(self, signer).0
    }
}

/// A signer's key as it is in metadata, and its name there.
fn key(dialect: Dialect, signer: &Signer) -> (KeyId, Json) {
    match dialect {
        Dialect::TufOnCi => tuf_on_ci_key(signer),
        Dialect::Tufops | Dialect::TufCi => {
            let key = signer.key();
            let keyid = KeyId::new(key.fingerprint().to_string());
            (keyid, Json::Object(write_object(key)))
        }
    }
}

/// The same in tuf-on-ci, where holder or address are in the key object.
fn tuf_on_ci_key(signer: &Signer) -> (KeyId, Json) {
    let mut object = write_object(signer.key());
    let (name, value) = match signer {
        // tuf-on-ci compares owners with the lower-cased name in its user's
        // file.
        Signer::Holder(holder) => (
            tuf_on_ci::KEY_OWNER,
            format!("@{}", holder.handle.to_lowercase()),
        ),
        Signer::Online(online) => (tuf_on_ci::ONLINE_URI, online.uri.clone()),
    };
    object.insert(name.to_owned(), value.into());
    let object = Json::Object(object);
    let keyid = KeyId::new(Digest::of(&json::canonical(&object)).to_string());
    (keyid, object)
}

fn root(dialect: Dialect, draft: &RootDraft) -> Result<Document, WriteError> {
    draft.check()?;
    check_marks(&draft.marks)?;
    let holders = draft.root_signers();
    let targets = draft.signers_of_targets();
    let online = [Signer::Online(draft.online.clone())];
    let role = |name, signers, threshold, periods| Role {
        name,
        signers,
        threshold,
        periods,
    };
    let roles = [
        role(
            "root",
            &holders[..],
            draft.root_threshold,
            draft.root_periods,
        ),
        role(
            "targets",
            &targets,
            draft.targets_threshold,
            draft.targets_periods,
        ),
        role("snapshot", &online, 1, draft.snapshot_periods),
        role("timestamp", &online, 1, draft.timestamp_periods),
    ];
    check_periods(dialect, &roles)?;
    let mut signed = top("root", draft.version, draft.expires, &draft.marks);
    let consistent = draft.consistent_snapshot.into();
    signed.insert("consistent_snapshot".to_owned(), consistent);
    signed.insert("keys".to_owned(), keys(dialect, &roles));
    let written = roles.iter().map(|role| {
        let mut members = role.write(dialect);
        // Root and targets state their periods themselves.
        if dialect == Dialect::TufOnCi && matches!(role.name, "snapshot" | "timestamp") {
            tuf_on_ci::insert_periods(&mut members, role.periods);
        }
        (role.name.to_owned(), Json::Object(members))
    });
    signed.insert("roles".to_owned(), Json::Object(written.collect()));
    match dialect {
        Dialect::TufOnCi => tuf_on_ci::insert_periods(&mut signed, draft.root_periods),
        Dialect::Tufops => {}
        Dialect::TufCi => {
            check_tuf_ci(draft)?;
            insert_notes(dialect, &roles, &mut signed);
        }
    }
    finish(dialect, signed)
}

fn targets(dialect: Dialect, draft: &TargetsDraft) -> Result<Document, WriteError> {
    draft.check()?;
    check_marks(&draft.marks)?;
    let mut signed = top("targets", draft.version, draft.expires, &draft.marks);
    let files = draft.files.iter();
    let files = files.map(|(name, file)| (name.clone(), write_file(file)));
    signed.insert("targets".to_owned(), Json::Object(files.collect()));
    let roles: Vec<_> = draft.delegations.iter().map(Role::from).collect();
    check_periods(dialect, &roles)?;
    if !roles.is_empty() {
        let delegated = draft.delegations.iter().zip(&roles);
        let delegated = delegated.map(|(draft, role)| {
            let mut members = role.write(dialect);
            let paths = draft.paths.iter().map(|path| Json::from(path.as_str()));
            members.insert("name".to_owned(), draft.name.as_str().into());
            members.insert("paths".to_owned(), paths.collect());
            members.insert("terminating".to_owned(), draft.terminating.into());
            Json::Object(members)
        });
        let delegations = Json::object([
            ("keys", keys(dialect, &roles)),
            ("roles", delegated.collect()),
        ]);
        signed.insert("delegations".to_owned(), delegations);
    }
    match dialect {
        Dialect::TufOnCi => tuf_on_ci::insert_periods(&mut signed, draft.periods),
        Dialect::Tufops => {}
        Dialect::TufCi => insert_notes(dialect, &roles, &mut signed),
    }
    let document = finish(dialect, signed)?;
    if dialect == Dialect::TufCi {
        tuf_ci::refuse_nesting(&draft.role, &document)?;
    }
    Ok(document)
}

/// Who may sign for a role of a draft.
struct Role<'d> {
    name: &'d str,
    signers: &'d [Signer],
    threshold: u32,
    periods: Periods,
}

impl<'d> From<&'d DelegationDraft> for Role<'d> {
    fn from(draft: &'d DelegationDraft) -> Self {
        Self {
            name: &draft.name,
            signers: &draft.signers,
            threshold: draft.threshold,
            periods: draft.periods,
        }
    }
}

impl Role<'_> {
    fn write(&self, dialect: Dialect) -> Object {
        let ids = self.signers.iter();
        let ids = ids.map(|signer| Json::from(key(dialect, signer).0.as_str()));
        Object::from([
            ("keyids".to_owned(), ids.collect()),
            ("threshold".to_owned(), self.threshold.into()),
        ])
    }
}

fn keys(dialect: Dialect, roles: &[Role<'_>]) -> Json {
    let signers = roles.iter().flat_map(|role| role.signers);
    let written = signers.map(|signer| key(dialect, signer));
    Json::Object(
        written
            .map(|(keyid, object)| (keyid.as_str().to_owned(), object))
            .collect(),
    )
}

/// The entries of tuf-ci's member for keys and roles.
fn insert_notes(dialect: Dialect, roles: &[Role<'_>], signed: &mut Object) {
    let signers = roles.iter().flat_map(|role| role.signers);
    let named = signers.map(|signer| (key(dialect, signer).0, signer));
    let periods = roles.iter().map(|role| (role.name, role.periods));
    if let Some(member) = tuf_ci_member(named, periods) {
        signed.insert(tuf_ci::MEMBER.to_owned(), member);
    }
}

/// The member of tuf-ci for keys and roles, or `None` where it would be empty.
fn tuf_ci_member<'d>(
    keys: impl Iterator<Item = (KeyId, &'d Signer)>,
    periods: impl Iterator<Item = (&'d str, Periods)>,
) -> Option<Json> {
    let (mut signers, mut online) = (Object::new(), Object::new());
    for (keyid, signer) in keys {
        let keyid = keyid.as_str().to_owned();
        match signer {
            Signer::Holder(holder) => {
                signers.insert(keyid, format!("@{}", holder.handle).into());
            }
            Signer::Online(service) => {
                online.insert(keyid, service.uri.as_str().into());
            }
        }
    }
    let periods: Object = periods
        .map(|(role, periods)| {
            let days = Json::object([
                (tuf_ci::EXPIRY_DAYS, periods.expiry_days.into()),
                (tuf_ci::SIGNING_DAYS, periods.signing_days.into()),
            ]);
            (role.to_owned(), days)
        })
        .collect();
    let members: Object = [
        (tuf_ci::SIGNERS, signers),
        (tuf_ci::ONLINE, online),
        (tuf_ci::PERIODS, periods),
    ]
    .into_iter()
    .filter(|(_, said)| !said.is_empty())
    .map(|(name, said)| (name.to_owned(), Json::Object(said)))
    .collect();
    (!members.is_empty()).then_some(Json::Object(members))
}

fn write_file(file: &TargetFile) -> Json {
    let hashes = file.hashes.iter();
    let hashes = hashes.map(|(name, hash)| (name.clone(), Json::from(hash.as_str())));
    let mut members = file.extra.clone();
    members.insert("hashes".to_owned(), Json::Object(hashes.collect()));
    members.insert("length".to_owned(), file.length.into());
    Json::Object(members)
}

/// The members of every kind of metadata (TUF 1.0.34, section 4.2).
fn top(kind: &str, version: u64, expires: Time, marks: &Object) -> Object {
    let mut signed = marks.clone();
    signed.extend(
        [
            ("_type", kind.into()),
            ("spec_version", SPEC_VERSION.into()),
            ("version", version.into()),
            ("expires", expires.to_string().into()),
        ]
        .map(|(name, value): (&str, Json)| (name.to_owned(), value)),
    );
    signed
}

fn check_marks(marks: &Object) -> Result<(), DraftError> {
    let prefixes = [tuf_on_ci::PREFIX, tuf_ci::MEMBER];
    let taken = |name: &str| {
        !name.starts_with("x-") || prefixes.iter().any(|prefix| name.starts_with(prefix))
    };
    match marks.keys().find(|name| taken(name)) {
        Some(name) => Err(DraftError::Mark(name.clone())),
        None => Ok(()),
    }
}

/// Refuses drafts of roots that tuf-ci forbids.
fn check_tuf_ci(draft: &RootDraft) -> Result<(), DraftError> {
    if draft.consistent_snapshot {
        Ok(())
    } else {
        Err(DraftError::Dialect {
            dialect: "tuf-ci",
            problem: "consistent_snapshot is always true",
        })
    }
}

/// Two of the dialects refuse periods in which no signing could end in time.
fn check_periods(dialect: Dialect, roles: &[Role<'_>]) -> Result<(), DraftError> {
    let lasting =
        |periods: Periods| periods.signing_days > 0 && periods.signing_days < periods.expiry_days;
    if dialect == Dialect::TufOnCi || roles.iter().all(|role| lasting(role.periods)) {
        Ok(())
    } else {
        Err(DraftError::Dialect {
            dialect: dialect.name(),
            problem: "signing a role's next metadata begins at least a day before the end, and less days than it lasts",
        })
    }
}

fn finish(dialect: Dialect, signed: Object) -> Result<Document, WriteError> {
    let signed = Json::Object(signed);
    match dialect {
        Dialect::TufOnCi | Dialect::Tufops => Ok(Document::unsigned(signed)?),
        Dialect::TufCi => {
            let payload = pretty_utf8(&signed);
            let limit = payload.len();
            Ok(Document::payload(payload, limit)?)
        }
    }
}
