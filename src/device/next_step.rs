//! What to do about each error, said to the person in the room.

use super::error::DeviceError;
use super::operation::Operation;
use super::yubihsm::Role;

impl DeviceError {
    /// What to do next, as a sentence to the person in the room.
    #[must_use]
    pub fn next_step(&self) -> String {
        match self {
            Self::ServiceMissing => {
                "Start the smart card service (systemctl start pcscd.socket), then try again."
            }
            Self::ServiceFailed { .. } => {
                "Restart the smart card service (systemctl restart pcscd.service), then try again."
            }
            Self::NotPresent { wanted: None } => "Plug one in, then try again.",
            Self::NotPresent { .. } => "Plug it in, then try again.",
            Self::Several { .. } => "Unplug all of them but the one that is wanted.",
            Self::Other { wanted, .. } => {
                return format!("Unplug it and plug in YubiKey {wanted}; the number is printed on it.");
            }
            Self::OtherUnit { wanted, .. } => {
                return format!("Unplug it and plug in YubiHSM 2 {wanted}; the number is printed on it.");
            }
            Self::Removed { doing: Operation::Provision | Operation::Reset | Operation::SetUp, .. } => {
                "It may be half set up. Plug it in again and start with a reset."
            }
            Self::Removed { doing: Operation::Generate, .. } => {
                "Plug it in again and look whether the key was made before making another."
            }
            Self::Removed { .. } => "Plug it in again and repeat the step.",
            Self::WrongPin { tries: 1, .. } => {
                "This is the last try before the PIN blocks. Let the holder look the PIN up first."
            }
            Self::WrongPin { .. } => "Let the holder type the PIN again, slowly.",
            Self::PinBlocked { .. } => {
                "Unblock it with the holder's PUK, or go on with the spare device. A reset would make it usable again, but destroys its key."
            }
            Self::WrongPuk { tries: 1, .. } => {
                "This is the last try before the PUK blocks, and with it the PIN for ever. Let the holder look the PUK up first."
            }
            Self::WrongPuk { .. } => "Let the holder type the PUK again, slowly.",
            Self::PukBlocked { .. } => {
                "Nothing can unblock its PIN any more. If the PIN is unknown, reset the device, which destroys its key."
            }
            Self::TouchTimeout { .. } => {
                "Repeat the step, and touch the metal contact as soon as it blinks."
            }
            Self::NotAuthenticated { .. } => {
                "Repeat the step once, in case a reply was garbled. If it stays so, this is not its management key: look for the right one before anything is reset."
            }
            Self::Unsupported { .. } => {
                "Use a device with newer firmware; firmware cannot be updated."
            }
            Self::NoKey { .. } | Self::NoSigningKey { .. } => "Check that this is the right device; if it is, it has not been enrolled.",
            Self::NotFresh { .. } => {
                "Reset it first. That destroys every PIV key on it: read its serial aloud before."
            }
            Self::FactoryCredential { .. } => "Reset the device and set it up again before it is used.",
            Self::PinRefused { .. } => "Type another. The device was not asked, and no try was used up.",
            Self::WrongSignature { .. } => {
                "Repeat the step once, in case a reply was garbled. If it stays so, end the turn, and do not use this device again before it was examined."
            }
            Self::Malformed { .. } | Self::Panicked { .. } | Self::Refused { .. } => {
                "Unplug it, plug it in again and repeat the step; if it stays so, use another device and note an exception."
            }
            Self::Hung { .. } => "Unplug it, wait for the others to see that it is out, then plug it in and repeat the step.",
            Self::SharingViolation { .. } => {
                "End the program that uses it, then try again: GnuPG (gpgconf --kill scdaemon), yubikey-agent (systemctl --user stop yubikey-agent), or a browser or Yubico Authenticator (close it)."
            }
            Self::Reader { .. } => "Unplug it, try another port, and repeat the step.",
            Self::NotLoopback { .. } => {
                "Give the address and port of a connector on this machine, such as 127.0.0.1:12345."
            }
            Self::NoAnswer { .. } => {
                "See that the device is plugged in and that yubihsm-connector runs, then try again."
            }
            Self::Usb { .. } => {
                "End other programs that hold it (often yubihsm-connector), and see that this user may open it (a udev rule for 1050:0030). Then try again."
            }
            Self::Lost { doing: Operation::SetUp | Operation::Reset, .. } => {
                "It may be half set up. Plug it in anew and start with a reset."
            }
            Self::Lost { doing: Operation::Generate, .. } => {
                "Plug it in anew and look whether the key was made before making another."
            }
            Self::Lost { .. } => "Plug it in anew and repeat the step.",
            Self::SessionsFull { .. } => {
                "End other programs that speak to it and wait half a minute: sessions that nobody uses end by themselves. Then repeat the step."
            }
            Self::LogFull { .. } => {
                "Read its log with the auditor's password; once the log is kept, the device may forget it and goes on."
            }
            Self::WrongPassword { .. } => {
                "Let the holder type it again, slowly. A wrong password uses nothing up."
            }
            Self::NoRole { .. } => {
                "Check that this is the right device; if it is, it was not set up, or not by this program."
            }
            Self::NotPermitted { .. } => {
                "Do not go on with this device as it is: reset it and set it up again, or use another."
            }
            Self::Used { objects: Some(_), .. } => {
                "Reset it first. That destroys every key on it: read its serial aloud before."
            }
            Self::Used { objects: None, .. } => {
                "Reset it by hand: pull it out, and touch its metal rim for ten seconds while plugging it in. That destroys every key on it: read its serial aloud before."
            }
            Self::StillOpen { role: Role::Administrator, .. } => "Repeat the step; if it stays so, reset the device and set it up again.",
            Self::StillOpen { .. } => "Reset the device and set it up again before it is used.",
            Self::KeyThere { .. } => {
                "Have it attested and adopt it, or reset the device and set it up again. There must not be two."
            }
            Self::NoThread { .. } => "Close other programs on this machine, then repeat the step.",
            Self::Cancelled => "Start the step again when everybody is ready.",
        }
        .to_owned()
    }
}
