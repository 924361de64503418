//! The keys that the roster revokes, and those of the previous root that are left.

use std::collections::BTreeSet;

use super::claim::Claim;
use crate::{
    ceremony::previous::{Previous, is_renamed},
    rules::scenario::Document,
};
use keymoot_core::digest::Digest;

/// The faults of the roster's `[[revoke]]` entries.
pub(super) fn faults(claim: &Claim<'_>, previous: &Previous) -> Vec<String> {
    let (mut faults, mut named) = (Vec::new(), BTreeSet::new());
    let published = previous.enrolments();
    for revocation in &claim.roster.revocations {
        let (handle, serial) = (&revocation.handle, revocation.serial);
        let device = format!("device {serial} of {handle}");
        let mut own = published.iter().filter(|p| p.handle == *handle);
        let why = match own.find(|p| p.enrolment.serial == serial) {
            None => Some("has no published enrolment"),
            Some(found) if is_renamed(found, published) => {
                Some("its holder has another name now: revoke it under that name")
            }
            Some(found) => {
                let key = found.enrolment.key();
                let mut before = previous.revoked().keys().iter();
                before
                    .any(|revoked| revoked.key == key)
                    .then_some("an earlier ceremony revoked it")
            }
        };
        faults.extend(why.map(|why| format!("{device} is listed as revoked, and {why}")));
        if !named.insert((handle, serial)) {
            faults.push(format!("{device} is listed as revoked twice"));
        }
        if revocation.reason.trim().is_empty() {
            faults.push(format!("the revocation of device {serial} gives no reason"));
        }
    }
    faults
}

/// Why the keys of the previous root that nobody revoked cannot sign the next one, if they cannot.
/// Keys that leave the root count: they sign the next root once more.
pub(super) fn too_few(claim: &Claim<'_>, previous: &Previous) -> Option<String> {
    let documents = claim.script.script().scenario.documents();
    let signs_root = documents.contains(&Document::Root);
    let root = previous.root().filter(|_| signs_root)?.root();
    let need = root.roles.get("root")?.threshold as usize;
    let revoked = &claim.roster.revocations;
    let is_revoked = |key: &Digest| {
        let published = previous.enrolments().iter();
        let mut of_key = published.filter(|p| p.enrolment.key() == *key);
        of_key.any(|p| {
            let serial = p.enrolment.serial;
            let before = previous.revoked().find(Some(key), serial).is_some();
            before
                || revoked
                    .iter()
                    .any(|r| r.handle == p.handle && r.serial == serial)
        })
    };
    let keys = root.role_keys("root").into_keys();
    let left = keys.filter(|key| !is_revoked(key)).count();
    let version = root.version;
    (left < need).then(|| {
        let are = match left {
            1 => format!("1 key of root version {version} is"),
            left => format!("{left} keys of root version {version} are"),
        };
        format!("after these revocations {are} left, and {need} must sign")
    })
}
