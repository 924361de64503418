//! A running `hsm-sim` for tests, and the real clients to run against it.

pub(crate) mod bench;
pub(crate) mod connector;
pub(crate) mod raw;

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

pub(crate) const FACTORY_MANAGEMENT_KEY: &str = "010203040506070801020304050607080102030405060708";

/// The program under test, serving devices in a folder of its own. It ends with the test.
pub(crate) struct Sim {
    pub dir: tempfile::TempDir,
    pub ready: Value,
    child: Child,
}

impl Sim {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    pub(crate) fn start_in(dir: tempfile::TempDir, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hsm-sim"))
            .args(["yubikey", "--until-eof", "--seed", "7"])
            .arg("--socket")
            .arg(dir.path().join("socket"))
            .arg("--state")
            .arg(dir.path().join("state.json"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready = serde_json::from_str(&line).expect("hsm-sim says that it is ready");
        Self { dir, ready, child }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn serial(&self, device: usize) -> String {
        self.ready["devices"][device - 1]["serial"].to_string()
    }

    /// Ends it as a power failure would, and leaves its folder.
    pub(crate) fn kill(mut self) -> tempfile::TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap())
    }

    /// Ends it in order.
    pub(crate) fn finish(mut self) -> tempfile::TempDir {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
        std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap())
    }

    pub(crate) fn control(&self) -> Control {
        Control::connect(&self.path("socket"))
    }

    /// A program started so that it sees the simulated devices.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env("PCSCLITE_CSOCK_NAME", self.path("socket"))
            .current_dir(self.dir.path());
        command
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        // The child may have been waited for already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection to the control socket.
pub(crate) struct Control {
    reader: BufReader<UnixStream>,
}

impl Control {
    pub(crate) fn connect(socket: &Path) -> Self {
        let mut path = socket.as_os_str().to_owned();
        path.push(".control");
        Self {
            reader: BufReader::new(UnixStream::connect(PathBuf::from(path)).unwrap()),
        }
    }

    pub(crate) fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(1..) => Some(serde_json::from_str(&line).unwrap()),
            _ => None,
        }
    }

    pub(crate) fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.reader.get_mut(), "{request}").unwrap();
        self.next().unwrap()
    }

    pub(crate) fn act(&mut self, what: &str, device: usize) -> Value {
        self.ask(&json!({ "do": what, "device": device }))
    }

    /// From now on touches every device that asks for it.
    pub(crate) fn touch_whenever_asked(mut self, socket: &Path) {
        let mut hand = Self::connect(socket);
        assert_eq!(self.ask(&json!({ "do": "watch" }))["ok"], true);
        std::thread::spawn(move || {
            while let Some(event) = self.next() {
                if event["event"] == "touch-awaited" {
                    hand.ask(&json!({ "do": "touch", "device": event["device"] }));
                }
            }
        });
    }
}

/// Runs a client to its end; what it printed, when it succeeded.
pub(crate) fn run(command: &mut Command) -> String {
    let output = attempt(command);
    let text = both(&output);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{text}",
        output.status
    );
    text
}

fn attempt(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap_or_else(|error| {
        panic!("{command:?} cannot be run: {error}. These tests need the clients that hsm-sim/README.md lists.")
    })
}

fn both(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The Python that has the clients.
pub(crate) fn python() -> PathBuf {
    std::env::var_os("KEYMOOT_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-venv/bin/python"),
        PathBuf::from,
    )
}

/// `ykman`, run by the Python that has it. Its `pkill` on connection failures must not reach other
/// programs. Its settings are its own: one that reads while another writes them prints a warning.
pub(crate) fn ykman(sim: &Sim) -> Command {
    let shadow = sim.path("shadow");
    std::fs::create_dir_all(&shadow).unwrap();
    let pkill = shadow.join("pkill");
    if !pkill.exists() {
        std::os::unix::fs::symlink("/bin/false", pkill).unwrap();
    }
    let mut path = shadow.into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = sim.command(python());
    command
        .env("PATH", path)
        .env("XDG_CONFIG_HOME", sim.path("settings"))
        .env("XDG_DATA_HOME", sim.path("settings"))
        .args(["-c", "from ykman._cli.__main__ import main; main()"]);
    command
}

/// Runs the named test of this test program again, in a process of its own that sees `sim`:
/// libpcsclite reads the name of its socket once in a process.
pub(crate) fn again(sim: &Sim, test: &str) {
    let mut command = sim.command(std::env::current_exe().unwrap());
    let said = run(command
        .args(["--exact", test, "--nocapture"])
        .env("HSM_SIM_SERIAL", sim.serial(1)));
    assert!(said.contains("1 passed"), "{test} was not found:\n{said}");
}

/// The socket, in the process that [`again`] started.
pub(crate) fn inside() -> Option<PathBuf> {
    std::env::var_os("PCSCLITE_CSOCK_NAME").map(PathBuf::from)
}
