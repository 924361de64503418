//! The table of people with room for their names, and the number of printed copies.

use super::{
    day::Day,
    lines::{BLANK, SHORT, line},
};
use crate::{
    ceremony::script::{Scenario, Script},
    rules::policy::Policy,
};

/// Rows for witnesses.
const WITNESSES: usize = 2;
/// Rows for people who join or leave, in a ceremony that changes people.
const CHANGES: u32 = 4;

/// How many copies to print: one for each person at the table, and one for the machine.
pub(super) fn copies(page: &mut String, policy: &Policy, day: Option<&Day<'_>>) {
    let (holders, witnesses, from) = match day {
        Some(day) => (
            day.seated().count(),
            day.plan.roster.witnesses.len(),
            "day's plan",
        ),
        None => {
            let holders = usize::try_from(policy.quorum.holders).unwrap_or(usize::MAX);
            (holders, WITNESSES, "shipped policy")
        }
    };
    let of_witnesses = match witnesses {
        1 => "the witness".to_owned(),
        witnesses => format!("each of {witnesses} witnesses"),
    };
    line(
        page,
        &format!(
            "Print {} copies: one for the administrator, one for {of_witnesses}, one for each of {holders} holders, and one for the machine. \
             The administrator's copy counts. Sign every copy on the last page. The numbers of people and devices come from the {from}.\n",
            holders + witnesses + 2
        ),
    );
    line(page, &format!("Copy number {SHORT}, held by {BLANK}\n"));
}

/// The parts of people, if nobody is named.
pub(super) fn parts(policy: &Policy) -> impl Iterator<Item = String> {
    let witnesses = (1..=WITNESSES).map(|n| format!("witness {n}"));
    let holders = (1..=policy.quorum.holders).map(|n| format!("holder, seat {n}"));
    let administrator = std::iter::once("administrator".to_owned());
    administrator.chain(witnesses).chain(holders)
}

/// The table of people.
pub(super) fn table(page: &mut String, script: &Script, policy: &Policy, day: Option<&Day<'_>>) {
    let scenario = script.scenario;
    line(page, "## Who takes part\n");
    line(
        page,
        &format!(
            "Ceremony {BLANK}  Date {BLANK}  Place {BLANK}\n\n\
             The administrator runs the keyboard and holds no key. A witness watches and holds no key either. {}\n",
            wanted(scenario, policy)
        ),
    );
    line(
        page,
        "| | name | device, number on the case | came at | went at | initials |",
    );
    line(page, "| --- | --- | --- | --- | --- | --- |");
    if let Some(day) = day {
        for [part, name, device] in day.people() {
            line(page, &format!("| {part} | {name} | {device} | | | |"));
        }
        line(page, "");
        return;
    }
    let mut row = |who: String| line(page, &format!("| {who} | | | | | |"));
    parts(policy).for_each(&mut row);
    if scenario.changes_people() {
        for n in 1..=CHANGES {
            row(format!("leaver, or old device {n}"));
        }
    }
    line(page, "");
}

/// The minimum number of people.
fn wanted(scenario: Scenario, policy: &Policy) -> String {
    let (holders, threshold) = (policy.quorum.holders, policy.quorum.threshold);
    let who = match scenario {
        Scenario::InitialRoot => format!("All {holders} holders"),
        Scenario::AnnualResign | Scenario::Heartbeat | Scenario::CratesRootChange => {
            format!("At least {threshold} of the {holders} holders")
        }
        Scenario::OnboardMember => format!(
            "At least {threshold} of the current holders, and every holder who makes a key today,"
        ),
        Scenario::ChangePolicy => format!(
            "The threshold of the current root, {threshold} of the new holders, and every holder who makes a key today"
        ),
        Scenario::EmergencyRevocation => format!("At least {threshold} of the current holders"),
        Scenario::QuorumLost => "Every holder who still has a key".to_owned(),
    };
    let addition = match scenario {
        Scenario::AnnualResign | Scenario::Heartbeat => " Ask all of them to come.",
        Scenario::EmergencyRevocation => " Revoked keys do not count.",
        _ => "",
    };
    format!("{who} must take part, present or apart.{addition}")
}
