//! The holders' devices: simulated YubiKeys, which the test plugs in and touches.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use serde_json::{Value, json};

use testkit::programs::simulator;

/// The seed from which `vendor/` was made.
pub(crate) const SEED: &str = "1202";

/// The file that keeps the devices.
pub(crate) const DEVICES: &str = "devices.json";

/// A running `hsm-sim yubikey`, ended when dropped.
pub(crate) struct Room {
    simulator: Child,
    socket: PathBuf,
    hand: Hand,
    pub serials: Vec<u32>,
}

impl Room {
    /// Devices for this many holders, whose sockets are in a folder.
    pub(crate) fn open(folder: &Path, holders: usize) -> Self {
        let socket = folder.join("pcscd");
        let mut simulator = Command::new(simulator())
            .args(["yubikey", "--seed", SEED, "--until-eof", "--count"])
            .arg(holders.to_string())
            .arg("--socket")
            .arg(&socket)
            .arg("--state")
            .arg(folder.join(DEVICES))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let output = simulator.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut ready).unwrap();
        let ready: Value = serde_json::from_str(&ready).unwrap();
        let control = folder.join("pcscd.control");
        touch_when_asked(&control);
        Self {
            simulator,
            socket,
            hand: Hand::at(&control),
            serials: ready["devices"]
                .as_array()
                .unwrap()
                .iter()
                .map(|device| u32::try_from(device["serial"].as_u64().unwrap()).unwrap())
                .collect(),
        }
    }

    /// The socket of the simulated service.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(crate) fn insert(&mut self, device: usize) {
        self.hand.does(&json!({"do": "insert", "device": device}));
    }

    pub(crate) fn remove(&mut self, device: usize) {
        self.hand.does(&json!({"do": "remove", "device": device}));
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = self.simulator.kill();
        let _ = self.simulator.wait();
    }
}

/// A connection to the simulator's control socket.
struct Hand {
    requests: UnixStream,
    replies: BufReader<UnixStream>,
}

impl Hand {
    fn at(control: &Path) -> Self {
        let requests = UnixStream::connect(control).unwrap();
        let replies = BufReader::new(requests.try_clone().unwrap());
        Self { requests, replies }
    }

    /// Does something and waits until it is done.
    fn does(&mut self, what: &Value) {
        writeln!(self.requests, "{what}").unwrap();
        let mut reply = String::new();
        self.replies.read_line(&mut reply).unwrap();
        let reply: Value = serde_json::from_str(&reply).unwrap();
        assert_eq!(reply["ok"], true, "{what}: {reply}");
    }
}

/// From now on, a device that blinks is touched at once.
fn touch_when_asked(control: &Path) {
    let (mut watch, mut hand) = (Hand::at(control), Hand::at(control));
    watch.does(&json!({"do": "watch"}));
    thread::spawn(move || {
        for line in watch.replies.lines().map_while(Result::ok) {
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["event"] == "touch-awaited" {
                hand.does(&json!({"do": "touch", "device": event["device"]}));
            }
        }
    });
}
