//! A step on paper: the words, the screen, and what people do.

use crate::ceremony::{
    question::{CONFIRM, ENOUGH, ERASE, PRESENT},
    script::{Accepts, Document, Kind, Scenario, Step, YES},
};
use keymoot_core::text::escape;

use super::{
    day::Day,
    lines::{BLANK, LONG, SHORT, line},
    screen,
};

/// The section of a step, with its number in the script.
pub(super) fn section(
    step: &Step,
    number: u32,
    begins: &str,
    scenario: Scenario,
    day: Option<&Day<'_>>,
) -> String {
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
        &format!("\nOn the screen: {}\n", screen::expected(step, scenario)),
    );
    if let Some(who) = whose_turns(step.kind) {
        line(&mut page, &format!("{who}, in any order:\n"));
    }
    for task in tasks(step, scenario, day) {
        line(&mut page, &format!("- [ ] {task}"));
    }
    line(
        &mut page,
        &format!("\nBegun at (UTC): {SHORT}  Done at: {SHORT}  Initials: {SHORT}"),
    );
    page
}

/// Which holders take a turn in a step, in words; `None` in a step without turns.
pub(super) fn whose_turns(kind: Kind) -> Option<&'static str> {
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
fn tasks(step: &Step, scenario: Scenario, day: Option<&Day<'_>>) -> Vec<String> {
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
            noted(),
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
            "The program seals PUK and management key to the holder's age recipient. The holder takes the sealed file along: on a stick of their own, or as a picture of its codes (F10). Without a recipient, the program displays both once, and the holder writes them down.".to_owned(),
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
            format!("Read aloud what changes in {documents}, line by line."),
            "Read the digest aloud, in words. Every holder compares the words with the screen, and notes the first and the last ones.".to_owned(),
            "Type the first two words of the digest.".to_owned(),
        ],
        Kind::Sign => signing(&format!("the key signs {documents}"), enough(step.kind, scenario)),
        Kind::Prove => signing("the key signs its presence proof", enough(step.kind, scenario)),
        Kind::Verify => vec![
            format!("The program reads {documents} and the signatures again, and counts the distinct keys."),
        ],
        Kind::Close => [noted()]
            .into_iter()
            .chain(signing(
                "the key signs the manifest",
                enough(step.kind, scenario),
            ))
            .collect(),
        Kind::Export => vec![
            "The program writes the bundle, reads it back from the disk and verifies it.".to_owned(),
            "Write the digest of MANIFEST.json on the last page, in words. Type `done`.".to_owned(),
            "Verify the bundle on another machine: `keymoot verify BUNDLE`.".to_owned(),
        ],
    }
}

/// Room for the words of a head, which each witness writes down.
fn noted() -> String {
    format!("The 32 words of the transcript: {LONG} {LONG} {LONG} {LONG}")
}

fn signing(done: &str, enough: String) -> Vec<String> {
    vec![
        "The holder inserts the enrolled device. No other device is inserted.".to_owned(),
        format!("The holder types the PIN, and touches the device when it blinks: {done}."),
        "The holder takes the device out, and keeps it.".to_owned(),
        enough,
    ]
}

/// When the step may end, as the engine decides it: see `State::can_stop`.
fn enough(kind: Kind, scenario: Scenario) -> String {
    let first = match kind.calls_everybody(scenario) {
        true => {
            "Call each holder who is present first. If one cannot sign, end that turn. Then type"
        }
        false => "Type",
    };
    let met = match scenario {
        Scenario::QuorumLost => "when nobody else wants to sign: one signature is enough",
        _ => "when the threshold is reached and nobody else wants to sign",
    };
    format!("{first} `{ENOUGH}` {met}. When everyone has signed, the step ends by itself.")
}
