//! The runbook: a script on paper, for the people in the room and apart.
//!
//! Made from script and policy alone, so that paper and program agree. An opening written by
//! hand has what only people know.

mod away;
mod day;
mod declaration;
mod html;
mod lines;
mod people;
mod screen;
mod step;
mod table;

use crate::{
    ceremony::{latency, script::CheckedScript},
    rules::policy::Policy,
};
use keymoot_core::{digest::Digest, text::escape};

pub use day::Day;
pub use declaration::declaration;
pub use html::html;

use lines::{LONG, SHORT, clock, line};

/// How many exceptions there is room for.
const EXCEPTIONS: u32 = 3;

/// The runbook of a script, in Markdown. `text` is the script's file, whose digest
/// the runbook names. `policy` gives the number of holders and the bounds on devices. `opening` comes
/// first. A `day` fills in names, devices, versions and times.
#[must_use]
pub fn markdown(
    script: &CheckedScript,
    text: &str,
    policy: &Policy,
    opening: Option<&str>,
    day: Option<&Day<'_>>,
) -> String {
    let (written, digest) = (script.script(), Digest::of(text.as_bytes()));
    let (title, name) = (escape(&written.title), escape(&written.name));
    let mut page = format!("# {title}\n\n");
    line(
        &mut page,
        &format!(
            "`keymoot script runbook` made this page from the script `{name}`. To correct the page, correct the script.\n"
        ),
    );
    line(&mut page, "The script's SHA-256:\n");
    line(&mut page, &format!("    {digest}\n"));
    for (name, digest) in day.iter().flat_map(|day| day.digests()) {
        line(
            &mut page,
            &format!("The {name}'s SHA-256:\n\n    {digest}\n"),
        );
    }
    people::copies(&mut page, policy, day);
    if let Some(opening) = opening {
        line(&mut page, &format!("{}\n", opening.trim()));
    }
    latency(&mut page, script, policy, day);
    people::table(&mut page, written, policy, day);
    table::inventory(&mut page, script, policy);
    line(&mut page, "## The day\n");
    let time = |minutes| day.map_or_else(|| clock(minutes), |day| day.time(minutes));
    let counted = match day.is_some_and(|day| day.begins.is_some()) {
        true => format!("It ends at {}.", time(script.minutes())),
        false => "Times are counted from the beginning.".to_owned(),
    };
    line(
        &mut page,
        &format!(
            "{} in all, breaks included. {counted}\n",
            clock(script.minutes())
        ),
    );
    let mut begins = 0;
    for (n, (_, step)) in (1..).zip(script.steps()) {
        let (title, by) = (escape(&step.title), step.by.name());
        line(
            &mut page,
            &format!("{n}. {} {title} ({by}, {} min)", time(begins), step.minutes),
        );
        begins += step.minutes;
    }
    before_the_steps(&mut page, script);
    let (mut number, mut begins) = (0, 0);
    for (n, act) in (1..).zip(&written.acts) {
        line(&mut page, &format!("\n## Act {n}: {}", escape(&act.title)));
        for step in &act.steps {
            number += 1;
            page.push_str(&step::section(
                step,
                number,
                &time(begins),
                written.scenario,
                day,
            ));
            begins += step.minutes;
        }
    }
    away::section(&mut page, script, policy);
    exceptions(&mut page);
    declaration::section(&mut page, policy, day);
    page
}

/// How long a replaced online key still works, in scenarios that may replace one.
fn latency(page: &mut String, script: &CheckedScript, policy: &Policy, day: Option<&Day<'_>>) {
    let scenario = script.script().scenario;
    if !scenario.revokes() && !scenario.changes_policy() {
        return;
    }
    let until = day.and_then(|day| latency::held_back_until(day.plan.previous()?));
    let until = match until {
        Some(until) => format!("until {until}"),
        None => format!(
            "until its root or `targets.json` expires: by this policy up to {} days",
            latency::most_days(policy)
        ),
    };
    line(
        page,
        &format!(
            "**If an online key is replaced.** Anyone who has the old key, and withholds the new root from a client, can hold \
             that client back {until}. Deliver the new root another way, too: the review shows its digest in words.\n"
        ),
    );
}

/// The screens before the first step: the plan of the day, and the digests that nobody may swap.
fn before_the_steps(page: &mut String, script: &CheckedScript) {
    line(
        page,
        "\n## Before step 1\n\nOn the screen: *Today*, with what the day changes, where the files go, and when it ends; \
         then the digests of program, policy, roster and script in words, one after the other.\n",
    );
    let agreed = "Read *Today* aloud. When all agree, type `agree`.".to_owned();
    let compared = ["program", "policy", "roster", "script"].map(|what| {
        format!(
            "The digest of the {what}: compare its words with the published ones, and type the first two. {SHORT}"
        )
    });
    let of_team = script.script().scenario.brings_crates_root().then(|| {
        "In the first step with words to read: compare the digest of the new root of tuf-crates with the team's."
            .to_owned()
    });
    for task in std::iter::once(agreed).chain(compared).chain(of_team) {
        line(page, &format!("- [ ] {task}"));
    }
}

/// Room for exceptions and breaks, and for the signatures at the end.
fn exceptions(page: &mut String) {
    line(page, "\n## Exceptions\n");
    line(
        page,
        "Write here what does not go as this page says. Record it with F3 before the holders close the ceremony: \
         nobody signs a later entry. F2 records a note about anything else.",
    );
    for n in 1..=EXCEPTIONS {
        line(page, &format!("\n### Exception {n}\n"));
        line(page, &format!("At (UTC): {SHORT}  Step: {SHORT}\n"));
        for what in ["Expected", "Happened", "Decided, and by whom"] {
            line(page, &format!("{what}: {LONG}\n"));
        }
        line(
            page,
            &format!(
                "Typed at (UTC): {SHORT}  Initials, administrator and witness: {SHORT} {SHORT}"
            ),
        );
    }
    line(
        page,
        &format!(
            "\n## Breaks\n\nF9 begins one. Each device goes into a bag. Write the number of each bag here, and type it.\n\n\
             From (UTC): {SHORT}  To: {SHORT}  Numbers of the bags: {LONG}\n\n\
             From (UTC): {SHORT}  To: {SHORT}  Numbers of the bags: {LONG}"
        ),
    );
    line(
        page,
        &format!(
            "\n## At the end\n\nEnded at (UTC): {SHORT}  Bag of the machine closed at: {SHORT}"
        ),
    );
}
