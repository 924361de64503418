//! `hsm-sim vpcd`.

use super::devices::Devices;
use super::error::CliError;
use super::socket::Socket;
use super::streams::{announce, end_of_input};
use crate::room::ReaderName;
use clap::Args;
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// Arguments.
#[derive(Args)]
pub(super) struct Vpcd {
    /// Loopback address and port where the driver listens for its first slot; the next are on the
    /// ports above.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:35963")]
    driver: SocketAddr,
    /// Unix socket for control; its folder must exist.
    #[arg(long, value_name = "PATH")]
    control: PathBuf,
    /// The socket of the pcscd that has the driver: what the line that says "ready" gives as
    /// `socket`.
    #[arg(long, value_name = "PATH", default_value = "/run/pcscd/pcscd.comm")]
    socket: PathBuf,
    #[command(flatten)]
    devices: Devices,
}

impl Vpcd {
    /// Serves until a signal stops it.
    pub(super) fn run(self) -> Result<(), CliError> {
        if !self.driver.ip().is_loopback() {
            return Err(CliError::Address(
                self.driver,
                "simulated devices are for this machine alone. Give a loopback address such as 127.0.0.1:35963".into(),
            ));
        }
        let controls = Socket::bind(&self.control)?;
        let until_eof = self.devices.population.until_eof;
        let (room, mut ready) = self.devices.room(ReaderName::default())?;
        ready["socket"] = json!(self.socket);
        ready["control"] = json!(self.control);

        let listener = controls.listener.try_clone()?;
        std::thread::spawn({
            let room = Arc::clone(&room);
            move || crate::control::serve(&listener, &room)
        });
        let service = std::thread::spawn(move || crate::vpcd::serve(&room, self.driver));
        announce(&ready)?;
        if until_eof {
            return end_of_input();
        }
        // Serving ends only with the program.
        let _ = service.join();
        Ok(())
    }
}
