//! The hands of a rehearsal: plugging, pulling and touching simulated devices.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    thread,
};

use serde::Deserialize;
use serde_json::json;

/// A simulated device as its simulator describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Device {
    /// Its number, from 1.
    #[serde(rename = "device")]
    pub number: usize,
    /// Its serial number.
    pub serial: u32,
    /// Whether it is plugged in.
    pub inserted: bool,
    /// Whether it waits to be touched.
    #[serde(default)]
    pub awaiting_touch: bool,
}

/// Something that happened to a simulated device.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Happening {
    /// `inserted`, `removed`, `touch-awaited`, `touched` or `touch-timeout`.
    pub event: String,
    /// The device's number.
    pub device: usize,
}

#[derive(Debug, Deserialize)]
struct Reply {
    ok: bool,
    #[serde(default)]
    error: String,
    #[serde(default)]
    devices: Vec<Device>,
}

/// A connection to the simulator's control socket.
#[derive(Debug)]
pub struct Hands {
    path: PathBuf,
    stream: BufReader<UnixStream>,
}

impl Hands {
    /// Connects to the control socket.
    ///
    /// # Errors
    /// What kept the socket from being reached.
    pub fn reach(control: &Path) -> io::Result<Self> {
        let stream = BufReader::new(UnixStream::connect(control)?);
        Ok(Self {
            path: control.to_owned(),
            stream,
        })
    }

    /// All devices.
    ///
    /// # Errors
    /// What the simulator or the socket says.
    pub fn devices(&mut self) -> io::Result<Vec<Device>> {
        Ok(self.request(&json!({"do": "devices"}))?.devices)
    }

    /// Plugs a device in.
    ///
    /// # Errors
    /// What the simulator or the socket says.
    pub fn insert(&mut self, number: usize) -> io::Result<()> {
        self.request(&json!({"do": "insert", "device": number}))
            .map(|_| ())
    }

    /// Pulls a device out.
    ///
    /// # Errors
    /// What the simulator or the socket says.
    pub fn remove(&mut self, number: usize) -> io::Result<()> {
        self.request(&json!({"do": "remove", "device": number}))
            .map(|_| ())
    }

    /// Touches a device.
    ///
    /// # Errors
    /// What the simulator or the socket says.
    pub fn touch(&mut self, number: usize) -> io::Result<()> {
        self.request(&json!({"do": "touch", "device": number}))
            .map(|_| ())
    }

    /// Pulls every device out but this one, and plugs this one in.
    ///
    /// # Errors
    /// What the simulator or the socket says.
    pub fn leave_only(&mut self, number: Option<usize>) -> io::Result<()> {
        for device in self.devices()? {
            match (device.inserted, Some(device.number) == number) {
                (true, false) => self.remove(device.number)?,
                (false, true) => self.insert(device.number)?,
                (true, true) | (false, false) => {}
            }
        }
        Ok(())
    }

    /// Tells `hear` of everything that happens from now on, from a thread of its
    /// own, until the simulator ends.
    ///
    /// # Errors
    /// What kept the socket from being reached.
    pub fn watch(&self, mut hear: impl FnMut(Happening) + Send + 'static) -> io::Result<()> {
        let mut other = Self::reach(&self.path)?;
        other.request(&json!({"do": "watch"}))?;
        thread::Builder::new()
            .name("simulator".to_owned())
            .spawn(move || {
                for line in other.stream.lines().map_while(Result::ok) {
                    if let Ok(happening) = serde_json::from_str(&line) {
                        hear(happening);
                    }
                }
            })?;
        Ok(())
    }

    fn request(&mut self, request: &serde_json::Value) -> io::Result<Reply> {
        writeln!(self.stream.get_mut(), "{request}")?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let reply: Reply = serde_json::from_str(&line)?;
        if reply.ok {
            Ok(reply)
        } else {
            Err(io::Error::other(reply.error))
        }
    }
}
