//! `hsm-sim yubikey`.

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
pub(super) struct Yubikey {
    /// Unix socket to serve; its folder must exist. The control socket is beside it, with
    /// ".control" appended.
    #[arg(long, value_name = "PATH")]
    socket: PathBuf,
    /// What the readers are called before their numbers: a device says so itself, and can say
    /// anything.
    #[arg(long, value_name = "NAME", default_value_t)]
    reader: ReaderName,
    /// Refuse everybody every device, as pcscd does for a user whom polkit refuses the cards.
    #[arg(long)]
    forbidden: bool,
    #[command(flatten)]
    devices: Devices,
}

impl Yubikey {
    /// Serves until a signal stops it.
    pub(super) fn run(self) -> Result<(), CliError> {
        let mut control = self.socket.clone().into_os_string();
        control.push(".control");
        let control = PathBuf::from(control);
        // Sockets first: they show whether another process serves the same devices already.
        let cards = Socket::bind(&self.socket)?;
        let controls = Socket::bind(&control)?;

        let until_eof = self.devices.population.until_eof;
        let (room, mut ready) = self.devices.room(self.reader)?;
        if self.forbidden {
            room.forbid();
        }
        ready["socket"] = json!(self.socket);
        ready["control"] = json!(control);

        let listener = cards.listener.try_clone()?;
        let service = std::thread::spawn({
            let room = Arc::clone(&room);
            move || crate::pcsc::serve(&listener, &room)
        });
        let listener = controls.listener.try_clone()?;
        std::thread::spawn(move || crate::control::serve(&listener, &room));
        announce(&ready)?;
        if until_eof {
            return end_of_input();
        }
        // Serving ends only with the program.
        let _ = service.join();
        Ok(())
    }
}
