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
mod table;

use crate::{
    ceremony::{
        latency,
        question::{CONFIRM, ENOUGH, ERASE, PRESENT},
        script::{Accepts, CheckedScript, Document, Kind, Step, YES},
    },
    rules::policy::Policy,
};
use keymoot_core::{digest::Digest, text::escape};

pub use day::Day;
pub use declaration::declaration;
pub use html::html;

use lines::{BLANK, LONG, SHORT, clock, line};

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
    let (mut number, mut begins) = (0, 0);
    for (n, act) in (1..).zip(&written.acts) {
        line(&mut page, &format!("\n## Act {n}: {}", escape(&act.title)));
        for step in &act.steps {
            number += 1;
            page.push_str(&one_step(step, number, &time(begins), day));
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

/// Room for exceptions and intermissions, and for the signatures at the end.
fn exceptions(page: &mut String) {
    line(page, "\n## Exceptions\n");
    line(
        page,
        "Write here what does not go as this page says. Record it with F3 before the holders close the ceremony: \
         the sealed transcript takes no more entries. F2 records a note about anything else.",
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
            "\n## Intermissions\n\nF9 begins one. Each device goes into a bag. Write the number of each bag here, and type it.\n\n\
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

fn one_step(step: &Step, number: u32, begins: &str, day: Option<&Day<'_>>) -> String {
    let mut page = format!(
        "\n### {number}. {}\n\nAt {}, {} min. Confirmed by: {}. In the transcript: `{}`.\n\n",
        escape(&step.title),
        begins,
        step.minutes,
        step.by.name(),
        escape(&step.id),
    );
    for spoken in step.words.lines() {
        line(&mut page, &format!("> {}", escape(spoken)));
    }
    line(
        &mut page,
        &format!("\nOn the screen: {}\n", screen::expected(step)),
    );
    if let Some(who) = whose_turns(step.kind) {
        line(&mut page, &format!("{who}, in any order:\n"));
    }
    for task in tasks(step, day) {
        line(&mut page, &format!("- [ ] {task}"));
    }
    line(
        &mut page,
        &format!("\nBegun at (UTC): {SHORT}  Done at: {SHORT}  Initials: {SHORT}"),
    );
    page
}

/// Which holders take a turn in a step, in words; `None` in a step without turns.
fn whose_turns(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Enroll => Some("For each holder of the roster"),
        Kind::EnrollSpares => Some("For each holder who brings another device"),
        Kind::Sign => Some("For each holder who signs"),
        Kind::Prove => Some("For each holder who is present"),
        Kind::Close => Some(
            "The program seals the transcript and makes the manifest. Then, for each holder who signs",
        ),
        _ => None,
    }
}

/// What people do in a step, in order.
fn tasks(step: &Step, day: Option<&Day<'_>>) -> Vec<String> {
    let named = |document: &Document| {
        day.map_or_else(|| document.name().to_owned(), |day| day.document(*document))
    };
    let documents: Vec<_> = step.documents.iter().map(named).collect();
    let documents = documents.join(", ");
    match step.kind {
        Kind::Preflight => vec![
            "The program checks the machine, and shows every rule.".to_owned(),
            "If a rule is violated: do what the screen says, and let the program check again.".to_owned(),
        ],
        Kind::Confirm => step
            .fields
            .iter()
            .map(|field| {
                let label = escape(&field.label);
                match field.accepts {
                    Accepts::DeviceBags => format!("For each device, type and write down: {label}: {BLANK}"),
                    Accepts::EachHolder => format!("For each holder who agrees, type `{YES}`: {label}"),
                    _ => format!("Type, and write down here: {label}: {BLANK}"),
                }
            })
            .chain([format!("Type `{CONFIRM}`.")])
            .collect(),
        Kind::RollCall => vec![
            "Mark every holder who answers. The screen says who must be there.".to_owned(),
            format!("Type `{PRESENT}`."),
        ],
        Kind::Load => vec![
            "The program verifies the previous state, and shows every rule: the chain of roots, the published enrolments, the revoked keys.".to_owned(),
            "The screen shows the version, the expiry and the digest of the newest root, in words. Compare them with the published ones. On the second machine, `keymoot tuf show N.root.json` shows them too.".to_owned(),
            "Type the first two words from the paper, not from the screen.".to_owned(),
            "If the words differ, the previous state is not the newest. Nobody signs. Leave the ceremony, and find out where the files came from.".to_owned(),
            "If a rule is violated, nobody signs. Leave the ceremony, and fetch the previous state again.".to_owned(),
        ],
        Kind::Enroll | Kind::EnrollSpares => [
            "The holder inserts the device. No other device is inserted.",
            "The holder reads the serial number off the case and types its last four digits.",
        ]
        .map(str::to_owned)
        .into_iter()
        .chain([
            format!("If the device was used before, the screen says so. To erase it, the holder types `{ERASE}`."),
            "The holder types a new PIN twice. Nobody else sees it.".to_owned(),
            "The program seals PUK and management key to the holder's age recipient. Without one, it displays them once, and the holder writes them down.".to_owned(),
            "The device makes the key, and the program verifies its attestation.".to_owned(),
            "The holder touches the device when it blinks. The key signs its enrolment.".to_owned(),
            "The holder takes the device out, and keeps it.".to_owned(),
        ])
        .collect(),
        Kind::Propose => vec![
            format!("The program writes {documents}, and shows every rule."),
            "If a rule is violated, nobody signs. Leave the ceremony, and find out why.".to_owned(),
        ],
        Kind::Review => vec![
            format!("Read aloud what {documents} changes, line by line."),
            "Read the digest aloud, in words. Every holder compares the words with the screen.".to_owned(),
            "Type the first two words of the digest.".to_owned(),
        ],
        Kind::Sign => signing(&format!("the key signs {documents}")),
        Kind::Prove => signing("the key signs its presence proof"),
        Kind::Verify => vec![
            format!("The program reads {documents} and the signatures again, and counts the distinct keys."),
        ],
        Kind::Close => signing("the key signs the manifest"),
        Kind::Export => vec![
            "The program writes the bundle, reads it back from the disk and verifies it.".to_owned(),
            "Write the digest of MANIFEST.json on the last page, in words. Type `done`.".to_owned(),
            "Verify the bundle on another machine: `keymoot verify BUNDLE`.".to_owned(),
        ],
    }
}

fn signing(done: &str) -> Vec<String> {
    vec![
        "The holder inserts the enrolled device. No other device is inserted.".to_owned(),
        format!("The holder types the PIN, and touches the device when it blinks: {done}."),
        "The holder takes the device out, and keeps it.".to_owned(),
        format!(
            "Type `{ENOUGH}` when the threshold is reached and nobody else wants to sign. When everyone has signed, the step ends by itself."
        ),
    ]
}

/// How many exceptions there is room for.
const EXCEPTIONS: u32 = 3;
