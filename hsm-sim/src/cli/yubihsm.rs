//! `hsm-sim yubihsm`.

use super::error::CliError;
use super::inserted::Inserted;
use super::population::Population;
use super::socket::Socket;
use super::streams::{announce, end_of_input};
use crate::yubihsm::connector;
use crate::yubihsm::device::Store;
use crate::yubihsm::fault::{Kind, Plan};
use crate::yubihsm::plate::Version;
use crate::yubihsm::room::Room;
use clap::Args;
use serde_json::json;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

/// Arguments.
#[derive(Args)]
pub(super) struct Yubihsm {
    /// Loopback address and port to serve, as a connector; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:12345")]
    listen: SocketAddr,
    /// Unix socket for control; its folder must exist.
    #[arg(long, value_name = "PATH")]
    control: Option<PathBuf>,
    /// Firmware of new devices; several are given to them in turn.
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "2.4.1",
        value_delimiter = ','
    )]
    firmware: Vec<Version>,
    #[command(flatten)]
    population: Population,
    /// The device plugged in from the start: a number, or none.
    #[arg(long, value_name = "N", default_value = "1")]
    inserted: Inserted,
    /// Let something go wrong.
    #[arg(long, value_name = "PLAN", default_value = "", long_help = format!("Let something go wrong. {}", crate::fault::grammar::<Kind>()))]
    fault: Plan,
}

impl Yubihsm {
    /// Serves until a signal stops it.
    pub(super) fn run(self) -> Result<(), CliError> {
        let refused = |why: String| CliError::Address(self.listen, why);
        if !self.listen.ip().is_loopback() {
            return Err(refused(
                "simulated devices are for this machine alone. Give a loopback address such as 127.0.0.1:12345".into(),
            ));
        }
        // The address first: it shows whether another process serves it already.
        let listener = TcpListener::bind(self.listen).map_err(|error| {
            refused(format!("{error}. Choose another port, or 0 for a free one"))
        })?;
        let control = self.control.as_deref().map(Socket::bind).transpose()?;

        let until_eof = self.population.until_eof;
        let store: Store = self.population.open(&self.firmware)?;
        let vendor = store.vendor().published();
        let devices: Vec<_> = (1..)
            .zip(store.devices())
            .map(|(device, d)| json!({ "device": device, "serial": d.plate.serial, "firmware": d.plate.firmware.to_string() }))
            .collect();
        let room = Arc::new(Room::new(store, self.fault));
        let inserted = match self.inserted {
            Inserted::All => (1..=devices.len()).collect(),
            Inserted::These(numbers) => numbers,
        };
        for device in inserted {
            room.insert(device)?;
        }
        let ready = json!({
            "ready": true,
            "listen": listener.local_addr()?.to_string(),
            "control": self.control,
            "vendor": vendor,
            "devices": devices,
        });

        if let Some(control) = &control {
            let listener = control.listener.try_clone()?;
            let room = Arc::clone(&room);
            std::thread::spawn(move || crate::control::serve(&listener, &room));
        }
        let service = std::thread::spawn(move || connector::serve(&listener, &room));
        announce(&ready)?;
        if until_eof {
            return end_of_input();
        }
        // Serving ends only with the program.
        let _ = service.join();
        Ok(())
    }
}
