//! The texts of the smart card service and the reader.

use super::{NOTHING_CAME, RECORDED, REPLUG, SOMETHING, Words};
use crate::device::error::{DeviceError, ErrorKind};

impl DeviceError {
    /// The kinds of the smart card service and the reader.
    pub(super) fn words_of_the_reader(&self) -> Words {
        use ErrorKind as K;
        const NOBODY: &str = "This machine cannot reach any device.";
        const AS_THEY_WERE: &str = "The devices have not changed.";
        const NOT_ASKED: &str = "keymoot sent it no command.";
        let (who, doing) = (&self.who, self.operation);
        let (headline, message, help, safe) = match &self.kind {
            K::ServiceMissing => (
                NOBODY,
                "the smart card service (pcscd) does not answer".to_owned(),
                "Start the smart card service (systemctl start pcscd.socket; without systemd, pcscd as root), then try again.",
                AS_THEY_WERE,
            ),
            K::SocketForbidden => (
                NOBODY,
                "this user may not open the socket of the smart card service (pcscd)".to_owned(),
                "Run keymoot as root, or as the owner of the socket, then try again.",
                AS_THEY_WERE,
            ),
            K::ServiceForbids => (
                NOBODY,
                "the smart card service (pcscd) closes the connections of this user".to_owned(),
                "Its polkit rules refuse this user: run keymoot as a user who is logged in at this machine, or as root, or allow the action org.debian.pcsc-lite.access_pcsc.",
                AS_THEY_WERE,
            ),
            K::ServiceVersion => (
                NOBODY,
                "the smart card service (pcscd) speaks another version of its protocol than the library (libpcsclite)".to_owned(),
                "Install pcscd and libpcsclite1 of the same version, restart the service, then try again.",
                AS_THEY_WERE,
            ),
            K::Forbidden => (
                "This user may not use the device.",
                format!("the smart card service (pcscd) forbids this user {who}"),
                "Its polkit rules refuse this user: run keymoot as a user who is logged in at this machine, or as root, or allow the action org.debian.pcsc-lite.access_card.",
                NOT_ASKED,
            ),
            K::SharingViolation => (
                "Another program has the device.",
                format!("{who} is in use by another program"),
                "End the program that uses it, then try again: GnuPG (gpgconf --kill scdaemon), yubikey-agent (systemctl --user stop yubikey-agent), or a browser or Yubico Authenticator (close it).",
                NOT_ASKED,
            ),
            K::ResetByOther => (
                "Another program has reset the device.",
                format!("another program reset {who} while {doing}"),
                "End the program that uses it, then try again: GnuPG (gpgconf --kill scdaemon), yubikey-agent (systemctl --user stop yubikey-agent), or a browser or Yubico Authenticator (close it).",
                NOTHING_CAME,
            ),
            K::Communication(error) => (
                "Reader and device do not understand each other.",
                format!("bytes were lost between this machine and {who} while {doing}: {error}"),
                "Clean the contact, use another port without a hub or an extension, and try again.",
                NOTHING_CAME,
            ),
            K::Dead(error) => (
                "The device does not start.",
                format!("{who} does not answer to power while {doing}: {error}"),
                "Unplug it and plug it in again, the right way round and all the way in. If that does not help, use another device.",
                NOTHING_CAME,
            ),
            K::ServiceFailed(error) => (
                NOBODY,
                format!("the smart card service (pcscd) failed: {error}"),
                "Restart the smart card service (systemctl restart pcscd.service; without systemd, pcscd as root), then try again.",
                AS_THEY_WERE,
            ),
            K::Reader(error) => (
                SOMETHING,
                format!("the reader failed with {who} while {doing}: {error}"),
                match error {
                    pcsc::Error::NoMemory => {
                        "Close other programs on this machine, then try again."
                    }
                    pcsc::Error::InternalError
                    | pcsc::Error::UnknownError
                    | pcsc::Error::ServerTooBusy
                    | pcsc::Error::WaitedTooLong
                    | pcsc::Error::Timeout => {
                        "Restart the smart card service (systemctl restart pcscd.service; without systemd, pcscd as root), unplug the device, plug it in, and try again."
                    }
                    _ => "Unplug it, try another port, and try again.",
                },
                RECORDED,
            ),
            // No other kind comes here.
            _ => (SOMETHING, format!("{who} failed while {doing}"), REPLUG, RECORDED),
        };
        Words {
            headline,
            message,
            help: help.into(),
            safe,
        }
    }
}
