//! The record of the commands that keymoot sends to a YubiHSM 2, and which of them it logs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keymoot_attestation::yubihsm_log::{Outcome, Sent};

/// SET LOG INDEX.
pub(super) const SET_LOG_INDEX: u8 = 0x67;

/// The commands that are logged: every one that makes, imports, exports,
/// uses, changes or deletes something, or opens a session. SET OPTION comes
/// first, so that the log shows how the others were set.
pub(super) const AUDITED: [u8; 19] = [
    0x4f, // SET OPTION
    0x03, // CREATE SESSION
    0x04, // AUTHENTICATE SESSION
    0x08, // RESET DEVICE
    0x42, // PUT OPAQUE
    0x43, // GET OPAQUE
    0x44, // PUT AUTHENTICATION KEY
    0x45, // PUT ASYMMETRIC KEY
    0x46, // GENERATE ASYMMETRIC KEY
    0x4a, // EXPORT WRAPPED
    0x4b, // IMPORT WRAPPED
    0x4c, // PUT WRAP KEY
    0x56, // SIGN ECDSA
    0x57, // DERIVE ECDH
    0x58, // DELETE OBJECT
    0x5b, // GENERATE WRAP KEY
    0x64, // SIGN ATTESTATION CERTIFICATE
    SET_LOG_INDEX,
    0x6c, // CHANGE AUTHENTICATION KEY
];

/// The record of commands. Shared with calls that may be left behind hanging.
#[derive(Clone, Debug)]
pub(super) struct Written(Arc<Mutex<Journal>>);

#[derive(Debug, Default)]
struct Journal {
    sent: Vec<Sent>,
    /// Whether the device logs everything in [`AUDITED`].
    auditing: bool,
}

impl Written {
    pub(super) fn from(sent: Vec<Sent>) -> Self {
        let auditing = sent.iter().any(|sent| sent.logged);
        Self(Arc::new(Mutex::new(Journal { sent, auditing })))
    }

    pub(super) fn read<T>(&self, read: impl FnOnce(&Vec<Sent>) -> T) -> T {
        read(&self.journal().sent)
    }

    /// Records a command before it is sent; the number is for its outcome.
    pub(super) fn sending(
        &self,
        command: u8,
        session_key: Option<u16>,
        target: Option<u16>,
    ) -> usize {
        let mut journal = self.journal();
        let logged = journal.auditing && AUDITED.contains(&command);
        journal.sent.push(Sent {
            command,
            session_key,
            target,
            outcome: Outcome::Unknown,
            logged,
        });
        journal.sent.len() - 1
    }

    pub(super) fn came_of(&self, number: usize, outcome: Outcome) {
        if let Some(sent) = self.journal().sent.get_mut(number) {
            sent.outcome = outcome;
        }
    }

    /// The command that was to follow another was not sent.
    pub(super) fn was_not_sent(&self, number: usize) {
        self.journal().sent.truncate(number);
    }

    /// A reset cleared everything.
    pub(super) fn begin_again(&self) {
        *self.journal() = Journal::default();
    }

    /// From now on the unit logs all that is [`AUDITED`].
    pub(super) fn auditing(&self) {
        self.journal().auditing = true;
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
