//! What a device reports about itself, before anything about it is proven.

use super::identity::Serial;
use keymoot_attestation::{Family, Firmware, FormFactor};
use keymoot_record::transcript::{DeviceSetting, PinTries};

/// A device as it reports itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Its family.
    pub family: Family,
    /// Its serial number.
    pub serial: Serial,
    /// Its firmware.
    pub firmware: Firmware,
    /// Its configuration, where it reports one.
    pub config: Config,
    /// The tries of a YubiKey's PIN and PUK, where it reports them (firmware 5.3 and later).
    pub tries: Option<PinTries>,
    /// Its place: the reader as the smart card service names it, the connector or USB.
    /// Foreign text.
    pub place: String,
}

/// The configuration of a YubiKey, where it reports one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Its shape (firmware 5 and later).
    pub form_factor: Option<FormFactor>,
    /// Whether it reports its serial number.
    pub serial_visible: bool,
    /// The applications that are switched on over USB (firmware 5 and later).
    pub applications: Vec<String>,
    /// The settings that differ from the usual.
    pub settings: Vec<DeviceSetting>,
}
