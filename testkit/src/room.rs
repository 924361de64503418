//! Simulated devices, and a scenario that runs with them.
//!
//! libpcsclite finds the smart card service through `PCSCLITE_CSOCK_NAME`, one for a whole process.
//! Each scenario therefore runs in a process of its own. The test starts `hsm-sim`, then itself
//! again with the variable set. That second process runs the scenario.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::programs::simulator;
use keymoot::device::{DeviceInfo, Slots};
use serde_json::{Value, json};

/// The variable that names the folder to the inner process.
const ROOM: &str = "KEYMOOT_TEST_ROOM";

/// A running `hsm-sim yubikey`, ended when dropped.
pub struct Room {
    sim: Child,
    dir: tempfile::TempDir,
}

impl Room {
    /// Starts the simulator with these arguments, its devices plugged in as they
    /// say.
    pub fn open(args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let program = simulator();
        let mut sim = Command::new(&program)
            .arg("yubikey")
            .arg("--socket")
            .arg(dir.path().join("pcscd"))
            .args(["--seed", "7"])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        let mut ready = String::new();
        BufReader::new(sim.stdout.take().unwrap())
            .read_line(&mut ready)
            .unwrap();
        assert!(
            ready.starts_with('{'),
            "hsm-sim did not get ready: {ready:?}"
        );
        Self { sim, dir }
    }

    /// The socket of the simulated smart card service.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("pcscd")
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = self.sim.kill();
        let _ = self.sim.wait();
    }
}

/// Runs a scenario with simulated devices. The scenario is a closure written
/// in the test function itself: the inner process finds the test by the closure's
/// type name.
pub fn play<F: FnOnce(&mut Desk)>(args: &[&str], scenario: F) {
    if let Some(socket) = env::var_os(ROOM) {
        return scenario(&mut Desk::at(Path::new(&socket)));
    }
    let test = std::any::type_name::<F>()
        .split("::")
        .skip(1)
        .take_while(|part| !part.starts_with('{'))
        .collect::<Vec<_>>()
        .join("::");
    let room = Room::open(args);
    let inner = Command::new(env::current_exe().unwrap())
        .args([&test, "--exact", "--nocapture"])
        .env("PCSCLITE_CSOCK_NAME", room.socket())
        .env(ROOM, room.socket())
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&inner.stdout),
        String::from_utf8_lossy(&inner.stderr),
    );
    assert!(inner.status.success(), "the scenario failed:\n{out}\n{err}");
    // A ceremony draws on this terminal; nothing else may write to it.
    assert!(err.is_empty(), "written to standard error:\n{err}");
    assert!(
        out.contains("1 passed"),
        "the scenario '{test}' was not found:\n{out}\n{err}"
    );
}

/// The people's acts: plug, unplug, touch; and faults.
pub struct Desk {
    control: PathBuf,
    commands: UnixStream,
    replies: BufReader<UnixStream>,
}

impl Desk {
    fn at(socket: &Path) -> Self {
        let mut control = socket.as_os_str().to_owned();
        control.push(".control");
        Self::at_control(PathBuf::from(control))
    }

    fn at_control(control: PathBuf) -> Self {
        let commands = UnixStream::connect(&control).unwrap();
        let replies = BufReader::new(commands.try_clone().unwrap());
        Self {
            control,
            commands,
            replies,
        }
    }

    /// Does something and waits until it is done.
    fn ask(&mut self, what: &Value) {
        writeln!(self.commands, "{what}").unwrap();
        let mut reply = String::new();
        self.replies.read_line(&mut reply).unwrap();
        let reply: Value = serde_json::from_str(&reply).unwrap();
        assert_eq!(reply["ok"], true, "{what}: {reply}");
    }

    /// Plugs a device in.
    pub fn insert(&mut self, device: usize) {
        self.ask(&json!({"do": "insert", "device": device}));
    }

    /// Pulls a device out.
    pub fn remove(&mut self, device: usize) {
        self.ask(&json!({"do": "remove", "device": device}));
    }

    /// Plans a fault for device 1, in the simulator's words; without words it clears
    /// the plan.
    pub fn fault(&mut self, plan: &str) {
        self.ask(&json!({"do": "fault", "device": 1, "plan": plan}));
    }

    /// From now on, a device that waits for a touch is touched at once.
    pub fn touch_when_asked(&self) {
        let mut watch = Self::at_control(self.control.clone());
        let mut hand = Self::at_control(self.control.clone());
        // Answered once the watch has begun.
        watch.ask(&json!({"do": "watch"}));
        thread::spawn(move || {
            for line in watch.replies.lines().map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).unwrap();
                if event["event"] == "touch-awaited" {
                    hand.ask(&json!({"do": "touch", "device": event["device"]}));
                }
            }
        });
    }

    /// The one device that is plugged in.
    pub fn device(&self) -> DeviceInfo {
        let mut present = Slots::YubiKeys.present().unwrap();
        assert_eq!(present.len(), 1, "{present:?}");
        present.remove(0).unwrap()
    }
}
