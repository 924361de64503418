//! The texts of each kind of error: a headline, what happened, what to do, and what is
//! still safe.

mod reader;

use std::borrow::Cow;
use std::fmt;

use super::{DeviceError, ErrorKind};
use crate::device::identity::Who;
use crate::device::operation::Operation;
use crate::device::yubihsm::Role;
use keymoot_core::text::{self, escape};

/// The texts of an error.
struct Words {
    headline: &'static str,
    message: String,
    help: Cow<'static, str>,
    safe: &'static str,
}

/// A kind that needs no headline of its own.
const SOMETHING: &str = "Something went wrong with the device.";
const RECORDED: &str = "The transcript has everything that was done before.";
const NOTHING_CAME: &str = "The attempt had no effect. The transcript has everything before it.";
const UNCHANGED: &str = "Nothing on the device was changed.";
const SPARED: &str = "keymoot did not ask the device, and no try was used up.";

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().message)
    }
}

impl std::error::Error for DeviceError {}

impl DeviceError {
    /// The message, as a sentence of its own.
    #[must_use]
    pub fn sentence(&self) -> String {
        text::sentence(&self.words().message)
    }

    /// The help, as a sentence to the person in the room.
    #[must_use]
    pub fn help(&self) -> String {
        self.words().help.into_owned()
    }

    /// [`DeviceError::help`] as other errors have it behind `help:`: the rest of a line.
    #[must_use]
    pub fn next(&self) -> String {
        let help = self.help();
        let mut letters = help.trim_end_matches('.').chars();
        let first = letters.next().map(|first| first.to_ascii_lowercase());
        first.into_iter().chain(letters).collect()
    }

    /// The headline.
    #[must_use]
    pub fn headline(&self) -> &'static str {
        self.words().headline
    }

    /// What is still safe.
    #[must_use]
    pub fn safe(&self) -> &'static str {
        self.words().safe
    }

    /// The one place with the texts of each kind.
    #[allow(clippy::too_many_lines)] // One arm a kind: a table.
    fn words(&self) -> Words {
        use ErrorKind as K;
        let (who, doing) = (&self.who, self.operation);
        let words = |headline, message: String, help: &'static str, safe| Words {
            headline,
            message,
            help: Cow::Borrowed(help),
            safe,
        };
        match &self.kind {
            K::ServiceMissing
            | K::SocketForbidden
            | K::ServiceForbids
            | K::ServiceVersion
            | K::ServiceFailed(_)
            | K::Forbidden
            | K::SharingViolation
            | K::ResetByOther
            | K::Communication(_)
            | K::Dead(_)
            | K::Reader(_) => self.words_of_the_reader(),
            K::NotPresent => words(
                "The device is not plugged in.",
                match who {
                    Who::Unknown => "no YubiKey is plugged in".to_owned(),
                    who => format!("{who} is not plugged in"),
                },
                match who {
                    Who::Unknown => "Plug one in, then try again.",
                    _ => "Plug it in, then try again.",
                },
                NOTHING_CAME,
            ),
            K::Several(count) => words(
                "More than one device is plugged in.",
                format!("{count} YubiKeys are plugged in, and exactly one may be"),
                "Unplug all except the right one.",
                "keymoot sent them no command.",
            ),
            K::Other(found) => Words {
                headline: "This is another device.",
                message: format!(
                    "{} {found} is plugged in, but {who} is needed",
                    who.family()
                ),
                help: format!("Unplug it and plug in {who}; the number is printed on it.").into(),
                safe: NOTHING_CAME,
            },
            K::Removed => words(
                "The device was taken out while it was at work.",
                format!("{who} was unplugged while {doing}"),
                after_a_break(doing),
                NOTHING_CAME,
            ),
            K::Lost => words(
                "The connection to the device broke off.",
                format!("the connection to {who} broke off while {doing}"),
                after_a_break(doing),
                "keymoot checks whether the command ran, before it sends another one.",
            ),
            K::NoPiv => words(
                "The PIV application of this device is switched off.",
                format!("{who} has no PIV application that can be reached over USB"),
                "Switch it on with YubiKey Manager on another machine (ykman config usb --enable PIV), or use another device. A Security Key by Yubico has none.",
                UNCHANGED,
            ),
            K::SerialHidden => words(
                "This device hides its serial number.",
                format!("{who} hides its serial number"),
                "Make it visible on another machine (ykpersonalize -u1 -o serial-api-visible), or use another device: without the number, nobody knows which device signs.",
                UNCHANGED,
            ),
            K::WrongPin(tries) => words(
                "The PIN was wrong.",
                format!("wrong PIN for {who}: {}", tries_left(*tries)),
                match tries {
                    1 => {
                        "This is the last try before the PIN blocks. Let the holder look the PIN up first."
                    }
                    _ => "Let the holder type the PIN again, slowly.",
                },
                "Nothing was signed, and the key is safe: the device counts the tries itself.",
            ),
            K::PinBlocked => words(
                "The PIN is blocked.",
                format!("the PIN of {who} is blocked: no tries left"),
                "Unblock it with the holder's PUK (here, or with keymoot device unblock). A reset unblocks it too, but destroys its key.",
                "The key is safe in the device; it cannot be used before the PIN is unblocked.",
            ),
            K::WrongPuk(tries) => words(
                "The PUK was wrong.",
                format!("wrong PUK for {who}: {}", tries_left(*tries)),
                match tries {
                    1 => {
                        "This is the last try before the PUK blocks, and with it the PIN for ever. Let the holder look the PUK up first."
                    }
                    _ => "Let the holder type the PUK again, slowly.",
                },
                "The PIN has not changed.",
            ),
            K::PukBlocked => words(
                "The PUK is blocked.",
                format!("the PUK of {who} is blocked: no tries left"),
                "Nothing can unblock its PIN any more. If the PIN is unknown, reset the device, which destroys its key.",
                RECORDED,
            ),
            K::PinForbidden(credential) => words(
                "The device refuses this PIN or PUK.",
                format!("{who} refuses this new {credential} by rules of its own"),
                "Choose another: 8 characters, no run, no pattern, and none of the common ones. Devices with PIN complexity or of the FIPS series are stricter than others.",
                "The old one still counts.",
            ),
            K::TouchTimeout => words(
                "Nobody touched the device in time.",
                format!("{who} was not touched in time, and signed nothing"),
                "Try again, and touch the metal contact as soon as it blinks.",
                NOTHING_CAME,
            ),
            K::NotAuthenticated => words(
                SOMETHING,
                format!("{who} does not accept this management key"),
                "Try once more, in case a reply was garbled. If that does not help, this is not its management key: find the right one before you reset anything.",
                RECORDED,
            ),
            K::Unsupported { firmware, needs } => words(
                "The firmware of this device is too old.",
                format!(
                    "{who}{} cannot be used for {doing}: firmware {needs} or later is needed",
                    firmware.map_or(String::new(), |version| format!(" (firmware {version})"))
                ),
                "Use a device with newer firmware; firmware cannot be updated.",
                UNCHANGED,
            ),
            K::NoKey => words(
                SOMETHING,
                match who {
                    Who::YubiHsm(_) | Who::Place(_) => format!("{who} holds no signing key"),
                    who => format!("{who} holds no generated key in slot 9c"),
                },
                "Check that this is the right device. If it is, nobody has enrolled it.",
                RECORDED,
            ),
            K::NotFresh(credential) => words(
                SOMETHING,
                format!("{who} is not fresh: its {credential} has been changed before"),
                "Reset it first. That destroys every PIV key on it: read its serial aloud before.",
                RECORDED,
            ),
            K::FactoryCredential(credential) => words(
                "The device still has a PIN, PUK or key from the factory.",
                format!("{who} still accepts the {credential} from the factory"),
                "Reset the device and set it up again before it is used.",
                "keymoot did not use it: anyone could have used it before.",
            ),
            K::PinRefused(credential, reason) => words(
                "This cannot be used.",
                format!("this {credential} cannot be used: {reason}"),
                "Type another. keymoot did not ask the device, and no try was used up.",
                SPARED,
            ),
            K::Malformed(library) => words(
                SOMETHING,
                format!(
                    "{who} sent a malformed answer while {doing}{}",
                    library
                        .as_ref()
                        .map_or(String::new(), |said| format!(" ({})", escape(said)))
                ),
                REPLUG,
                RECORDED,
            ),
            K::WrongSignature(why) => words(
                "This is no signature by the device's key.",
                format!("the signature that {who} made is refused: {why}"),
                "Try once more, in case a reply was garbled. If that does not help, end the turn, and do not use this device before somebody has examined it.",
                "keymoot dropped it: it is in no document.",
            ),
            K::Refused(refusal) => words(
                SOMETHING,
                format!("{who} refused while {doing}: {refusal}"),
                refusal.help(),
                RECORDED,
            ),
            K::Panicked => words(
                SOMETHING,
                format!("{who} sent a reply that crashed the library while {doing}"),
                REPLUG,
                RECORDED,
            ),
            K::Hung(seconds) => words(
                "The device gave no answer.",
                format!("{who} did not answer within {seconds} seconds while {doing}"),
                "Unplug it, wait some seconds, plug it in, and try again. If it happens again, \
                 another program may hold it: close browsers, and run `gpgconf --kill scdaemon`.",
                NOTHING_CAME,
            ),
            K::NotLoopback(address) => words(
                SOMETHING,
                format!(
                    "'{}' is not the address of a YubiHSM connector on this machine",
                    escape(address)
                ),
                "Give the address and port of a connector on this machine, such as 127.0.0.1:12345.",
                RECORDED,
            ),
            K::NoAnswer => words(
                "The device is not plugged in.",
                match who {
                    Who::Place(place) => format!("no YubiHSM 2 answers at {place}"),
                    who => format!("{who} does not answer"),
                },
                "Check that the device is plugged in and that yubihsm-connector runs, then try again.",
                NOTHING_CAME,
            ),
            K::Usb(error) => words(
                SOMETHING,
                format!("USB cannot be searched for YubiHSM 2s: {}", escape(error)),
                "Check that this machine has USB, that no other program uses the device (often yubihsm-connector), and that this user may open it (a udev rule for 1050:0030). Then try again.",
                RECORDED,
            ),
            K::SessionsFull => words(
                SOMETHING,
                format!("{who} has no session free: all 16 are taken"),
                "End other programs that speak to it and wait half a minute: unused sessions end by themselves. Then try again.",
                RECORDED,
            ),
            K::LogFull => words(
                SOMETHING,
                format!("the audit log of {who} is full, so it refuses commands"),
                "Read its log with the auditor's password; when you have kept the log, the device can clear it and continue.",
                RECORDED,
            ),
            K::WrongPassword(role) => words(
                "The password was wrong.",
                format!("{who} does not accept this password of the {role}"),
                "Let the holder type it again, slowly. The device counts no wrong passwords.",
                "Nothing was signed, and the key is safe: the device counts no wrong passwords.",
            ),
            K::NoRole(role) => words(
                SOMETHING,
                format!("{who} has no key for the {role}"),
                "Check that this is the right device. If it is, keymoot has not set it up.",
                RECORDED,
            ),
            K::NotPermitted(role) => words(
                SOMETHING,
                format!("{who} refused while {doing}: the {role} has no right to it"),
                "Reset this device and set it up again, or use another.",
                RECORDED,
            ),
            K::Used(None) => words(
                "This device can only be reset by hand.",
                format!("{who} is not fresh: it refuses the password from the factory"),
                "Reset it by hand: pull it out, and touch its metal rim for ten seconds while plugging it in. That destroys every key on it: read its serial aloud before.",
                "A key that it holds does not count, and the reset destroys it.",
            ),
            K::Used(Some(objects)) => words(
                SOMETHING,
                format!(
                    "{who} is not fresh: {objects} objects are on it, and a new one has only the key from the factory"
                ),
                "Reset it first. That destroys every key on it: read its serial aloud before.",
                RECORDED,
            ),
            K::StillOpen(role) => words(
                SOMETHING,
                format!("{who} still opens a session for the {role}"),
                match role {
                    Role::Administrator => {
                        "Try again. If that does not help, reset the device and set it up again."
                    }
                    _ => "Reset the device and set it up again before it is used.",
                },
                RECORDED,
            ),
            K::KeyThere => words(
                SOMETHING,
                format!("{who} already holds a signing key"),
                "Have it attested and adopt it, or reset the device and set it up again. There must not be two.",
                RECORDED,
            ),
            K::NoThread(error) => words(
                SOMETHING,
                format!("this machine could not start a thread to speak to {who}: {error}"),
                "Close other programs on this machine, then try again.",
                RECORDED,
            ),
            K::Cancelled => words(
                SOMETHING,
                "waiting for a device was cancelled".to_owned(),
                "Start the step again when everyone is ready.",
                RECORDED,
            ),
        }
    }
}

pub(super) const REPLUG: &str = "Unplug it, plug it in, and try again. If that does not help, use another device, and note an exception.";

/// The help after the device was unplugged during this.
fn after_a_break(doing: Operation) -> &'static str {
    match doing {
        Operation::Provision | Operation::Reset | Operation::SetUp => {
            "It may be half set up. Plug it in again and start with a reset."
        }
        Operation::Generate => {
            "Plug it in again. keymoot checks whether it made the key before it makes another."
        }
        _ => "Plug it in, then try again.",
    }
}

/// "2 tries left", or "1 try left".
fn tries_left(tries: u8) -> String {
    match tries {
        1 => "1 try left".to_owned(),
        tries => format!("{tries} tries left"),
    }
}
