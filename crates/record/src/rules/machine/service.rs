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
    /// The number of the protocol that it speaks; or why it does not answer.
    pub protocol: Result<String, String>,
    /// Its socket's path.
    pub socket: String,
    /// Who owns the socket, and its permissions; `None` where it cannot be seen.
    pub access: Option<Access>,
    /// Processes of the service that log what is sent to devices, PINs included.
    pub logging: Vec<u32>,
    /// Whether systemd runs, so that its commands help.
    pub systemd: bool,
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
        (Err(why), _) => (
            format!(
                "the smart card service does not answer at {socket}: {}",
                escape(why)
            ),
            match service.systemd {
                true => "run `systemctl start pcscd.socket`, then check again",
                false => "start `pcscd` as root, then check again",
            }
            .to_owned(),
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
    let protocol = service.protocol.as_deref().unwrap_or_default();
    let held = format!(
        "the smart card service answers, protocol {}; {access}",
        escape(protocol)
    );
    claim(!what.is_empty(), held, what, next)
}
