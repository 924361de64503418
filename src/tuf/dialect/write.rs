//! Drafts written down: the members that all dialects have, and where each
//! dialect adds its own.

use super::{Dialect, WriteError, tuf_on_ci};
use crate::tuf::json::{Json, Object};
use crate::tuf::{
    DelegationDraft, Document, DraftError, KeyId, Periods, RootDraft, Signer, TargetFile,
    TargetsDraft, Time,
};

/// The version of the TUF specification that every implementation reads.
const SPEC_VERSION: &str = "1.0.0";

/// A signer's key as it stands in metadata, and its name there.
pub(super) fn key(dialect: Dialect, signer: &Signer) -> (KeyId, Json) {
    match dialect {
        Dialect::TufOnCi => tuf_on_ci::key(signer),
    }
}

pub(super) fn root(dialect: Dialect, draft: &RootDraft) -> Result<Document, WriteError> {
    draft.check()?;
    check_marks(&draft.marks)?;
    let holders = draft.root_signers();
    let targets = draft.signers_of_targets();
    let online = [Signer::Online(draft.online.clone())];
    let roles = [
        role("root", &holders, draft.root_threshold, None),
        role("targets", &targets, draft.targets_threshold, None),
        role("snapshot", &online, 1, Some(draft.snapshot_periods)),
        role("timestamp", &online, 1, Some(draft.timestamp_periods)),
    ];
    let mut signed = top("root", draft.version, draft.expires, &draft.marks);
    match dialect {
        Dialect::TufOnCi => tuf_on_ci::insert_periods(&mut signed, draft.root_periods),
    }
    let signers = roles.iter().flat_map(|role| role.signers);
    signed.extend([
        (
            "consistent_snapshot".to_owned(),
            draft.consistent_snapshot.into(),
        ),
        ("keys".to_owned(), keys(dialect, signers)),
        (
            "roles".to_owned(),
            Json::Object(
                roles
                    .iter()
                    .map(|role| (role.name.to_owned(), role.write(dialect)))
                    .collect(),
            ),
        ),
    ]);
    finish(dialect, signed)
}

pub(super) fn targets(dialect: Dialect, draft: &TargetsDraft) -> Result<Document, WriteError> {
    draft.check()?;
    check_marks(&draft.marks)?;
    let mut signed = top("targets", draft.version, draft.expires, &draft.marks);
    match dialect {
        Dialect::TufOnCi => tuf_on_ci::insert_periods(&mut signed, draft.periods),
    }
    let files = draft.files.iter();
    let files = files.map(|(name, file)| (name.clone(), write_file(file)));
    signed.insert("targets".to_owned(), Json::Object(files.collect()));
    if !draft.delegations.is_empty() {
        let delegations = draft.delegations.iter();
        let signers = delegations.clone().flat_map(|role| &role.signers);
        let written = Json::object([
            ("keys", keys(dialect, signers)),
            (
                "roles",
                delegations
                    .map(|delegation| write_delegation(dialect, delegation))
                    .collect(),
            ),
        ]);
        signed.insert("delegations".to_owned(), written);
    }
    finish(dialect, signed)
}

/// Who may sign for a role of a draft.
struct Role<'d> {
    name: &'d str,
    signers: &'d [Signer],
    threshold: u32,
    /// Where whoever delegates says them
    periods: Option<Periods>,
}

fn role<'d>(
    name: &'d str,
    signers: &'d [Signer],
    threshold: u32,
    periods: Option<Periods>,
) -> Role<'d> {
    Role {
        name,
        signers,
        threshold,
        periods,
    }
}

impl Role<'_> {
    fn write(&self, dialect: Dialect) -> Json {
        let ids = self.signers.iter();
        let ids = ids.map(|signer| Json::from(key(dialect, signer).0.as_str()));
        let mut members = Object::from([
            ("keyids".to_owned(), ids.collect()),
            ("threshold".to_owned(), self.threshold.into()),
        ]);
        match dialect {
            Dialect::TufOnCi => {
                if let Some(periods) = self.periods {
                    tuf_on_ci::insert_periods(&mut members, periods);
                }
            }
        }
        Json::Object(members)
    }
}

fn write_delegation(dialect: Dialect, draft: &DelegationDraft) -> Json {
    // In tuf-on-ci a delegated document says its periods itself.
    let role = role(&draft.name, &draft.signers, draft.threshold, None);
    let mut written = role.write(dialect);
    if let Json::Object(members) = &mut written {
        let paths = draft.paths.iter().map(|path| Json::from(path.as_str()));
        members.extend([
            ("name".to_owned(), draft.name.as_str().into()),
            ("paths".to_owned(), paths.collect()),
            ("terminating".to_owned(), draft.terminating.into()),
        ]);
    }
    written
}

fn write_file(file: &TargetFile) -> Json {
    let hashes = file.hashes.iter();
    let hashes = hashes.map(|(name, hash)| (name.clone(), Json::from(hash.as_str())));
    let mut members = file.extra.clone();
    members.insert("hashes".to_owned(), Json::Object(hashes.collect()));
    members.insert("length".to_owned(), file.length.into());
    Json::Object(members)
}

fn keys<'s>(dialect: Dialect, signers: impl IntoIterator<Item = &'s Signer>) -> Json {
    let written = signers.into_iter().map(|signer| key(dialect, signer));
    Json::Object(
        written
            .map(|(keyid, object)| (keyid.as_str().to_owned(), object))
            .collect(),
    )
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
    let taken = |name: &str| !name.starts_with("x-") || name.starts_with(tuf_on_ci::PREFIX);
    match marks.keys().find(|name| taken(name)) {
        Some(name) => Err(DraftError::Mark(name.clone())),
        None => Ok(()),
    }
}

fn finish(dialect: Dialect, signed: Object) -> Result<Document, WriteError> {
    match dialect {
        Dialect::TufOnCi => Ok(Document::unsigned(Json::Object(signed))?),
    }
}
