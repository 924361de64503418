//! pcscd, the devices in its reader, and a simulated user who plugs and touches them.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use keymoot::device::{DeviceInfo, Slots};
use serde_json::{Value, json};
use testkit::programs::simulator;

/// Where Debian's library looks for the service.
const SOCKET: &str = "/run/pcscd/pcscd.comm";

/// The reader of vsmartcard-vpcd under a YubiKey's name.
const READER: &str = r#"
FRIENDLYNAME "Yubico YubiKey OTP+FIDO+CCID"
DEVICENAME   /dev/null:0x8C7B
LIBPATH      /usr/lib/pcsc/drivers/serial/libifdvpcd.so
CHANNELID    0x8C7B
"#;

/// How long anything of the service may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running pcscd with simulated devices in its reader. All end when this is dropped.
pub(crate) struct Service {
    folder: tempfile::TempDir,
    pcscd: Option<Child>,
    simulator: Option<Child>,
}

impl Service {
    pub(crate) fn start(devices: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut service = Self {
            folder,
            pcscd: None,
            simulator: None,
        };
        service.start_pcscd();
        if devices > 0 {
            service.start_simulator(devices);
        }
        service
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts pcscd, and waits until it has its reader.
    pub(crate) fn start_pcscd(&mut self) {
        self.spawn_pcscd(READER);
        until("pcscd has its reader", || {
            readers().filter(|count| *count > 0)
        });
    }

    /// Starts pcscd without any reader, and waits until it answers.
    pub(crate) fn start_pcscd_without_reader(&mut self) {
        self.spawn_pcscd("");
        until("pcscd answers", readers);
    }

    fn spawn_pcscd(&mut self, configuration: &str) {
        fs::write(self.path("reader.conf"), configuration).unwrap();
        let log = fs::File::create(self.path("pcscd.log")).unwrap();
        let pcscd = Command::new("/usr/sbin/pcscd")
            .args(["--foreground", "--info", "--config"])
            .arg(self.path("reader.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.pcscd = Some(pcscd.unwrap_or_else(|error| {
            panic!("pcscd: {error}; this test needs Debian's pcscd and vsmartcard-vpcd")
        }));
    }

    /// Ends pcscd as a crash does: the service does not notify its clients.
    pub(crate) fn kill_pcscd(&mut self) {
        let mut pcscd = self.pcscd.take().unwrap();
        pcscd.kill().unwrap();
        pcscd.wait().unwrap();
        // What a killed pcscd leaves keeps the next one from starting.
        for left in ["pcscd.comm", "pcscd.pid"] {
            let _ = fs::remove_file(Path::new(SOCKET).with_file_name(left));
        }
    }

    fn start_simulator(&mut self, devices: usize) {
        let mut simulator = Command::new(simulator())
            .args(["vpcd", "--until-eof", "--seed", "7"])
            .args(["--count", &devices.to_string()])
            .arg("--control")
            .arg(self.path("control"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let stdout = simulator.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        assert!(ready.starts_with('{'), "hsm-sim is not ready: {ready:?}");
        self.simulator = Some(simulator);
    }

    /// Plugs a device in, for somebody who waits for it: a second one who asked for it, as
    /// [`Service::insert`] does, could get the error that it is in use.
    pub(crate) fn plug_in(&self, device: usize) {
        self.hands()
            .ask(&json!({ "do": "insert", "device": device }));
    }

    /// Plugs a device in, and waits until the service has noticed.
    pub(crate) fn insert(&self, device: usize) -> DeviceInfo {
        self.plug_in(device);
        let mut present = until("the device is there", || {
            Slots::YubiKeys
                .present()
                .ok()
                .filter(|present| !present.is_empty())
        });
        assert_eq!(present.len(), 1, "{present:?}");
        present.remove(0).unwrap()
    }

    /// Pulls a device out.
    pub(crate) fn remove(&self, device: usize) {
        self.hands()
            .ask(&json!({ "do": "remove", "device": device }));
    }

    /// From now on, a device that waits for a touch is touched at once.
    pub(crate) fn touch_when_asked(&self) {
        let mut hand = self.toucher();
        self.when_touch_is_awaited(move |device| hand.touch(device));
    }

    /// From now on does this when a device waits to be touched.
    pub(crate) fn when_touch_is_awaited(&self, mut act: impl FnMut(u64) + Send + 'static) {
        let mut watch = self.hands();
        // Answered once the watch has begun.
        watch.ask(&json!({ "do": "watch" }));
        thread::spawn(move || {
            while let Some(event) = watch.next() {
                if event["event"] == "touch-awaited" {
                    act(event["device"].as_u64().unwrap());
                }
            }
        });
    }

    /// A simulated user who touches devices.
    pub(crate) fn toucher(&self) -> Hands {
        self.hands()
    }

    fn hands(&self) -> Hands {
        Hands(BufReader::new(
            UnixStream::connect(self.path("control")).unwrap(),
        ))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if thread::panicking() {
            let log = fs::read_to_string(self.path("pcscd.log")).unwrap_or_default();
            let last: Vec<_> = log.lines().rev().take(30).collect();
            eprintln!("the last of pcscd's log, backwards:\n{}", last.join("\n"));
        }
        for child in [&mut self.simulator, &mut self.pcscd].into_iter().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A connection to the simulator's control socket.
pub(crate) struct Hands(BufReader<UnixStream>);

impl Hands {
    fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).ok()?;
        (read > 0).then(|| serde_json::from_str(&line).unwrap())
    }

    /// Touches a device.
    pub(crate) fn touch(&mut self, device: u64) {
        self.ask(&json!({ "do": "touch", "device": device }));
    }

    fn ask(&mut self, request: &Value) {
        writeln!(self.0.get_mut(), "{request}").unwrap();
        let reply = self.next().unwrap();
        assert_eq!(reply["ok"], true, "{request}: {reply}");
    }
}

/// Looks again until there is something: the service does not announce that it is ready.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// How many readers the service has, when it answers.
fn readers() -> Option<usize> {
    let context = pcsc::Context::establish(pcsc::Scope::System).ok()?;
    match context.list_readers_owned() {
        Ok(readers) => Some(readers.len()),
        Err(pcsc::Error::NoReadersAvailable) => Some(0),
        Err(_) => None,
    }
}
