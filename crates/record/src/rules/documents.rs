//! The rules that every proposed document obeys: its version, its dates, its mark,
//! and that it differs from the previous one only where the scenario allows it.

use std::collections::BTreeMap;

use super::{
    Verdict,
    mark::REHEARSAL_MARK,
    policy::{Periods, Policy},
    roster::Handle,
    scenario::{Document, Scenario},
};
use crate::transcript::{Mode, Time};
use keymoot_core::{
    Rule,
    json::{Json, Object, Place, differences},
    text::{excerpt, several},
};
use keymoot_tuf as tuf;

/// What a document is compared with.
#[derive(Debug)]
pub struct Expected<'a> {
    /// The scenario.
    pub scenario: Scenario,
    /// The policy.
    pub policy: &'a Policy,
    /// The keys of the quorum: SubjectPublicKeyInfo, DER, by holder.
    pub keys: BTreeMap<Handle, Vec<u8>>,
    /// The moment from which its dates are counted.
    pub made: Time,
    /// The members that mark it.
    pub marks: Object,
    /// The files that `targets.json` signs itself, by path.
    pub files: BTreeMap<String, tuf::TargetFile>,
    /// The version that it follows, if there is one.
    pub previous: Option<&'a tuf::Document>,
}

pub(super) const NEXT: &str = "leave the ceremony: program and policy do not agree";

impl From<Periods> for tuf::Periods {
    fn from(periods: Periods) -> Self {
        Self {
            expiry_days: periods.expiry_days,
            signing_days: periods.signing_days,
        }
    }
}

/// The periods of a document.
#[must_use]
pub fn periods(policy: &Policy, document: Document) -> Periods {
    match document {
        Document::Root => policy.root,
        Document::Targets | Document::Crates => policy.targets,
    }
}

/// When a document made at this moment expires: its period, less the margin for a
/// reader whose clock runs ahead.
#[must_use]
pub fn expiry(policy: &Policy, document: Document, made: Time) -> Option<keymoot_core::time::Time> {
    let days = i64::from(periods(policy, document).expiry_days);
    let margin = i64::from(policy.clock_margin_minutes);
    keymoot_core::time::Time::from_unix(made.plus(days, -margin)?.unix())
}

/// The members that mark a document of a ceremony of this mode.
#[must_use]
pub fn marks(mode: Mode, ceremony: &str) -> Object {
    let mark = (REHEARSAL_MARK.to_owned(), Json::from(ceremony));
    (mode == Mode::Rehearsal)
        .then_some(mark)
        .into_iter()
        .collect()
}

/// The ids of the rules that each document has of its own.
struct Ids {
    version: Rule,
    expiry: Rule,
    mark: Rule,
    change: Rule,
}

fn ids(document: Document) -> Ids {
    match document {
        Document::Root => Ids {
            version: Rule::RootVersion,
            expiry: Rule::RootExpiry,
            mark: Rule::RootMark,
            change: Rule::RootChange,
        },
        Document::Targets => Ids {
            version: Rule::TargetsVersion,
            expiry: Rule::TargetsExpiry,
            mark: Rule::TargetsMark,
            change: Rule::TargetsChange,
        },
        Document::Crates => Ids {
            version: Rule::CratesVersion,
            expiry: Rule::CratesExpiry,
            mark: Rule::CratesMark,
            change: Rule::CratesChange,
        },
    }
}

/// ROOT-VERSION and its like: exactly one more than the previous version.
pub(super) fn version(document: Document, found: u64, expected: &Expected<'_>) -> Verdict {
    let last = expected.previous.map_or(0, tuf::Document::version);
    let due = last.checked_add(1);
    Verdict::unless(
        ids(document).version,
        due != Some(found),
        || match last {
            0 => format!("the first {} has version 1", document.name()),
            last => format!("{} has version {found}, after {last}", document.name()),
        },
        || format!("{} has version {found}, after {last}", document.name()),
        NEXT,
    )
}

/// The dates of a document, as its content says them.
pub(super) struct Dates<'d> {
    pub(super) expires: keymoot_core::time::Time,
    pub(super) expires_text: &'d str,
    pub(super) periods: Option<tuf::Periods>,
}

/// ROOT-EXPIRY and its like.
pub(super) fn dates(document: Document, found: &Dates<'_>, expected: &Expected<'_>) -> Verdict {
    let due = expiry(expected.policy, document, expected.made);
    let periods = periods(expected.policy, document);
    Verdict::unless(
        ids(document).expiry,
        due != Some(found.expires)
            || found.expires.to_string() != found.expires_text
            || match found.periods {
                Some(found) => found != periods.into(),
                // The other dialects write them elsewhere.
                None => expected.policy.dialect == tuf::Dialect::TufOnCi,
            },
        || {
            format!(
                "it expires {}: {} days after it was made, less {} minutes for clocks that run ahead",
                found.expires, periods.expiry_days, expected.policy.clock_margin_minutes
            )
        },
        || {
            format!(
                "it expires {}, and the policy says another day",
                excerpt(found.expires_text)
            )
        },
        NEXT,
    )
}

/// ROOT-MARK and its like: no rehearsal can pass for a live ceremony.
pub(super) fn mark(document: Document, extra: &Object, expected: &Expected<'_>) -> Verdict {
    let marked = expected.marks.contains_key(REHEARSAL_MARK);
    Verdict::unless(
        ids(document).mark,
        *extra != expected.marks,
        || match marked {
            true => {
                format!("it is marked {REHEARSAL_MARK}: no rehearsal can pass for a live ceremony")
            }
            false => "it has no mark of a rehearsal".to_owned(),
        },
        || "its marks are not those of this ceremony".to_owned(),
        NEXT,
    )
}

/// ROOT-CHANGE and its like: it differs from the previous version only where the
/// scenario allows it. `plain` says whether a rule covers everything in a first
/// version.
pub(super) fn changes(
    document: Document,
    proposed: &tuf::Document,
    plain: bool,
    expected: &Expected<'_>,
) -> Verdict {
    let rule = ids(document).change;
    let scenario = expected.scenario;
    let Some(previous) = expected.previous else {
        return Verdict::unless(
            rule,
            !plain || scenario.has_previous(),
            || {
                format!(
                    "the scenario {} allows a first {}, and it holds nothing else",
                    scenario.name(),
                    document.name()
                )
            },
            || {
                format!(
                    "it holds something that the scenario {} does not allow",
                    scenario.name()
                )
            },
            NEXT,
        );
    };
    let changed = differences(previous.signed(), proposed.signed());
    let forbidden: Vec<_> = changed
        .iter()
        .filter(|place| {
            !scenario.may_change(document, place)
                && !rewritten(document, place, expected.policy.dialect)
        })
        .map(|place| excerpt(&place.join(".")))
        .collect();
    Verdict::unless(
        rule,
        !plain || !forbidden.is_empty(),
        || {
            format!(
                "only what the scenario {} allows differs: {}",
                scenario.name(),
                families(&changed)
            )
        },
        || match forbidden.as_slice() {
            [] => "it holds something that no rule covers".to_owned(),
            places => format!(
                "the scenario {} does not allow a change of {}",
                scenario.name(),
                several(places, ", ")
            ),
        },
        NEXT,
    )
}

/// Whether the dialect itself is written in another way than before. Since September 2026
/// tufops refuses patterns that end in a slash and sorts roles by name: the first ceremony
/// with this program writes both so. DELEGATION-ROLES checks the result.
fn rewritten(document: Document, place: &[String], dialect: tuf::Dialect) -> bool {
    let place: Vec<_> = place.iter().map(String::as_str).collect();
    dialect == tuf::Dialect::Tufops
        && document == Document::Targets
        && matches!(
            place[..],
            ["delegations", "roles"] | ["delegations", "roles", _, "paths"]
        )
}

/// The changes, by the first names of the places.
fn families(changed: &[Place]) -> String {
    let mut found: Vec<String> = changed
        .iter()
        .filter_map(|place| place.first())
        .map(|name| excerpt(name))
        .collect();
    found.dedup();
    found.join(", ")
}
