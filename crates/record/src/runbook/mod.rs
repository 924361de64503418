//! The runbook: a script as people hold it in their hands.
//!
//! Made from script and policy alone, so that paper and program cannot say different
//! things; what only people can know stands in an opening written by hand.

mod day;
mod html;
mod people;
mod screen;
mod table;

use std::fmt::Write as _;

use crate::{
    ceremony::{
        question::{CONFIRM, ENOUGH, ERASE, PRESENT},
        script::{CheckedScript, Document, Kind, Step},
    },
    rules::policy::Policy,
};
use keymoot_core::{digest::Digest, text::escape};

pub use day::Day;
pub use html::html;

/// The runbook of a script, in Markdown. `text` is the script's file, whose digest
/// the runbook names; `policy` says how many sit at the table and what their devices
/// must be; `opening` is put before everything else. With a `day` its names, devices, versions and
/// times are filled in.
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
            "The runbook of the script `{name}`, made from it by `keymoot script runbook`. Where it is wrong, the script is to be mended.\n"
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
            "{} in all, without breaks. {counted}\n",
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
    exceptions(&mut page);
    page
}

/// Room for what did not go as the script says, and for everybody's signature.
fn exceptions(page: &mut String) {
    line(page, "\n## Exceptions\n");
    line(
        page,
        "Whatever does not go as this page says is written here, and typed with F3 before the holders close the ceremony: \
         after that nothing can be added to the transcript. What only wants to be remembered is a note (F2).",
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
            "\n## Intermissions\n\nWith F9; each device goes into a bag, whose number is written here and typed.\n\n\
             From (UTC): {SHORT}  To: {SHORT}  Numbers of the bags: {LONG}\n\n\
             From (UTC): {SHORT}  To: {SHORT}  Numbers of the bags: {LONG}"
        ),
    );
    line(
        page,
        &format!(
            "\n## At the end\n\nEnded at (UTC): {SHORT}\n\n\
             Digest of MANIFEST.json, as the last screen shows it, in words: {LONG}\n\n\
             Signed, administrator and witnesses: {BLANK} {BLANK} {BLANK}"
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

/// Who comes to the table in a step, if anybody does.
fn whose_turns(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Enroll => Some("For each holder of the roster"),
        Kind::EnrollSpares => Some("For each holder who brings another device"),
        Kind::Sign => Some("For each holder who signs"),
        Kind::Prove => Some("For each holder who is present"),
        Kind::Close => Some(
            "The program seals the transcript and makes the manifest: notes and exceptions recorded from here on are not in the bundle. Then, for each holder who signs",
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
            "The program examines the machine and names every rule.".to_owned(),
            "If a rule is violated: do what the screen says, and have it checked again.".to_owned(),
        ],
        Kind::Confirm => step
            .fields
            .iter()
            .map(|field| {
                format!("Type, and write down here: {}: {BLANK}", escape(&field.label))
            })
            .chain([format!("Type `{CONFIRM}`.")])
            .collect(),
        Kind::RollCall => vec![
            "Mark every holder who answers. The screen says who must be there.".to_owned(),
            format!("Type `{PRESENT}`."),
        ],
        Kind::Load => vec![
            "The program names every rule on what earlier ceremonies left: the chain of roots, the published enrolments, the revoked keys.".to_owned(),
            "The screen shows version, expiry and digest of the newest root, in words. Compare them with what was published elsewhere; on the second machine `keymoot tuf show N.root.json` shows them too.".to_owned(),
            "Type the first two words from the paper, not from the screen.".to_owned(),
            "If the words differ: the previous state is not the newest. Nobody signs. Leave, and find out who gave it.".to_owned(),
            "If a rule is violated: nobody signs. Leave, and get the previous state anew.".to_owned(),
        ],
        Kind::Enroll | Kind::EnrollSpares => [
            "The holder comes to the table and inserts the device. No other device is inserted.",
            "The holder reads the serial number off the case and types its last four digits.",
        ]
        .map(str::to_owned)
        .into_iter()
        .chain([
            format!("If the device was used before: the screen says so; to erase it, the holder types `{ERASE}`."),
            "The holder types a new PIN twice, unseen by others.".to_owned(),
            "What must be kept (PUK, management key) is sealed to the holder's age recipient; without one it is shown once, and the holder writes it down.".to_owned(),
            "The device makes the key, and the program judges its attestation by every rule.".to_owned(),
            "The holder touches the device when it blinks: the key signs its enrolment.".to_owned(),
            "The holder takes the device out and along.".to_owned(),
        ])
        .collect(),
        Kind::Propose => vec![
            format!("The program writes {documents} and names every rule."),
            "If a rule is violated: nobody signs. Leave, and find out why.".to_owned(),
        ],
        Kind::Review => vec![
            format!("Read aloud what {documents} changes, line by line."),
            "Read the digest aloud in words. Every holder compares it with the screen.".to_owned(),
            "Type the first two words of the digest.".to_owned(),
        ],
        Kind::Sign => signing(&format!("{documents} is signed")),
        Kind::Prove => signing("the statement that the key is there is signed"),
        Kind::Verify => vec![
            format!("The program reads {documents} back with its signatures and counts the distinct keys."),
        ],
        Kind::Close => signing("the manifest is signed"),
        Kind::Export => vec![
            "The program writes the bundle, reads it back from the disk and verifies it.".to_owned(),
            "Write the digest of MANIFEST.json on the last page, in words. Type `done`.".to_owned(),
            "Verify the bundle on another machine: `keymoot verify BUNDLE`.".to_owned(),
        ],
    }
}

fn signing(done: &str) -> Vec<String> {
    vec![
        "The holder comes to the table and inserts the enrolled device. No other device is inserted.".to_owned(),
        format!("The holder types the PIN, and touches the device when it blinks: {done}."),
        "The holder takes the device out and along.".to_owned(),
        format!("When the threshold is reached and nobody else is to sign, type `{ENOUGH}`. When everybody has signed, the step ends by itself."),
    ]
}

/// How many exceptions there is room for.
const EXCEPTIONS: u32 = 3;

/// Room for a time, a number or initials.
const SHORT: &str = "…………";
/// Room for a name.
const BLANK: &str = "………………";
/// Room for a sentence.
const LONG: &str = "……………………………………………";

/// Minutes as hours and minutes, `H:MM`.
fn clock(minutes: u32) -> String {
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

fn line(page: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{text}");
}
