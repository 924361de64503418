//! The rules on the roster.

use std::collections::BTreeMap;

use super::{Roster, likeness};
use crate::rules::{LONGEST_LINE, Verdict, is_line, policy::Policy};
use keymoot_core::{
    Rule,
    text::{excerpt, several},
};

/// Every rule on the roster.
#[must_use]
pub fn check(roster: &Roster, policy: &Policy) -> Vec<Verdict> {
    vec![
        size(roster, policy),
        distinct(roster),
        devices(roster),
        shared(
            &roster.by_employer(),
            Rule::RosterEmployer,
            "employer",
            policy.roster.per_employer,
        ),
        shared(
            &roster.by_country(),
            Rule::RosterCountry,
            "country",
            policy.roster.per_country,
        ),
        complete(roster),
    ]
}

fn size(roster: &Roster, policy: &Policy) -> Verdict {
    let (seats, named) = (policy.quorum.holders as usize, roster.holders.len());
    Verdict::unless(
        Rule::RosterSize,
        named != seats,
        || format!("{named} holders for {seats} seats"),
        || format!("the roster names {named} holders; the policy asks for {seats}"),
        "complete the roster; nobody joins or leaves at the table. A quorum of another size is a change of the policy (change-policy)",
    )
}

/// ROSTER-DISTINCT: one person has one part, and one recipient one holder.
fn distinct(roster: &Roster) -> Verdict {
    let mut twice = Vec::new();
    let mut handles: BTreeMap<&str, ()> = BTreeMap::new();
    let mut recipients = BTreeMap::new();
    for holder in &roster.holders {
        let handle = holder.handle.as_str();
        if handles.insert(handle, ()).is_some() {
            twice.push(format!("the handle {handle}"));
        }
        if let Some(recipient) = &holder.age_recipient
            && let Some(other) = recipients.insert(recipient, handle)
        {
            twice.push(format!("the age_recipient of {other} and {handle}"));
        }
    }
    let mut names = BTreeMap::new();
    for (part, name) in parts(roster) {
        if let Some((other_part, other)) = names.insert(likeness::key(name), (part.clone(), name)) {
            twice.push(format!(
                "\"{}\" ({other_part}) and \"{}\" ({part})",
                excerpt(other),
                excerpt(name)
            ));
        }
    }
    Verdict::unless(
        Rule::RosterDistinct,
        !twice.is_empty(),
        || "no handle, no name and no age_recipient appears twice".to_owned(),
        || format!("in the roster more than once: {}", several(&twice, "; ")),
        "one person has one part, and an age identity of their own: correct the roster",
    )
}

/// Everybody by name, with the part that they have.
fn parts(roster: &Roster) -> impl Iterator<Item = (String, &str)> {
    let holders = roster.holders.iter();
    let leavers = roster.leavers.iter();
    let witnesses = roster.witnesses.iter();
    [("administrator".to_owned(), roster.administrator.as_str())]
        .into_iter()
        .chain(witnesses.map(|witness| ("witness".to_owned(), witness.name.as_str())))
        .chain(holders.map(|holder| (holder.handle.to_string(), holder.name.as_str())))
        .chain(leavers.map(|leaver| (leaver.handle.to_string(), leaver.name.as_str())))
}

fn devices(roster: &Roster) -> Verdict {
    let mut seen = BTreeMap::new();
    for serial in roster.holders.iter().flat_map(|holder| &holder.devices) {
        *seen.entry(serial).or_insert(0) += 1;
    }
    let twice: Vec<_> = seen
        .into_iter()
        .filter(|(_, n)| *n > 1)
        .map(|(serial, _)| serial.to_string())
        .collect();
    Verdict::unless(
        Rule::RosterDevices,
        !twice.is_empty(),
        || "no device is listed for two holders".to_owned(),
        || format!("devices listed more than once: serial {}", twice.join(", ")),
        "a device has one holder: ask whose it is and correct the roster",
    )
}

fn shared(groups: &BTreeMap<String, Vec<&str>>, rule: Rule, what: &str, most: u32) -> Verdict {
    let over: Vec<_> = groups
        .iter()
        .filter(|(_, members)| members.len() > most as usize)
        .map(|(group, members)| format!("{} ({})", excerpt(group), members.join(", ")))
        .collect();
    Verdict::unless(
        rule,
        !over.is_empty(),
        || format!("at most {most} holders share one {what}"),
        || {
            format!(
                "more than {most} holders share one {what}: {}",
                over.join("; ")
            )
        },
        "RFC 3724 bounds what one employer or country can do alone: the roster must change",
    )
}

fn complete(roster: &Roster) -> Verdict {
    let mut lacking = Vec::new();
    for (part, name) in parts(roster) {
        if name.trim().is_empty() {
            lacking.push(format!("{part}: the name is empty"));
        }
    }
    for holder in &roster.holders {
        if holder.employer.trim().is_empty() {
            lacking.push(format!("{}: the employer is empty", holder.handle));
        }
    }
    let holders = roster.holders.iter();
    let lines = parts(roster)
        .map(|(_, name)| name)
        .chain(holders.map(|holder| holder.employer.as_str()))
        .chain(roster.leavers.iter().map(|leaver| leaver.reason.as_str()))
        .chain(roster.revocations.iter().map(|key| key.reason.as_str()));
    for line in lines {
        if let Some(hidden) = likeness::invisible(line) {
            lacking.push(format!(
                "\"{}\" has an invisible character ({})",
                excerpt(line),
                hidden.escape_unicode()
            ));
        } else if !is_line(line) {
            lacking.push(format!(
                "longer than {LONGEST_LINE} characters: \"{}\"",
                excerpt(line)
            ));
        }
    }
    Verdict::unless(
        Rule::RosterComplete,
        !lacking.is_empty(),
        || "every holder has name, employer and country".to_owned(),
        || several(&lacking, "; "),
        "complete the roster, with `none` if there is no employer; type unusual names again by hand",
    )
}
