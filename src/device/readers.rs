//! The readers of the smart card service, and which of them hold a YubiKey.

use std::ffi::{CStr, CString};
use std::time::Duration;

use pcsc::{Context, ReaderState, Scope, State};

use super::error::{DeviceError, ErrorKind};
use super::identity::Who;
use super::operation::Operation;
use crate::host::machine::{self, Listener};

/// A connection to the smart card service.
///
/// Each call uses a connection of its own, because one that
/// waits blocks all others on the same connection.
pub(super) fn connect() -> Result<Context, DeviceError> {
    let establish = || Context::establish(Scope::System);
    establish()
        .or_else(|error| match error {
            // A service that ends closes its connections like one that refuses this user;
            // after its end, it cannot be reached at all.
            error if is_closed_at_once(error) => establish(),
            error => Err(error),
        })
        .map_err(unreachable)
}

/// Whether a YubiKey is plugged in, a moment after the reader lost it. The service needs that
/// moment to notice that somebody pulled it out.
pub(super) fn is_still_plugged() -> bool {
    const A_MOMENT: Duration = Duration::from_secs(1);
    let look = || Look::now(&connect()?);
    let Ok(before) = look() else {
        return false;
    };
    if before.plugged().is_empty() {
        return false;
    }
    // When this fails the service is gone, and the device with it.
    let _ = connect().and_then(|context| before.wait(&context, A_MOMENT));
    look().is_ok_and(|after| !after.plugged().is_empty())
}

impl Plugged {
    /// Whether this device was there at an earlier look, and was not taken out since.
    pub(super) fn was_there(&self, before: &Self) -> bool {
        self.reader == before.reader && self.changes == before.changes
    }
}

/// A look at all readers: the content of each at that moment.
pub(super) struct Look(Vec<ReaderState>);

/// A YubiKey's reader. Two looks at it differ when something was put into it or
/// taken out between them, or when another program took or released the device.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Plugged {
    pub(super) reader: CString,
    changes: u32,
    /// Another program is connected to the device.
    pub(super) in_use: bool,
}

impl Look {
    /// Looks now.
    pub(super) fn now(context: &Context) -> Result<Self, DeviceError> {
        loop {
            let names = match context.list_readers_owned() {
                Ok(names) => names,
                Err(pcsc::Error::NoReadersAvailable) => vec![],
                // A reader more than a moment ago: ask again.
                Err(pcsc::Error::InsufficientBuffer) => continue,
                Err(error) => return Err(service_error(error)),
            };
            let mut states: Vec<ReaderState> = names
                .into_iter()
                .map(|name| ReaderState::new(name, State::UNAWARE))
                .collect();
            if states.is_empty() {
                return Ok(Self(states));
            }
            match context.get_status_change(Duration::ZERO, &mut states) {
                Ok(()) | Err(pcsc::Error::Timeout) => return Ok(Self(states)),
                // A reader less than a moment ago: ask again.
                Err(pcsc::Error::UnknownReader | pcsc::Error::ReaderUnavailable) => {}
                Err(error) => return Err(service_error(error)),
            }
        }
    }

    /// The readers in which a YubiKey is.
    pub(super) fn plugged(&self) -> Vec<Plugged> {
        self.0
            .iter()
            .filter(|state| {
                state.event_state().contains(State::PRESENT) && is_yubikey(state.name())
            })
            .map(|state| Plugged {
                reader: state.name().to_owned(),
                changes: state.event_count(),
                in_use: state
                    .event_state()
                    .intersects(State::INUSE | State::EXCLUSIVE),
            })
            .collect()
    }

    /// Returns when something has changed since this look, when the connection
    /// is cancelled, or after `limit`.
    pub(super) fn wait(self, context: &Context, limit: Duration) -> Result<(), DeviceError> {
        let mut states = self.0;
        for state in &mut states {
            state.sync_current_state();
        }
        states.push(ReaderState::new(pcsc::PNP_NOTIFICATION(), State::UNAWARE));
        match context.get_status_change(limit, &mut states) {
            Ok(())
            | Err(
                pcsc::Error::Timeout
                | pcsc::Error::Cancelled
                | pcsc::Error::UnknownReader
                | pcsc::Error::ReaderUnavailable,
            ) => Ok(()),
            Err(error) => Err(service_error(error)),
        }
    }
}

/// A YubiKey is its own reader, and its name says so. keymoot ignores smart cards of other
/// makers in other readers.
fn is_yubikey(reader: &CStr) -> bool {
    reader
        .to_string_lossy()
        .to_ascii_lowercase()
        .contains("yubikey")
}

/// The service cannot be reached.
fn unreachable(error: pcsc::Error) -> DeviceError {
    use pcsc::Error as E;
    failed(match error {
        error if is_closed_at_once(error) => ErrorKind::ServiceForbids,
        E::NoService if machine::listener() == Listener::Forbidden => ErrorKind::SocketForbidden,
        E::NoService | E::InvalidHandle | E::Shutdown => ErrorKind::ServiceMissing,
        // pcscd answers this to a library with another version of their protocol.
        E::ServiceStopped => ErrorKind::ServiceVersion,
        error => ErrorKind::ServiceFailed(error),
    })
}

fn failed(kind: ErrorKind) -> DeviceError {
    DeviceError::new(Who::Unknown, Operation::Identify, kind)
}

/// The service failed on a connection that it had accepted.
fn service_error(error: pcsc::Error) -> DeviceError {
    match error {
        error if is_service_gone(error) => failed(ErrorKind::ServiceMissing),
        pcsc::Error::ServiceStopped => failed(ErrorKind::ServiceMissing),
        error => unreachable(error),
    }
}

/// Whether the service accepted a new connection and closed it. The service pcscd does this where
/// polkit refuses the user (`ContextThread` in winscard_svc.c). The client library libpcsclite then
/// reports a communication error if it had already sent its request. Otherwise it reports that
/// there is no service (`MessageSend` in winscard_msg.c). Where there is no service, nobody accepts
/// a connection.
fn is_closed_at_once(error: pcsc::Error) -> bool {
    is_service_gone(error)
        || error == pcsc::Error::NoService && machine::listener() == Listener::Accepts
}

/// Whether the service closed an accepted connection, as it does when it ends. Since version 1.9.9,
/// libpcsclite reports a lack of rights when the service had not read all of the request
/// (`MessageReceiveTimeout` in winscard_msg.c).
pub(super) fn is_service_gone(error: pcsc::Error) -> bool {
    matches!(
        error,
        pcsc::Error::CommError | pcsc::Error::SecurityViolation
    )
}
