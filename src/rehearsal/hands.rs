//! The simulated user of a rehearsal: plugs in, pulls out and touches simulated devices.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use serde::Deserialize;
use serde_json::json;

use keymoot_attestation::Family;

/// A simulated device as its simulator describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Device {
    /// Its number, from 1.
    #[serde(rename = "device")]
    pub number: usize,
    /// Its serial number.
    pub serial: u32,
    /// Its family.
    #[serde(skip)]
    pub family: Family,
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

/// The control sockets of the running simulators.
#[derive(Debug, Clone)]
pub struct Simulators {
    /// The socket of the YubiKeys.
    pub yubikeys: PathBuf,
    /// The socket of the YubiHSM 2s, if there are any.
    pub units: Option<PathBuf>,
}

/// Connections to the control sockets of all simulators. Their devices are numbered
/// through: first those that the holders of the seats bring, then the others.
#[derive(Debug)]
pub struct Hands {
    parts: Vec<Part>,
    /// By number less one: which part, and the device's number there.
    numbers: Vec<(usize, usize)>,
}

/// A connection to one simulator.
#[derive(Debug)]
struct Part {
    family: Family,
    path: PathBuf,
    stream: BufReader<UnixStream>,
}

impl Hands {
    /// Connects to the control sockets.
    ///
    /// # Errors
    /// Why a socket cannot be reached.
    pub fn reach(simulators: &Simulators, seats: &[Family]) -> io::Result<Self> {
        let mut parts = vec![Part::reach(Family::YubiKey, &simulators.yubikeys)?];
        if let Some(units) = &simulators.units {
            parts.push(Part::reach(Family::YubiHsm, units)?);
        }
        let mut left = Vec::new();
        for (index, part) in parts.iter_mut().enumerate() {
            for device in part.devices()? {
                left.push((part.family, (index, device.number)));
            }
        }
        let mut numbers = Vec::new();
        for seat in seats {
            if let Some(at) = left.iter().position(|(family, _)| family == seat) {
                numbers.push(left.remove(at).1);
            }
        }
        numbers.extend(left.into_iter().map(|(_, place)| place));
        Ok(Self { parts, numbers })
    }

    /// All devices.
    ///
    /// # Errors
    /// The error of a simulator or a socket.
    pub fn devices(&mut self) -> io::Result<Vec<Device>> {
        let mut found = Vec::new();
        for (index, part) in self.parts.iter_mut().enumerate() {
            for device in part.devices()? {
                let place = (index, device.number);
                if let Some(at) = self.numbers.iter().position(|known| *known == place) {
                    found.push(Device {
                        number: at + 1,
                        ..device
                    });
                }
            }
        }
        found.sort_by_key(|device| device.number);
        Ok(found)
    }

    /// Plugs a device in.
    ///
    /// # Errors
    /// The error of the simulator or the socket.
    pub fn insert(&mut self, number: usize) -> io::Result<()> {
        self.order("insert", number)
    }

    /// Pulls a device out.
    ///
    /// # Errors
    /// The error of the simulator or the socket.
    pub fn remove(&mut self, number: usize) -> io::Result<()> {
        self.order("remove", number)
    }

    /// Touches a device. A YubiHSM 2 that is out is held while it is plugged in, which
    /// resets it; one that is in does not mind.
    ///
    /// # Errors
    /// The error of the simulator or the socket.
    pub fn touch(&mut self, number: usize) -> io::Result<()> {
        match self.family(number) {
            Some(Family::YubiHsm) => self.hold_while_plugging(number),
            _ => self.order("touch", number),
        }
    }

    /// Resets a YubiHSM 2 as somebody does who touches it for ten seconds while
    /// plugging it in.
    ///
    /// # Errors
    /// The error of the simulator or the socket.
    pub fn reset_by_hand(&mut self, number: usize) -> io::Result<()> {
        self.order("factory-reset", number)
    }

    fn hold_while_plugging(&mut self, number: usize) -> io::Result<()> {
        let devices = self.devices()?;
        match devices.iter().find(|device| device.number == number) {
            Some(device) if !device.inserted => {
                self.reset_by_hand(number)?;
                self.insert(number)
            }
            _ => Err(io::Error::other(
                "nothing happens: a YubiHSM 2 is touched only while it is plugged in, to reset it",
            )),
        }
    }

    /// Pulls every device out but this one, and plugs this one in.
    ///
    /// # Errors
    /// The error of the simulator or the socket.
    pub fn leave_only(&mut self, number: Option<usize>) -> io::Result<()> {
        let devices = self.devices()?;
        let is_it = |device: &&Device| Some(device.number) == number;
        // First out and then in: a connector has room for one.
        for device in devices.iter().filter(|d| d.inserted && !is_it(d)) {
            self.remove(device.number)?;
        }
        for device in devices.iter().filter(|d| !d.inserted && is_it(d)) {
            self.insert(device.number)?;
        }
        Ok(())
    }

    /// Calls `hear` with every event from now on, from threads of its own,
    /// until the simulators end.
    ///
    /// # Errors
    /// Why a socket cannot be reached.
    pub fn watch(&self, hear: impl FnMut(Happening) + Send + 'static) -> io::Result<()> {
        let hear = Arc::new(Mutex::new(hear));
        for (index, part) in self.parts.iter().enumerate() {
            let mut other = Part::reach(part.family, &part.path)?;
            other.request(&json!({"do": "watch"}))?;
            let (numbers, hear) = (self.numbers.clone(), Arc::clone(&hear));
            thread::Builder::new()
                .name("simulator".to_owned())
                .spawn(move || {
                    for line in other.stream.lines().map_while(Result::ok) {
                        let Ok(mut happening) = serde_json::from_str::<Happening>(&line) else {
                            continue;
                        };
                        let place = (index, happening.device);
                        if let Some(at) = numbers.iter().position(|known| *known == place) {
                            happening.device = at + 1;
                            (hear.lock().unwrap_or_else(PoisonError::into_inner))(happening);
                        }
                    }
                })?;
        }
        Ok(())
    }

    fn family(&self, number: usize) -> Option<Family> {
        let (part, _) = self.numbers.get(number.checked_sub(1)?)?;
        self.parts.get(*part).map(|part| part.family)
    }

    fn order(&mut self, what: &str, number: usize) -> io::Result<()> {
        let place = number.checked_sub(1).and_then(|n| self.numbers.get(n));
        let found = place.and_then(|(part, device)| Some((self.parts.get_mut(*part)?, *device)));
        let (part, device) =
            found.ok_or_else(|| io::Error::other(format!("there is no device {number}")))?;
        part.request(&json!({"do": what, "device": device}))
            .map(|_| ())
    }
}

impl Part {
    fn reach(family: Family, control: &Path) -> io::Result<Self> {
        Ok(Self {
            family,
            path: control.to_owned(),
            stream: BufReader::new(UnixStream::connect(control)?),
        })
    }

    fn devices(&mut self) -> io::Result<Vec<Device>> {
        let family = self.family;
        let mut devices = self.request(&json!({"do": "devices"}))?.devices;
        for device in &mut devices {
            device.family = family;
        }
        Ok(devices)
    }

    fn request(&mut self, request: &serde_json::Value) -> io::Result<Reply> {
        // Written in one piece: serde would write token by token.
        let line = format!("{request}\n");
        self.stream.get_mut().write_all(line.as_bytes())?;
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
