//! What the errors of the `yubihsm` crate mean.
//!
//! The crate's own names for failures are wrong from 0x0e on; the codes are right
//! (Yubico, "Error codes",
//! <https://developers.yubico.com/YubiHSM2/Concepts/Errors.html>).

use std::error::Error as _;

use yubihsm::{client, connector, session};

use super::keys::Role;
use crate::device::error::{DeviceError, ErrorKind, Refusal};
use crate::device::identity::Who;
use crate::device::operation::Operation;

/// The code of "no right to this".
pub(super) const PERMISSION: u8 = 0x09;
/// The code of "the object does not exist".
pub(super) const NOT_FOUND: u8 = 0x0b;
/// The code of "the object exists already".
pub(super) const EXISTS: u8 = 0x11;
const SESSIONS_FULL: u8 = 0x05;
const LOG_FULL: u8 = 0x0a;

/// Why a command failed, where the crate reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The device refused with this code.
    Refused(u8),
    /// The password is wrong.
    Password,
    /// The connection broke off.
    Lost,
    /// The device refused outside of the session, and the crate hides the code;
    /// the crate's words instead.
    Outside(String),
    /// The reply is malformed; the crate's words.
    Unclear(Option<String>),
}

impl Failure {
    /// Of a command in a session.
    pub(super) fn of(error: &client::Error) -> Self {
        if let Some(kind) = error.device_error() {
            return Self::Refused(kind.to_u8());
        }
        let mut cause = error.source();
        while let Some(error) = cause {
            if error.is::<connector::Error>() {
                return Self::Lost;
            }
            cause = error.source();
        }
        match error.kind() {
            client::ErrorKind::ResponseError => Self::Outside(error.to_string()),
            _ => Self::Unclear(Some(error.to_string())),
        }
    }

    /// Of opening a session.
    pub(super) fn of_opening(error: &client::Error) -> Self {
        match error.kind() {
            client::ErrorKind::AuthenticationError => {
                // The crate folds a missing key and a wrong password into one
                // kind; only its text distinguishes them.
                let missing = error
                    .source()
                    .and_then(|cause| cause.downcast_ref::<session::Error>())
                    .is_some_and(|cause| cause.to_string().contains("auth key not found"));
                match missing {
                    true => Self::Refused(NOT_FOUND),
                    false => Self::Password,
                }
            }
            _ => Self::of(error),
        }
    }

    /// The failure, for people.
    pub(super) fn told(self, who: &Who, doing: Operation, role: Role) -> DeviceError {
        let kind = match self {
            Self::Refused(SESSIONS_FULL) => ErrorKind::SessionsFull,
            Self::Refused(LOG_FULL) => ErrorKind::LogFull,
            Self::Refused(PERMISSION) => ErrorKind::NotPermitted(role),
            Self::Refused(code) => ErrorKind::Refused(Refusal::Code(code)),
            Self::Password => ErrorKind::WrongPassword(role),
            Self::Lost => ErrorKind::Lost,
            Self::Outside(said) => ErrorKind::Refused(Refusal::Library(said)),
            Self::Unclear(said) => ErrorKind::Malformed(said),
        };
        DeviceError::new(who.clone(), doing, kind)
    }
}
