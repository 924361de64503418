//! The control socket: insert and remove devices, touch them, plan faults, watch. One line of JSON
//! a request, one a reply.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::fmt::Display;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// Something that can be controlled.
pub trait Controlled: Send + Sync + 'static {
    /// What can be asked of it.
    type Request: DeserializeOwned;

    /// Performs a request; returns the members of the answer beside `ok`.
    ///
    /// # Errors
    /// A sentence for the client that asked.
    fn carry_out(&self, request: Self::Request) -> Result<Map<String, Value>, String>;

    /// The present state of the devices, and later changes as lines of JSON.
    fn watch(&self) -> (Value, Receiver<String>);
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
enum Watching {
    Watch {},
}

/// Serves control connections as long as the program runs.
pub fn serve(listener: &UnixListener, room: &Arc<impl Controlled>) {
    for stream in listener.incoming() {
        // A connection that failed before it began concerns only its client.
        let (Ok(stream), room) = (stream, Arc::clone(room)) else {
            continue;
        };
        // A connection that breaks off concerns only itself.
        std::thread::spawn(move || drop(connection(stream, &*room)));
    }
}

fn connection<R: Controlled>(stream: UnixStream, room: &R) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if let Ok(Watching::Watch {}) = serde_json::from_str(&line) {
            let (devices, events) = room.watch();
            send(&mut writer, &json!({ "ok": true, "devices": devices }))?;
            for event in events {
                send(&mut writer, &event)?;
            }
            return Ok(());
        }
        let done = serde_json::from_str(&line)
            .map_err(|error| format!("not a request: {error}"))
            .and_then(|request| room.carry_out(request));
        let reply = match done {
            Ok(mut reply) => {
                reply.insert("ok".into(), true.into());
                Value::Object(reply)
            }
            Err(error) => json!({ "ok": false, "error": error }),
        };
        send(&mut writer, &reply)?;
    }
    Ok(())
}

/// Sends a line in one piece; a value that is written where it goes is written token by
/// token.
fn send(writer: &mut UnixStream, value: &impl Display) -> std::io::Result<()> {
    writer.write_all(format!("{value}\n").as_bytes())
}

/// An answer that says one thing.
#[must_use]
pub fn saying(name: &str, value: impl Into<Value>) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.into())])
}
