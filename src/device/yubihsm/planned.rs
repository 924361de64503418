//! Commands that are about to be sent to a YubiHSM 2, recorded before they are.

use super::keys::{Role, SIGNING_KEY};
use super::sent::SET_LOG_INDEX;
use super::unit::Unit;
use keymoot_attestation::yubihsm_log::{GET_LOG_ENTRIES, Outcome, Sent};

const CREATE_SESSION: u8 = 0x03;
const AUTHENTICATE_SESSION: u8 = 0x04;
const SIGN_ECDSA: u8 = 0x56;

/// A task whose commands the device may perform although no answer arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// A signature.
    Sign,
    /// Reading its audit log.
    ReadLog,
    /// Clearing the read entries of its audit log.
    ForgetLog,
}

impl Errand {
    /// The session's role, and the command in it with its object.
    fn command(self) -> (Role, u8, Option<u16>) {
        match self {
            Self::Sign => (Role::Signer, SIGN_ECDSA, Some(SIGNING_KEY)),
            Self::ReadLog => (Role::Auditor, GET_LOG_ENTRIES, None),
            Self::ForgetLog => (Role::Auditor, SET_LOG_INDEX, None),
        }
    }
}

impl Unit {
    /// The commands sent so far, and those of a task that is about to begin.
    #[must_use]
    pub fn sent_and_planned(&self, errand: Option<Errand>) -> Vec<Sent> {
        let mut sent = self.sent();
        if let Some((role, command, target)) = errand.map(Errand::command) {
            let key = Some(role.key());
            sent.extend(
                [
                    (CREATE_SESSION, None, key),
                    (AUTHENTICATE_SESSION, None, key),
                    (command, key, target),
                ]
                .map(|(command, session_key, target)| Sent {
                    command,
                    session_key,
                    target,
                    outcome: Outcome::Unknown,
                    logged: true,
                }),
            );
        }
        sent
    }
}
