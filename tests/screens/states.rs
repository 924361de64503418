//! The screens of a ceremony: words that identify each, and the event that has just happened
//! when it is shown.

use testkit::terminal::State;

/// A step that somebody confirms.
pub(crate) const CONFIRM: State = State::new("type confirm", &["step-begun", "loaded", "note"]);
/// A digest is compared before the first step.
pub(crate) const DIGEST: State = State::new("Compare the digest of the", &["opened", "plan-read"]);
/// The newest root of the previous state is compared.
pub(crate) const NEWEST_ROOT: State = State::new("type the first two of them", &["loaded"]);
/// The ceremony is opened.
pub(crate) const OPENING: State = State::new("Number of the tamper-evident bag", &["step-begun"]);
/// The last step in which notes are possible.
pub(crate) const CLOSING: State = State::new("Anything to record?", &["step-begun"]);
pub(crate) const ROLL_CALL: State = State::new("Space marks who answers", &["step-begun"]);

/// Whose turn it is. Where the words of the step do not matter: after an interruption, too.
pub(crate) const CALL: State = State::new(
    "Call the next holder",
    &["step-begun", "turn-ended", "machine-checked"],
);
pub(crate) const CALL_TO_ENROL: State = State::new(
    "Call the next holder to make a key",
    &["step-begun", "turn-ended"],
);
pub(crate) const CALL_TO_SIGN: State = State::new(
    "Call the next holder to sign",
    &["step-begun", "turn-ended"],
);
pub(crate) const CALL_TO_CLOSE: State = State::new(
    "Call the next holder to sign the manifest",
    &["manifest-made", "turn-ended"],
);
/// The step may end.
pub(crate) const ENOUGH: State = State::new("type enough and Enter", &["step-begun", "turn-ended"]);
pub(crate) const SPARES: State = State::new("a holder with another device", &["step-begun"]);

pub(crate) const INSERT: State = State::new(
    "Insert your device",
    &[
        "turn-begun",
        "device-set-aside",
        "mishap",
        "device-exchanged",
        "machine-checked",
    ],
);
pub(crate) const INSERT_UNIT: State = State::new("Insert your YubiHSM 2", &["turn-begun"]);
pub(crate) const IDENTIFY: State = State::new("last four digits", &["device-seen"]);
/// A rule is violated by the device.
pub(crate) const REFUSED: State = State::new("DEVICE-", &["device-seen"]);
pub(crate) const ERASE: State = State::new("type erase", &["device-confirmed"]);
pub(crate) const NEW_PIN: State =
    State::new("New PIN, first time", &["device-confirmed", "reset-done"]);
pub(crate) const NEW_PIN_AGAIN: State =
    State::new("New PIN, second time", &["device-confirmed", "reset-done"]);
pub(crate) const NEW_PASSWORD: State = State::new("New password, first time", &["reset-done"]);
pub(crate) const NEW_PASSWORD_AGAIN: State = State::new("second time", &["reset-done"]);
/// PUK and management key, hidden and displayed.
pub(crate) const ONCE_HIDDEN: State =
    State::new("Cover the projector", &["device-confirmed", "reset-done"]);
pub(crate) const ONCE: State = State::new("type written", &["device-confirmed", "reset-done"]);
pub(crate) const FOUND: State = State::new("Type adopt or replace", &["key-found"]);
pub(crate) const TYPE_PIN: State = State::new("PIN, then Enter", &["device-seen"]);
pub(crate) const TYPE_PASSWORD: State = State::new("Password, then Enter", &["device-seen"]);
pub(crate) const BLINKS: State = State::new(
    "BLINKS",
    &["statement-announced", "sign-announced", "close-announced"],
);
/// A device takes its time.
pub(crate) const AT_WORK: State = State::new("at work 0:0", &["key-generated"]);
/// The holder takes the sealed file along.
pub(crate) const HAND_OVER: State =
    State::new("or taken if you have a copy", &["enrolled", "log-read"]);
pub(crate) const REMOVE: State = State::new(
    "Take your device out",
    &[
        "enrolled",
        "escrow-handed",
        "signed",
        "closed",
        "proved",
        "log-read",
    ],
);
/// Another device than this one is to be used.
pub(crate) const SET_ASIDE: State = State::new("then insert the right one", &["device-set-aside"]);
pub(crate) const EXCHANGE: State = State::new(
    "Take this device out, then insert your other one",
    &["signed"],
);
/// Something went wrong, and nothing was lost.
pub(crate) const TROUBLE: State = State::new("Nothing is lost", &["mishap"]);

pub(crate) const REVIEW: State = State::new("Read on to the end", &["step-begun", "reviewed"]);
pub(crate) const REVIEW_END: State = State::new("first two words", &["step-begun", "reviewed"]);
/// A rule is violated by the machine.
pub(crate) const VIOLATIONS: State = State::new("MACHINE-CLOCK", &["machine-checked"]);
pub(crate) const FAREWELL: State = State::new("The ceremony is over", &["step-done"]);
