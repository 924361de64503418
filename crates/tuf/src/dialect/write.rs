//! Writing drafts: the members that all dialects have, and where each
//! dialect adds its own.

use super::{Dialect, WriteError, tuf_ci, tuf_on_ci};
use crate::key::write_object;
use crate::{
    DelegationDraft, Document, DraftError, KeyId, Periods, RootDraft, Signer, TargetFile,
    TargetsDraft,
};
use keymoot_core::json::{Json, Object, pretty_utf8};
use keymoot_core::time::Time;

/// The version of the TUF specification that every implementation reads.
const SPEC_VERSION: &str = "1.0.0";

/// A signer's key as it is in metadata, and its name there.
pub(super) fn key(dialect: Dialect, signer: &Signer) -> (KeyId, Json) {
    match dialect {
        Dialect::TufOnCi => tuf_on_ci::key(signer),
        Dialect::Tufops | Dialect::TufCi => {
            let key = signer.key();
            let keyid = KeyId::new(key.fingerprint().to_string());
            (keyid, Json::Object(write_object(key)))
        }
    }
}

pub(super) fn root(dialect: Dialect, draft: &RootDraft) -> Result<Document, WriteError> {
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
            tuf_ci::check_draft(draft)?;
            insert_notes(dialect, &roles, &mut signed);
        }
    }
    finish(dialect, signed)
}

pub(super) fn targets(dialect: Dialect, draft: &TargetsDraft) -> Result<Document, WriteError> {
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
    if let Some(member) = tuf_ci::member(named, periods) {
        signed.insert(tuf_ci::MEMBER.to_owned(), member);
    }
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
