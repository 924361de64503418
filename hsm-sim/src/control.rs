//! The control socket: insert, remove and touch devices, plan faults, watch. One line of JSON a request, one a reply.

use crate::fault::Plan;
use crate::room::Room;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
enum Request {
    Insert { device: usize },
    Remove { device: usize },
    Touch { device: usize },
    Devices {},
    Fault { device: Option<usize>, plan: String },
    Watch {},
}

/// Serves control connections as long as the program runs.
pub fn serve(listener: &UnixListener, room: &Arc<Room>) {
    for stream in listener.incoming() {
        // A connection that failed before it began concerns only its client.
        let (Ok(stream), room) = (stream, Arc::clone(room)) else {
            continue;
        };
        // A connection that breaks off concerns only itself.
        std::thread::spawn(move || drop(connection(stream, &room)));
    }
}

fn connection(stream: UnixStream, room: &Room) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let request = serde_json::from_str(&line?);
        if matches!(request, Ok(Request::Watch {})) {
            let (devices, events) = room.watch();
            writeln!(writer, "{}", json!({ "ok": true, "devices": devices }))?;
            for event in events {
                writeln!(writer, "{event}")?;
            }
            return Ok(());
        }
        let reply = match request {
            Ok(request) => carry_out(request, room)
                .unwrap_or_else(|error| json!({ "ok": false, "error": error })),
            Err(error) => json!({ "ok": false, "error": format!("not a request: {error}") }),
        };
        writeln!(writer, "{reply}")?;
    }
    Ok(())
}

fn carry_out(request: Request, room: &Room) -> Result<Value, String> {
    let text = |error: crate::room::RoomError| error.to_string();
    match request {
        Request::Insert { device } => room.insert(device).map_err(text)?,
        Request::Remove { device } => room.remove(device).map_err(text)?,
        Request::Touch { device } => {
            let used = room.touch(device).map_err(text)?;
            return Ok(json!({ "ok": true, "used": used }));
        }
        Request::Fault { device, plan } => {
            let plan: Plan = plan
                .parse()
                .map_err(|error: crate::fault::BadPlan| error.to_string())?;
            room.fault(plan, device).map_err(text)?;
        }
        Request::Devices {} | Request::Watch {} => {
            return Ok(json!({ "ok": true, "devices": room.devices() }));
        }
    }
    Ok(json!({ "ok": true }))
}
