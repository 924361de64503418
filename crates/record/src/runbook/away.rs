//! The pages for people who are not in the room: who collects answers, the holder at home, and the
//! witness who follows from elsewhere.

use super::{
    lines::{BLANK, LONG, SHORT, line},
    step::whose_turns,
};
use crate::{
    ceremony::script::{CheckedScript, Kind, Step},
    rules::policy::Policy,
};
use keymoot_core::text::escape;

/// Minutes at home to start the machine, set its clock, and compare the request by telephone.
const BEGINNING: u32 = 15;

/// Minutes in which one holder makes a key. The minutes of the step in a script are for as many
/// holders as the script expects.
const MAKING_A_KEY: u32 = 8;

/// The section of a runbook, in Markdown.
pub(super) fn section(page: &mut String, script: &CheckedScript, policy: &Policy) {
    line(page, "\n## If people take part apart\n");
    line(
        page,
        "A holder who cannot come answers at home. Give each of them these pages on paper, before the day. \
         `docs/apart.md` explains the commands.\n",
    );
    rounds(page, script, policy);
    call(page);
    let as_written = str::to_owned;
    tasks(page, "Who collects the answers", &COLLECTS, as_written);
    // There is no root to trust before the first one.
    let has_root = script.script().scenario.has_previous();
    tasks(page, "The holder at home", &AT_HOME, |task| {
        match has_root {
            true => task.to_owned(),
            false => task
                .replace(
                    ", a stick for the answer, and the newest root that you know from elsewhere (`N.root.json`)",
                    ", and a stick for the answer",
                )
                .replace(" --trusted-root N.root.json", ""),
        }
    });
    tasks(
        page,
        "The witness who follows from elsewhere",
        &WITNESS,
        as_written,
    );
}

/// The steps that ask holders apart, each with the minutes that a holder needs at home.
fn rounds(page: &mut String, script: &CheckedScript, policy: &Policy) {
    line(
        page,
        "| round | step | a holder at home needs | sent at | due at |",
    );
    line(page, "| --- | --- | --- | --- | --- |");
    let mut reading = 0;
    let mut number = 0;
    for (_, step) in script.steps() {
        if step.kind == Kind::Review {
            reading += step.minutes;
        }
        if !has_turns(step) {
            continue;
        }
        number += 1;
        let turn = match step.kind {
            Kind::Enroll | Kind::EnrollSpares => MAKING_A_KEY,
            _ => step.minutes.div_ceil(policy.quorum.holders.max(1)),
        };
        line(
            page,
            &format!(
                "| {number} | {} | {} min | {SHORT} | {SHORT} |",
                escape(&step.title),
                BEGINNING + reading + turn
            ),
        );
        // What was read and signed is not read again.
        reading = 0;
    }
    line(
        page,
        "\nSkip a round in which no holder answers apart. Answers may take days: the days to expiry count from \
         the moment at which the program wrote the document.\n",
    );
}

fn has_turns(step: &Step) -> bool {
    whose_turns(step.kind).is_some()
}

/// The words of a call, and whom to call.
fn call(page: &mut String) {
    line(
        page,
        &format!(
            "Administrator: {BLANK}  Telephone: {BLANK}\n\nAnother holder: {BLANK}  Telephone: {BLANK}\n"
        ),
    );
    line(page, "### The call\n");
    for spoken in [
        "Administrator: I sent you a request. It asks you for the step that I name now.",
        "Holder: My machine shows the same step. I read you the first eight words of the request.",
        "Administrator: They are the words on my screen. I read you the others.",
        "Holder: They are the words on my screen. I read what changes, and sign it or decline.",
    ] {
        line(page, &format!("> {spoken}"));
    }
    line(
        page,
        "\nIf a word differs, nobody signs. Call another holder, and find out who made the other request.",
    );
}

/// A page: what it takes, and what to do.
fn tasks(
    page: &mut String,
    title: &str,
    tasks: &[(&str, &[&str])],
    written: impl Fn(&str) -> String,
) {
    line(page, &format!("\n### {title}"));
    for (part, tasks) in tasks {
        line(page, &format!("\n**{part}**\n"));
        for task in *tasks {
            line(page, &format!("- [ ] {}", written(task)));
        }
    }
    line(page, &format!("\nNotes: {LONG}"));
}

const COLLECTS: [(&str, &[&str]); 4] = [
    (
        "You need:",
        &[
            "the ceremony's folder, a way to send a file to each holder, and each holder's telephone number.",
            "time for every round, with a day on which answers are due: `--until DATE`.",
        ],
    ),
    (
        "What to do:",
        &[
            "Make the request: “holders apart” on the screen, or `keymoot request DIR --until DATE -o FILE`.",
            "Send the file. Call each holder, as above.",
            "Take the answers in: “holders apart” again, or `keymoot collect DIR ANSWER…`. The order does not matter. The same answer twice changes nothing.",
            "If a new holder made a key, call, and compare the device's number with the one on its case. Better: list the number in the roster before (`devices`).",
            "Read who compared words, and on which machine. An answer that nobody compared is for people to accept.",
            "If an answer is refused, the rule says why. If it is ANSWER-HEAD or ANSWER-FORK, stop, and find out who showed what to whom.",
        ],
    ),
    (
        "Reminders:",
        &[
            "Call a week before the day, the day before, and on the day. The screen lists who has not answered.",
            "A refusal is a file that nobody signed. Call the holder. If it is true: `keymoot collect DIR REFUSAL --declined HANDLE`.",
        ],
    ),
    (
        "If answers lapse:",
        &[
            "A late answer counts. The report says that it is late.",
            "If nobody answers any more, withdraw the request (`keymoot request DIR --withdraw FILE --why \"REASON\"`), and continue with the others, or ask others.",
            "A signed root in a mailbox stays valid until it expires, also if the ceremony ends without it. Say so to those who decide.",
            "Never change the plan while a request is open, and never make a second request for one that is awaited.",
        ],
    ),
];

const AT_HOME: [(&str, &[&str]); 4] = [
    (
        "You need:",
        &[
            "your YubiKey and its PIN. A YubiHSM 2 signs only in the room.",
            "a machine that passes the MACHINE rules: the live image on a stick, its digest compared on another machine.",
            "the request, a stick for the answer, and the newest root that you know from elsewhere (`N.root.json`).",
            "a telephone, and these pages.",
        ],
    ),
    (
        "What to do, and what you will see:",
        &[
            "Set the clock to UTC by two watches. After an empty battery it shows a day years ago, and MACHINE-CLOCK refuses it. The image: key 7. Elsewhere: `date -u -s \"2026-12-01 14:30\"`.",
            "Start: `keymoot answer REQUEST --trusted-root N.root.json -o ANSWER`. The image: `s`, then this command.",
            "The screen says who asks, for which step, and what changes. Read all of it.",
            "Make the call above. Type the first two words of the request, and how you compared them: `phone`.",
            "The screen counts the touches: one for each signature, the last for the answer. Press Enter, insert the device, type the PIN, and touch it when it blinks.",
            "If the round makes a key: type the last four digits of the device's number, choose a PIN, and type it twice. Take the sealed file with you.",
            "The last screen names the file. Carry it back, as a file, as text, or as pictures of its codes (F10).",
            "If the power failed, run the same command again. It continues, and asks only for what is missing.",
            "Keep the folder `ANSWER.turn` until the administrator says that the ceremony is over.",
        ],
    ),
    (
        "Call the administrator and one other holder if:",
        &[
            "a word differs, a rule is violated, or the request is one that you did not expect.",
            "the screen shows a change that you did not expect. You may decline: `keymoot answer REQUEST --decline \"REASON\" -o ANSWER`.",
            "the device blinks for a touch that the screen did not announce, or refuses the PIN.",
            "somebody forces you: say the word that you agreed on for that.",
        ],
    ),
    (
        "Never:",
        &[
            "type your PIN before the words are compared, or on a machine that has a network.",
            "answer one request twice, or from a copy of the folder: two answers are a fork.",
            "give the device, the PIN or the folder to anybody, or read the PIN aloud.",
        ],
    ),
];

const WITNESS: [(&str, &[&str]); 3] = [
    (
        "You need:",
        &[
            "a video link to the room, this runbook, and a machine with `keymoot-verify`.",
            "an Ed25519 key of OpenSSH. Give what `ssh-keygen -lf KEY` prints to the administrator before the day, for the roster, and publish it.",
        ],
    ),
    (
        "What to do, and what you will see:",
        &[
            "Write down the words of the head and of MANIFEST.json when they are read aloud.",
            "When you have the bundle, run `keymoot-verify witness BUNDLE --name NAME --by \"video link\" --saw \"WHAT YOU SAW\" -o me.witness`. It verifies the bundle, and shows the words.",
            "The words are yours: `ssh-keygen -Y sign -n vnd.keymoot.witness -f KEY me.witness`. Publish both files beside the bundle.",
        ],
    ),
    (
        "Never:",
        &[
            "state what you did not see, or sign if a word differs. Call the administrator and a holder.",
        ],
    ),
];
