//! The smart card service: every PIN for a YubiKey goes through it.

use super::claim::Claim;
use std::path::Path;

use keymoot_core::{
    Rule,
    text::{escape, quoted_path},
};

/// The service, as keymoot reaches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The number of the protocol that it speaks; or why nobody here can use it.
    pub protocol: Result<String, Unusable>,
    /// Its socket's path.
    pub socket: String,
    /// Who owns the socket, and its permissions; `None` where it cannot be seen.
    pub access: Option<Access>,
    /// The number of the user that keymoot runs as.
    pub user: u32,
    /// Processes of the service that log what is sent to devices, PINs included.
    pub logging: Vec<u32>,
    /// Whether systemd runs, so that its commands help.
    pub systemd: bool,
}

/// Why the service cannot be used. `device list` says the same of the same causes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// This user may not open its socket.
    SocketForbidden,
    /// It closes the connections of this user at once, as where polkit refuses the user.
    Closes,
    /// It speaks another version of its protocol than the library in this process.
    OtherVersion,
    /// It does not answer, or answers with an error: the system's words or the library's.
    Fails(String),
}

/// Who may open a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The user's number.
    pub owner: u32,
    /// The permissions, as chmod(1) counts them.
    pub mode: u32,
}

impl Access {
    /// Whether every user may speak to the service, and so to the devices.
    fn is_for_all(self) -> bool {
        self.mode & 0o002 != 0
    }
}

impl Service {
    /// Whether a user other than root and keymoot's own owns the socket. Anyone who owns it can put
    /// a service of their own behind it.
    fn is_foreign(&self) -> bool {
        let owner = self.access.map(|access| access.owner);
        owner.is_some_and(|owner| owner != 0 && owner != self.user)
    }

    /// The command that starts it as the system's own.
    fn start(&self) -> &'static str {
        match self.systemd {
            true => "run `systemctl start pcscd.socket`",
            false => "start `pcscd` as root",
        }
    }

    /// What is wrong where it cannot be used, and the help.
    fn unusable(&self, why: &Unusable) -> (String, String) {
        let socket = escape(&self.socket);
        match why {
            Unusable::SocketForbidden => (
                format!(
                    "this user may not open the socket of the smart card service (pcscd) at {socket}"
                ),
                "run keymoot as root, or as the owner of the socket; then check again".to_owned(),
            ),
            Unusable::Closes => (
                format!(
                    "the smart card service (pcscd) closes the connections of this user at {socket}"
                ),
                "its polkit rules refuse this user: run keymoot as a user who is logged in at this \
                 machine, or as root, or allow the action org.debian.pcsc-lite.access_pcsc; then \
                 check again"
                    .to_owned(),
            ),
            Unusable::OtherVersion => (
                format!(
                    "the smart card service (pcscd) speaks another version of its protocol than the \
                     library (libpcsclite) at {socket}"
                ),
                "install pcscd and libpcsclite1 of the same version, restart the service, then \
                 check again"
                    .to_owned(),
            ),
            Unusable::Fails(why) => (
                format!(
                    "the smart card service does not answer at {socket}: {}",
                    escape(why)
                ),
                format!("{}, then check again", self.start()),
            ),
        }
    }
}

/// MACHINE-PCSC. `None` where no holder brings a YubiKey.
pub(super) fn pcsc(service: Option<&Service>) -> Claim {
    let claim = |broken, held: String, what: String, next: String| Claim {
        rule: Rule::MachinePcsc,
        broken,
        held,
        what,
        next,
    };
    let Some(service) = service else {
        let held = "no holder brings a YubiKey, so the smart card service does not matter";
        return claim(false, held.to_owned(), String::new(), String::new());
    };
    let socket = escape(&service.socket);
    let access = service.access.map_or_else(
        || "its socket cannot be seen".to_owned(),
        |access| {
            format!(
                "user {} owns its socket, mode {:03o}",
                access.owner, access.mode
            )
        },
    );
    let (what, next) = match (&service.protocol, service.access) {
        (Err(why), _) => service.unusable(why),
        (Ok(_), Some(access)) if service.is_foreign() => (
            format!(
                "user {} owns {socket}, and is neither root nor the user that keymoot runs as \
                 (user {}): every PIN passes through that user's service",
                access.owner, service.user
            ),
            format!(
                "end the service behind it, {}, then check again",
                service.start()
            ),
        ),
        (Ok(_), _) if !service.logging.is_empty() => (
            format!(
                "process {} is a smart card service that logs commands to devices (`--apdu`), PINs included",
                service
                    .logging
                    .iter()
                    .map(u32::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            "end it, start `pcscd` without `--apdu`, then check again".to_owned(),
        ),
        (Ok(_), Some(access)) if access.is_for_all() => (
            format!(
                "every user of this machine may use the devices: {socket} has mode {:03o}",
                access.mode
            ),
            format!(
                "run `chmod 600 {}` as root, or 660 with a group for keymoot; then check again",
                quoted_path(Path::new(&service.socket))
            ),
        ),
        _ => (String::new(), String::new()),
    };
    let protocol = service.protocol.as_ref().map_or("", String::as_str);
    let held = format!(
        "the smart card service answers, protocol {}; {access}",
        escape(protocol)
    );
    claim(!what.is_empty(), held, what, next)
}
