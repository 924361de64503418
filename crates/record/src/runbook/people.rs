//! Who takes part, with room for their names, and how many copies they need.

use super::{BLANK, Day, SHORT, line};
use crate::{
    ceremony::script::{Scenario, Script},
    rules::policy::Policy,
};

/// Witnesses for whom there is room.
const WITNESSES: u32 = 2;
/// People who come or go for whom there is room, where any may.
const CHANGES: u32 = 4;

/// One copy for everybody at the table, and one that is kept with the machine.
pub(super) fn copies(page: &mut String, policy: &Policy, day: Option<&Day<'_>>) {
    let holders = policy.quorum.holders;
    let of = if day.is_some() { "day's" } else { "shipped" };
    line(
        page,
        &format!(
            "Print {} copies: one for the administrator, one for each of {WITNESSES} witnesses and {holders} holders, one to stay with the machine. \
             The administrator's copy is the one that counts; all are signed on the last page. The numbers of people and devices are those of the {of} policy.\n",
            holders + WITNESSES + 2
        ),
    );
    line(page, &format!("Copy number {SHORT}, held by {BLANK}\n"));
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
    row("administrator".to_owned());
    for n in 1..=WITNESSES {
        row(format!("witness {n}"));
    }
    for n in 1..=policy.quorum.holders {
        row(format!("holder, seat {n}"));
    }
    if scenario.changes_people() {
        for n in 1..=CHANGES {
            row(format!("who leaves, or an old device {n}"));
        }
    }
    line(page, "");
}

/// How many must be there.
fn wanted(scenario: Scenario, policy: &Policy) -> String {
    let (holders, threshold) = (policy.quorum.holders, policy.quorum.threshold);
    match scenario {
        Scenario::InitialRoot => format!("All {holders} holders must be there."),
        Scenario::AnnualResign | Scenario::Heartbeat => {
            format!("Of {holders} holders {threshold} must be there, and all are asked to come.")
        }
        Scenario::OnboardMember => format!(
            "Of those who hold a key now {threshold} must be there, and so must everybody who is to make a key."
        ),
        Scenario::ChangePolicy => format!(
            "Of those who hold a key now as many must be there as the present root asks for; of the new holders {threshold}; and everybody who is to make a key."
        ),
        Scenario::EmergencyRevocation => format!(
            "Of those who hold a key now {threshold} must be there, not counting the keys that are thrown out."
        ),
        Scenario::CratesRootChange => format!("Of {holders} holders {threshold} must be there."),
        Scenario::QuorumLost => "Everybody comes who still has a key.".to_owned(),
    }
}
