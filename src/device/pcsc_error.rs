//! What an error of the smart card service or of the `yubikey` crate says about a device.
//!
//! The service reports a device that was pulled out and a disturbed cable alike, so the readers
//! are asked which it was.

use super::error::{DeviceError, ErrorKind, Refusal};
use super::identity::Who;
use super::operation::Operation;
use super::readers;

/// What a failed exchange with the smart card service means.
pub(super) fn of_pcsc(who: Who, operation: Operation, error: pcsc::Error) -> DeviceError {
    DeviceError::new(who, operation, kind(error))
}

/// What an error of the `yubikey` crate means. Operations that know more, such as
/// which PIN was wrong, map the error before they call
/// this.
pub(super) fn of_yubikey(who: Who, operation: Operation, error: yubikey::Error) -> DeviceError {
    use yubikey::Error as E;
    let kind = match error {
        E::PcscError { inner: Some(error) } => kind(error),
        E::WrongPin { tries: 0 } | E::PinLocked => ErrorKind::PinBlocked,
        E::WrongPin { tries } => ErrorKind::WrongPin(tries),
        E::AuthenticationError => ErrorKind::NotAuthenticated,
        E::AppletNotFound { .. } => ErrorKind::NoPiv,
        E::ParseError
        | E::SizeError
        | E::InvalidObject
        | E::AlgorithmError
        | E::KeyError
        | E::RangeError => ErrorKind::Malformed(Some(error.to_string())),
        error => ErrorKind::Refused(Refusal::Library(error.to_string())),
    };
    DeviceError::new(who, operation, kind)
}

fn kind(error: pcsc::Error) -> ErrorKind {
    use ErrorKind as K;
    use pcsc::Error as E;
    match error {
        E::NoService | E::ServiceStopped => K::ServiceMissing,
        error if readers::is_service_gone(error) => K::ServiceMissing,
        E::SharingViolation => K::SharingViolation,
        E::RemovedCard
        | E::NoSmartcard
        | E::ReaderUnavailable
        | E::UnknownReader
        | E::NoReadersAvailable
        | E::InvalidHandle => K::Removed,
        // libccid reports a device that was pulled out and a disturbed cable alike.
        E::NotTransacted | E::CommDataLost if readers::is_still_plugged() => {
            K::Communication(error)
        }
        E::NotTransacted | E::CommDataLost => K::Removed,
        E::ResetCard => K::ResetByOther,
        E::UnpoweredCard
        | E::UnresponsiveCard
        | E::ProtoMismatch
        | E::UnsupportedCard
        | E::CardUnsupported
        | E::InvalidAtr => K::Dead(error),
        error => K::Reader(error),
    }
}
