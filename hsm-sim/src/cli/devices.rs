//! Which YubiKeys there are, for each way to serve them.

use super::error::CliError;
use super::inserted::Inserted;
use super::population::Population;
use crate::room::{ReaderName, Room};
use crate::yubikey::device::Store;
use crate::yubikey::fault::{Kind, Plan};
use crate::yubikey::plate::Model;
use clap::Args;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Arguments.
#[derive(Args)]
pub(super) struct Devices {
    /// Firmware of new devices; several are given to them in turn. 5.4.3-fips is a device of the
    /// FIPS series.
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "5.7.4",
        value_delimiter = ','
    )]
    firmware: Vec<Model>,
    #[command(flatten)]
    pub population: Population,
    /// Devices plugged in from the start: all, none, or numbers.
    #[arg(long, value_name = "1,2,…", default_value = "none")]
    inserted: Inserted,
    /// Let something go wrong.
    #[arg(long, value_name = "PLAN", default_value = "", long_help = format!("Let something go wrong. {}", crate::fault::grammar::<Kind>()))]
    fault: Plan,
    /// How long a device waits to be touched.
    #[arg(long, value_name = "SECONDS", default_value_t = 15.0)]
    touch_timeout: f64,
}

impl Devices {
    /// The room with the devices in it, and what the line that says "ready" reports of them.
    pub(super) fn room(self, readers: ReaderName) -> Result<(Arc<Room>, Value), CliError> {
        let touch_timeout = Duration::try_from_secs_f64(self.touch_timeout)
            .ok()
            .filter(|time| *time <= Duration::from_secs(86_400))
            .ok_or(CliError::TouchTimeout(self.touch_timeout))?;
        let store: Store = self.population.open(&self.firmware)?;
        let vendor = store.vendor().published();
        let devices: Vec<_> = (1..)
            .zip(store.devices())
            .map(|(device, d)| json!({ "device": device, "serial": d.plate.serial, "firmware": d.plate.model.to_string() }))
            .collect();
        let room = Room::new(store, self.fault, touch_timeout).with_readers(readers);
        let inserted = match self.inserted {
            Inserted::All => (1..=devices.len()).collect(),
            Inserted::These(numbers) => numbers,
        };
        for device in inserted {
            room.insert(device)?;
        }
        let ready = json!({ "ready": true, "vendor": vendor, "devices": devices });
        Ok((Arc::new(room), ready))
    }
}
