//! The places of a YubiHSM 2: behind a connector on this machine, or on USB.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use yubihsm::connector::usb;
use yubihsm::{Connector, HttpConfig, UsbConfig};

use crate::device::contain::contained;
use crate::device::error::{DeviceError, ErrorKind};
use crate::device::identity::{Serial, Who};
use crate::device::info::{Config, DeviceInfo};
use crate::device::operation::Operation;
use keymoot_attestation::{Family, Firmware};

/// How long USB may take for one transfer, in milliseconds.
const USB_TIMEOUT: u64 = 20_000;

/// A place where a unit can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Behind the connector at this address, which is on this machine.
    Connector(Loopback),
    /// On USB.
    Usb,
}

/// An address on this machine. There is no other way to name a connector: the
/// messages to it are encrypted, but a machine that answers in the device's stead, or
/// holds messages back, must be in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Loopback(SocketAddr);

impl FromStr for Place {
    type Err = DeviceError;

    /// `usb`, or address and port of a connector: `127.0.0.1:12345`. Names of
    /// machines are not looked up.
    ///
    /// # Errors
    /// [`ErrorKind::NotLoopback`].
    fn from_str(text: &str) -> Result<Self, DeviceError> {
        if text == "usb" {
            return Ok(Self::Usb);
        }
        match text.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => Ok(Self::Connector(Loopback(address))),
            _ => {
                let kind = ErrorKind::NotLoopback(text.to_owned());
                Err(DeviceError::new(Who::Unknown, Operation::Identify, kind))
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connector(Loopback(address)) => write!(f, "the connector {address}"),
            Self::Usb => f.write_str("USB"),
        }
    }
}

/// A YubiHSM 2 as it reports itself, before anything about it is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitInfo {
    /// Its serial number.
    pub serial: Serial,
    /// Its firmware.
    pub firmware: Firmware,
    /// How many entries its log has room for.
    pub log_capacity: u8,
    /// How many there are.
    pub log_used: u8,
    /// Its place.
    pub place: Place,
}

impl UnitInfo {
    /// The same for a device of either family.
    pub(in crate::device) fn device(self) -> DeviceInfo {
        DeviceInfo {
            family: Family::YubiHsm,
            serial: self.serial,
            firmware: self.firmware,
            config: Config::default(),
            tries: None,
            place: self.place.to_string(),
        }
    }
}

/// The units at a place: none where nothing answers.
///
/// Look only while no unit is spoken to: on USB, looking resets what is plugged in.
///
/// # Errors
/// [`DeviceError`], when one answers and cannot be understood.
pub(in crate::device) fn look(place: Place) -> Result<Vec<UnitInfo>, DeviceError> {
    let who = Who::Place(place.to_string());
    let looked = contained(who.clone(), Operation::Identify, move || {
        let serials = match place {
            Place::Connector(_) => vec![None],
            Place::Usb => usb::Devices::serial_numbers()
                .map_err(|error| {
                    let kind = ErrorKind::Usb(error.to_string());
                    DeviceError::new(who.clone(), Operation::Identify, kind)
                })?
                .into_iter()
                .map(Some)
                .collect(),
        };
        serials
            .into_iter()
            .map(|serial| identify(&place.connector(serial), place, &who, Operation::Identify))
            .collect()
    });
    match looked {
        Err(error) if error.kind == ErrorKind::NoAnswer => Ok(Vec::new()),
        looked => looked,
    }
}

impl Place {
    /// The library's connector for this place. Nothing is sent yet.
    pub(super) fn connector(self, serial: Option<yubihsm::device::SerialNumber>) -> Connector {
        match self {
            Self::Connector(Loopback(address)) => {
                let ip = match address {
                    SocketAddr::V4(address) => address.ip().to_string(),
                    SocketAddr::V6(address) => format!("[{}]", address.ip()),
                };
                Connector::http(&HttpConfig {
                    addr: ip,
                    port: address.port(),
                    // Not obeyed by the library, which waits for 20 seconds.
                    timeout_ms: USB_TIMEOUT,
                })
            }
            Self::Usb => Connector::usb(&UsbConfig {
                serial,
                timeout_ms: USB_TIMEOUT,
            }),
        }
    }
}

/// The serial number as the library wants it.
pub(super) fn library_serial(serial: Serial) -> Option<yubihsm::device::SerialNumber> {
    format!("{:010}", serial.0).parse().ok()
}

/// Reads the identity of a YubiHSM 2, in plain: DEVICE INFO, which it answers outside of
/// sessions and never logged.
pub(super) fn identify(
    connector: &Connector,
    place: Place,
    who: &Who,
    doing: Operation,
) -> Result<UnitInfo, DeviceError> {
    const ASK: [u8; 3] = [0x06, 0, 0];
    let ask = || connector.send_message(Default::default(), ASK.to_vec().into());
    // The first attempt may only find out that a connection has ended that
    // was opened before.
    let reply = ask().or_else(|_| ask()).map_err(|_| {
        let who = Who::Place(place.to_string());
        DeviceError::new(who, doing, ErrorKind::NoAnswer)
    })?;
    match reply.as_ref() {
        &[
            0x86,
            _,
            _,
            major,
            minor,
            patch,
            s0,
            s1,
            s2,
            s3,
            log_capacity,
            log_used,
            ..,
        ] => Ok(UnitInfo {
            serial: Serial(u32::from_be_bytes([s0, s1, s2, s3])),
            firmware: Firmware::new(major, minor, patch),
            log_capacity,
            log_used,
            place,
        }),
        _ => Err(DeviceError::new(
            who.clone(),
            doing,
            ErrorKind::Malformed(None),
        )),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Place;

    #[test]
    fn a_connector_is_on_this_machine_or_refused() {
        for here in ["127.0.0.1:12345", "127.1.2.3:1", "[::1]:12345", "usb"] {
            here.parse::<Place>().unwrap();
        }
        for elsewhere in [
            "192.0.2.1:12345",
            "0.0.0.0:12345",
            "localhost:12345",
            "[::]:12345",
            "http://127.0.0.1:12345",
            "127.0.0.1",
            "",
        ] {
            let error = elsewhere.parse::<Place>().unwrap_err();
            assert!(error.to_string().contains(elsewhere), "{error}");
        }
    }
}
