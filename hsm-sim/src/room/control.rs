//! What can be asked of a room of YubiKeys.

use super::{Room, RoomError};
use crate::control::{Controlled, saying};
use crate::yubikey::fault::Plan;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::mpsc::Receiver;

/// A request.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
#[allow(missing_docs)]
pub enum Request {
    Insert { device: usize },
    Remove { device: usize },
    Touch { device: usize },
    Devices {},
    Waiting {},
    Fault { device: Option<usize>, plan: String },
}

impl Controlled for Room {
    type Request = Request;

    fn carry_out(&self, request: Request) -> Result<Map<String, Value>, String> {
        let text = |error: RoomError| error.to_string();
        match request {
            Request::Insert { device } => self.insert(device).map_err(text)?,
            Request::Remove { device } => self.remove(device).map_err(text)?,
            Request::Touch { device } => {
                return Ok(saying("used", self.touch(device).map_err(text)?));
            }
            Request::Fault { device, plan } => {
                let plan = plan.parse::<Plan>().map_err(|error| error.to_string())?;
                self.fault(plan, device).map_err(text)?;
            }
            Request::Waiting {} => return Ok(saying("waiting", self.waiting())),
            Request::Devices {} => return Ok(saying("devices", self.devices())),
        }
        Ok(Map::new())
    }

    fn watch(&self) -> (Value, Receiver<String>) {
        Room::watch(self)
    }
}
