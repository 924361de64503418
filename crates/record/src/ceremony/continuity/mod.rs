//! The rules on the step from the previous state to this ceremony, checked before a
//! device is touched.

mod claim;
mod devices;
mod people;
mod policy;
mod renamed;
mod revocations;

pub(super) use claim::Claim;

use std::collections::BTreeSet;

use super::{previous::Previous, script::Document};
use crate::rules::roster::Roster;
use keymoot_core::{Rule, Verdict, Violation, digest::Digest};

/// Every rule on the step from the previous state to this ceremony.
pub(super) fn check(claim: &Claim<'_>) -> Vec<Verdict> {
    let mut verdicts = vec![documents(claim)];
    let scenario = claim.script.script().scenario;
    if !lacks_crates_root_by_another_rule(claim) {
        verdicts.push(crates(claim));
    }
    match (claim.previous, scenario.has_previous()) {
        (Some(previous), true) => {
            verdicts.push(chain(previous));
            verdicts.push(policy::same(claim, previous));
            verdicts.push(people::change(claim, previous));
            verdicts.push(people::published(claim, previous));
            verdicts.push(people::distinct(previous));
            verdicts.push(people::revoked(claim, previous));
            verdicts.extend(devices::check(claim).map(Verdict::from));
        }
        (None, true) => verdicts.push(
            Violation::new(
                Rule::RootPrevious,
                format!(
                    "the scenario {} starts from a previous root, and none was given",
                    scenario.name()
                ),
                "give the last bundle, or the repository as it is published, with --previous",
            )
            .into(),
        ),
        (Some(_), false) => verdicts.push(
            Violation::new(
                Rule::RootPrevious,
                "the first root has no previous one, and one was given",
                "leave out --previous, or take the script of another occasion",
            )
            .into(),
        ),
        (None, false) => verdicts.push(first(claim)),
    }
    verdicts
}

/// A first ceremony has nobody who leaves and no key to revoke.
fn first(claim: &Claim<'_>) -> Verdict {
    let Roster {
        leavers,
        revocations,
        holders,
        renamed,
        ..
    } = claim.roster;
    let from_before = !leavers.is_empty() || !revocations.is_empty() || !renamed.is_empty();
    Verdict::unless(
        Rule::RosterChange,
        from_before || holders.iter().any(|h| h.renews),
        || "everyone is new".to_owned(),
        || {
            "somebody leaves or is renamed, or a key is renewed or revoked, before the first root"
                .to_owned()
        },
        "leave it out of the roster, or take the script of another occasion",
    )
}

/// SCRIPT-DOCUMENTS: the script signs the documents of its scenario.
fn documents(claim: &Claim<'_>) -> Verdict {
    let scenario = claim.script.script().scenario;
    let signed: BTreeSet<Document> = claim
        .script
        .steps()
        .filter(|(_, step)| step.kind == super::script::Kind::Sign)
        .flat_map(|(_, step)| step.documents.iter().copied())
        .collect();
    let exists_at_all =
        |document: &Document| claim.policy.tuf_crates || *document != Document::Crates;
    let documents = scenario.documents().iter().copied();
    let allowed: BTreeSet<_> = documents.filter(exists_at_all).collect();
    let exists = |document: &Document| match claim.previous {
        Some(previous) => previous.document(*document).is_some() || scenario.brings_crates_root(),
        None => *document == Document::Root,
    };
    let changes = |document: &Document| match document {
        Document::Root => false,
        Document::Targets => claim.authorised.bring(),
        Document::Crates => claim.crates.brings(),
    };
    let is_asked = |document: &Document| !scenario.is_for_a_file() || changes(document);
    let needed = allowed.iter().copied().filter(exists).filter(is_asked);
    let needed: BTreeSet<_> = needed.collect();
    let list = |documents: &mut dyn Iterator<Item = &Document>| {
        let names: Vec<_> = documents.map(|document| document.name()).collect();
        match names.is_empty() {
            true => "nothing".to_owned(),
            false => names.join(", "),
        }
    };
    Verdict::unless(
        Rule::ScriptDocuments,
        !signed.is_subset(&allowed)
            || !needed.is_subset(&signed)
            || (signed.contains(&Document::Crates)
                && !signed.contains(&Document::Targets)
                && claim.previous.is_none_or(|p| p.targets().is_none())),
        || format!("what is signed: {}", list(&mut signed.iter())),
        || {
            format!(
                "the script signs {}; the scenario {} signs {}",
                list(&mut signed.iter()),
                scenario.name(),
                list(&mut needed.union(&allowed))
            )
        },
        "name the scenario's documents in the script's propose, review, sign and verify steps",
    )
}

/// Whether another rule says why there is no root of tuf-crates: CRATES-ROOT refused what was
/// given, or ROOT-PREVIOUS misses the previous state, which has it. CRATES-GIVEN would ask for a
/// file that is not missing.
fn lacks_crates_root_by_another_rule(claim: &Claim<'_>) -> bool {
    let scenario = claim.script.script().scenario;
    let is_in_previous = scenario.has_previous() && !scenario.brings_crates_root();
    let lacks_previous = is_in_previous && claim.previous.is_none() && !claim.crates.brings();
    claim.crates_refused || lacks_previous
}

/// CRATES-GIVEN: there is a root of tuf-crates if the quorum signs one, and a new one
/// only where the scenario brings one.
fn crates(claim: &Claim<'_>) -> Verdict {
    let scenario = claim.script.script().scenario;
    let signed = claim
        .script
        .steps()
        .any(|(_, step)| step.documents.contains(&Document::Crates));
    let give = "give the team's root, and every version since the last one, with --crates-root";
    let fault = match (signed, claim.crates.newest(), claim.crates.brings()) {
        (true, None, _) => Some((
            "crates.json signs the root of tuf-crates, and none was given",
            give,
        )),
        (_, _, true) if !claim.policy.tuf_crates => Some((
            "a root of tuf-crates was given, and by the policy the quorum signs none",
            "leave --crates-root out",
        )),
        (_, _, true) if !scenario.brings_crates_root() => Some((
            "a root of tuf-crates was given, and this scenario signs no new one",
            "leave --crates-root out",
        )),
        (_, _, false) if scenario.is_for_a_file() && !claim.authorised.bring() => Some((
            "the scenario is for a new root of tuf-crates or another authorised file, and neither was given",
            "give the team's root with --crates-root, or the file with --authorised PATH=FILE",
        )),
        _ => None,
    };
    match fault {
        Some((what, next)) => Violation::new(Rule::CratesGiven, what, next).into(),
        None => Verdict::held(
            Rule::CratesGiven,
            match claim.crates.newest() {
                Some(root) => format!("the root of tuf-crates: {}", Digest::of(root)),
                None => "the quorum signs no root of tuf-crates".to_owned(),
            },
        ),
    }
}

/// ROOT-PREVIOUS: the chain holds; that was checked when it was read.
fn chain(previous: &Previous) -> Verdict {
    let first = previous.roots().first().map(|root| root.document());
    let last = previous.root().map(|root| root.document());
    let digest = |document: Option<&keymoot_tuf::Document>| {
        document.map_or_else(String::new, |document| document.digest().to_string())
    };
    let version = |document: Option<&keymoot_tuf::Document>| {
        document.map_or(0, keymoot_tuf::Document::version)
    };
    let chain = match previous.roots().len() {
        1 => format!(
            "1 root, signed by its own quorum: version {} ({})",
            version(last),
            digest(last)
        ),
        roots => format!(
            "{roots} roots, each signed by its own quorum and by that of the root before it, from version {} ({}) to version {} ({})",
            version(first),
            digest(first),
            version(last),
            digest(last),
        ),
    };
    Verdict::held(Rule::RootPrevious, chain)
}
