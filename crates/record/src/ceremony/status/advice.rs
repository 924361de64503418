//! Which ceremony is next, and why.

use serde::Serialize;

use super::figures::{DocumentStatus, HolderStatus, QuorumStatus};
use super::publishing::Publishing;
use keymoot_core::text::escape;

/// The advice, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// The script of the ceremony to hold now, if any.
    pub script: Option<&'static str>,
    /// The reason, or the day of the next one.
    pub sentence: String,
}

/// From so many absences in a row on, the advice names the holder.
pub const REPEATED: u64 = 2;

/// After a ceremony that says that the quorum is lost.
pub(super) fn begin_again() -> Advice {
    Advice {
        script: Some("initial-root"),
        sentence: "This bundle says that the quorum is lost: announce it, and begin again with initial-root, without a \
                   previous bundle."
            .to_owned(),
    }
}

/// The most urgent thing first.
pub(super) fn next(
    documents: &[DocumentStatus],
    quorum: &QuorumStatus,
    holders: &[HolderStatus],
    publishing: &Publishing,
) -> Advice {
    let advice = |script, sentence| Advice { script, sentence };
    let names = |which: &dyn Fn(&HolderStatus) -> bool| {
        let names: Vec<_> = holders
            .iter()
            .filter(|holder| which(holder))
            .map(|holder| escape(&holder.holder))
            .collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let first = |which: &dyn Fn(&DocumentStatus) -> bool| {
        let mut found: Vec<_> = documents
            .iter()
            .filter(|document| which(document))
            .collect();
        found.sort_by_key(|document| document.days_left);
        found.first().copied()
    };
    let QuorumStatus {
        can_sign,
        threshold,
        ..
    } = quorum;
    if quorum.survives_losses < 0 {
        return advice(
            Some("quorum-lost"),
            format!(
                "Only {can_sign} keys can still sign, and {threshold} must: \
                 collect the statement of the remaining holders, and announce that the root is replaced by hand."
            ),
        );
    }
    if let Some(names) = names(&|holder| holder.revoked) {
        return advice(
            Some("emergency-revocation"),
            format!("A revoked key is still in the root: remove that of {names}."),
        );
    }
    if let Some(document) = first(&|document| document.by_holders && document.expired) {
        return advice(
            Some("annual-resign"),
            format!(
                "{} expired {}, and clients refuse it: hold the annual signing at once.",
                escape(&document.name),
                document.expires
            ),
        );
    }
    if let Some(reason) = publishing.reason() {
        let next: Vec<_> = publishing.next.iter().map(|name| escape(name)).collect();
        let next = match next.is_empty() {
            true => String::new(),
            false => format!(
                " Publish {}, signed by the keys that root version {} and its delegations name.",
                next.join(", "),
                quorum.root_version
            ),
        };
        return advice(
            None,
            format!("Clients refuse the repository as it is: {reason}.{next}"),
        );
    }
    // Without one of them clients take nothing from the repository, also where all else is valid.
    let of_service = |document: &DocumentStatus| {
        ["snapshot.json", "timestamp.json"].contains(&document.name.as_str())
    };
    if let Some(document) = first(&|document| of_service(document) && document.expired) {
        return advice(
            None,
            format!(
                "{} expired {}, and clients refuse the repository as it is: the service that signs it must renew it. No ceremony is due.",
                escape(&document.name),
                document.expires
            ),
        );
    }
    if let Some(document) = first(&|document| document.by_holders && document.signing_begun) {
        return advice(
            Some("annual-resign"),
            format!(
                "{} expires in {} days: hold the annual signing now.",
                escape(&document.name),
                document.days_left
            ),
        );
    }
    if let Some(names) = names(&|holder| !holder.can_sign) {
        return advice(
            Some("onboard-member"),
            format!("The key of {names} is in the root without a published enrolment: replace it."),
        );
    }
    let weak = |holder: &HolderStatus| {
        let device = holder.device.as_ref();
        device.is_some_and(|device| device.below_policy || !device.advisories.is_empty())
    };
    if let Some(names) = names(&weak) {
        return advice(
            Some("onboard-member"),
            format!(
                "The device of {names} does not meet the policy or its vendor's advice: replace it."
            ),
        );
    }
    if let Some(document) = first(&|document| !document.by_holders && document.expired) {
        return advice(
            None,
            format!(
                "{} expired {}, and clients refuse it: the team that signs it must renew it. No ceremony is due.",
                escape(&document.name),
                document.expires
            ),
        );
    }
    if let Some(names) = names(&|holder| holder.pin_blocked) {
        return advice(
            None,
            format!(
                "The PIN of {names} is blocked: unblock it with the PUK (keymoot device unblock), or have the key replaced."
            ),
        );
    }
    if let Some(names) = names(&|holder| holder.absences >= REPEATED) {
        return advice(
            Some("heartbeat"),
            format!(
                "{names} missed {REPEATED} signings in a row or more: see that the key is still there."
            ),
        );
    }
    if let Some(names) = names(&|holder| holder.last_signed.is_none()) {
        return advice(
            Some("heartbeat"),
            format!("The key of {names} has never signed a root: check that it is still there."),
        );
    }
    let begins = documents
        .iter()
        .filter(|document| document.by_holders)
        .filter_map(|document| document.signing_begins.as_deref())
        .min();
    match begins {
        Some(begins) => advice(
            None,
            format!(
                "Nothing is due before {begins}: then hold the annual signing (annual-resign)."
            ),
        ),
        None => advice(
            None,
            "Nothing is due; the documents do not say when to sign them again.".to_owned(),
        ),
    }
}
