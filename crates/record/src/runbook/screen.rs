//! The screen at each step, in words, so that the reader of the paper notices a wrong screen.

use crate::ceremony::{
    question::{CONFIRM, ENOUGH, ERASE, PRESENT},
    script::{Kind, Scenario, Step},
};

/// The expected screen.
pub(super) fn expected(step: &Step, scenario: Scenario) -> String {
    match step.kind {
        Kind::Preflight => "*Wait*, and each rule about the machine. If a rule is violated, the screen names it, with what is wrong and what to do. `retry` checks the machine again.".to_owned(),
        Kind::Load => "*Wait*, while the program verifies the previous state; then *Is this the newest root that was published?*, with its version, expiry and digest in words, and *type the first two of them*.".to_owned(),
        Kind::Confirm if step.fields.is_empty() => format!(
            "the words above under *Read aloud*, and *When it is done, type {CONFIRM}*."
        ),
        Kind::Confirm => format!(
            "the words above under *Read aloud*; a line for each thing to type; then *When it is done, type {CONFIRM}*."
        ),
        Kind::RollCall => format!(
            "the seats, each with a box to mark; below, *Space marks who answers. All? Type {PRESENT}*. The screen names the holders who are still missing."
        ),
        Kind::Enroll | Kind::EnrollSpares => format!(
            "*Call the next holder*, and the holders whose turn is still to come. Then, for the holder at the table: *Insert your device*; *Read the number on the case of your device*; \
             if the device was used before, *May the PIV application of this device be erased?*, with the word `{ERASE}`; *Choose a PIN*, twice, with an asterisk for each character; \
             *Touch the metal contact of your device now*; *Take your device out*. In the list on the right, the letters K, A and E appear beside the seat: key, attestation, enrolment."
        ),
        Kind::Propose => "*Wait*, while the program writes each document and checks every rule. The screen names a violated rule, and what to do.".to_owned(),
        Kind::Review => "for each document: *What changes*, sentence by sentence; the whole document; its digest in hexadecimal and in words. The program takes no confirmation before every row was on the screen.".to_owned(),
        Kind::Sign => format!(
            "{} The letter S appears beside the seat, and the bar of the quorum grows. {}: *type {ENOUGH}*.",
            turn(),
            match step.kind.calls_everybody(scenario) {
                true => "When the bar is full, and each holder who is present had a turn",
                false => "When the bar is full",
            }
        ),
        Kind::Prove => format!("{} {}: *type {ENOUGH}*.", turn(), enough(step.kind, scenario)),
        Kind::Verify => "*Wait*, while the program reads the signed documents again. If a rule is violated, the screen names it. Otherwise the next step begins by itself.".to_owned(),
        Kind::Close => format!(
            "{} The letter C appears beside the seat. {}: *type {ENOUGH}*.",
            turn(),
            enough(step.kind, scenario)
        ),
        Kind::Export => "*Wait*; then *The ceremony is over. Its bundle*, with the place of the bundle and the digest of its MANIFEST.json, in hexadecimal and in words; *Noted? Type done*.".to_owned(),
    }
}

/// When the screen offers to end a step in which no document is signed.
fn enough(kind: Kind, scenario: Scenario) -> String {
    let signed = match scenario {
        Scenario::QuorumLost => "When one holder has signed",
        _ => "When enough holders have signed",
    };
    match kind.calls_everybody(scenario) {
        true => format!("{signed}, and each holder who is present had a turn"),
        false => signed.to_owned(),
    }
}

/// The screens of a signing turn.
fn turn() -> &'static str {
    "*Call the next holder*, and the holders whose turn is still to come. Then, for the holder at the table: *Insert your device*, with its number; *Type the PIN of your device*; \
     *Touch the metal contact of your device now*; *Take your device out*."
}
