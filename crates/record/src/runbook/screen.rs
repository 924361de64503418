//! What the screen says at a step, in words: whoever holds the paper knows whether
//! what they see is what ought to be there.

use crate::ceremony::{
    question::{CONFIRM, ENOUGH, ERASE, PRESENT},
    script::{Kind, Step},
};

/// What the screen is to show.
pub(super) fn expected(step: &Step) -> String {
    match step.kind {
        Kind::Preflight => "*Wait*, with each rule on the machine as it is judged. Only if a rule is violated does the screen ask: it names the rule, what is wrong and what to do, and `again` has it checked again.".to_owned(),
        Kind::Load => "*Wait*, while the rules on what earlier ceremonies left are judged; then *Is this the newest root that was published?*, with its version, expiry and digest in words, and *type the first two of them*.".to_owned(),
        Kind::Confirm if step.fields.is_empty() => format!(
            "the words above under *Read aloud*, and *When it is done, type {CONFIRM}*."
        ),
        Kind::Confirm => format!(
            "the words above under *Read aloud*; a line for each thing to type; at last *When it is done, type {CONFIRM}*."
        ),
        Kind::RollCall => format!(
            "the seats, each with a box to mark; below, *Space marks who answers. All? Type {PRESENT}*. Who is missing so that it could go on is named."
        ),
        Kind::Enroll | Kind::EnrollSpares => format!(
            "*Call the next holder*, with those who are still awaited. Then, for the holder at the table: *Insert your device*; *Read the number on the case of your device*; \
             *May the PIV application of this device be erased?* only if it was used, with the word `{ERASE}`; *Choose a PIN*, twice, with an asterisk for each character; \
             *Touch the metal contact of your device now*; *Take your device out*. In the list at the right the letters K, A and E appear beside the seat: key, attestation, enrolment."
        ),
        Kind::Propose => "*Wait*, while each document is written and every rule on it judged. A violated rule is named with what to do.".to_owned(),
        Kind::Review => "for each document: *What changes*, sentence by sentence; the whole of it; its digest in hexadecimal and in words. It can be confirmed only after the end was on the screen.".to_owned(),
        Kind::Sign => format!(
            "{} The letter S appears beside the seat, and the bar of the quorum grows. When it is full: *type {ENOUGH}*.",
            turn()
        ),
        Kind::Prove => format!("{} When the quorum has: *type {ENOUGH}*.", turn()),
        Kind::Verify => "*Wait*, while the signed documents are read back. It goes on by itself; if not, a violated rule is named.".to_owned(),
        Kind::Close => format!(
            "{} The letter C appears beside the seat. When the quorum has: *type {ENOUGH}*.",
            turn()
        ),
        Kind::Export => "*Wait*; then *The ceremony is over. This leaves the room*, with the place of the bundle and the digest of its MANIFEST.json, in hexadecimal and in words; *Noted? Type done*.".to_owned(),
    }
}

/// The screens of a turn in which something is signed.
fn turn() -> &'static str {
    "*Call the next holder*, with those who are still awaited. Then, for the holder at the table: *Insert your device*, with its number; *Type the PIN of your device*; \
     *Touch the metal contact of your device now*; *Take your device out*."
}
