//! `hsm-sim usbredir`.

use super::devices::Devices;
use super::error::CliError;
use super::socket::Socket;
use super::streams::{announce, end_of_input};
use crate::room::ReaderName;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Arguments.
#[derive(Args)]
pub(super) struct Usbredir {
    /// Unix sockets of qemu's chardevs, one for each usb-redir device; qemu may be started later.
    #[arg(long = "port", value_name = "PATH", required = true)]
    ports: Vec<PathBuf>,
    /// Unix socket for control; its folder must exist.
    #[arg(long, value_name = "PATH")]
    control: PathBuf,
    #[command(flatten)]
    devices: Devices,
}

impl Usbredir {
    /// Serves until a signal stops it.
    pub(super) fn run(self) -> Result<(), CliError> {
        let controls = Socket::bind(&self.control)?;
        let until_eof = self.devices.population.until_eof;
        let (room, mut ready) = self.devices.room(ReaderName::default())?;
        ready["ports"] = json!(self.ports);
        ready["control"] = json!(self.control);

        let listener = controls.listener.try_clone()?;
        std::thread::spawn({
            let room = Arc::clone(&room);
            move || crate::control::serve(&listener, &room)
        });
        let service = std::thread::spawn(move || crate::usbredir::serve(&room, self.ports));
        announce(&ready)?;
        if until_eof {
            return end_of_input();
        }
        // Serving ends only with the program.
        let _ = service.join();
        Ok(())
    }
}
