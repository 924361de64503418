//! Which YubiKeys there are, for each way to serve them.

use super::error::CliError;
use super::inserted::Inserted;
use crate::room::{ReaderName, Room};
use crate::serials::Serials;
use crate::yubikey::device::Store;
use crate::yubikey::fault::{Kind, Plan};
use crate::yubikey::plate::Model;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Arguments.
#[derive(Args)]
pub(super) struct Devices {
    /// How many devices there are. With a state file that has fewer, the missing ones are made;
    /// none is ever taken away.
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: usize,
    /// Firmware of new devices; several are given to them in turn. 5.4.3-fips is a device of the
    /// FIPS series.
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "5.7.4",
        value_delimiter = ','
    )]
    firmware: Vec<Model>,
    /// Serial numbers of new devices, in turn; an empty place leaves the number to the seed. Each
    /// number that no device has yet makes one, also beyond the count.
    #[arg(
        long,
        value_name = "N,,N…",
        default_value = "",
        hide_default_value = true
    )]
    serials: Serials,
    /// Make serial numbers and keys repeatable.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Keep the devices in this file, and find them there the next time.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Devices plugged in from the start: all, none, or numbers.
    #[arg(long, value_name = "1,2,…", default_value = "none")]
    inserted: Inserted,
    /// Let something go wrong.
    #[arg(long, value_name = "PLAN", default_value = "", long_help = format!("Let something go wrong. {}", crate::fault::grammar::<Kind>()))]
    fault: Plan,
    /// How long a device waits to be touched.
    #[arg(long, value_name = "SECONDS", default_value_t = 15.0)]
    touch_timeout: f64,
    /// End when standard input ends: when the program that started this one is gone.
    #[arg(long)]
    pub until_eof: bool,
}

impl Devices {
    /// The room with the devices in it, and what the line that says "ready" reports of them.
    pub(super) fn room(self, readers: ReaderName) -> Result<(Arc<Room>, Value), CliError> {
        let touch_timeout = Duration::try_from_secs_f64(self.touch_timeout)
            .ok()
            .filter(|time| *time <= Duration::from_secs(86_400))
            .ok_or(CliError::TouchTimeout(self.touch_timeout))?;
        let (firmware, serials) = (&self.firmware, &self.serials);
        let store = Store::open_with(self.state, self.seed, self.count, firmware, serials)?;
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
