//! The whole life of a YubiHSM 2, through the real `yubihsm` crate, with a
//! simulated device behind a connector at the other end of the wire.

mod audit;
mod faults;
mod life;
mod rights;

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use keymoot::device::Serial;
use keymoot::device::yubihsm::{Passwords, Place, SIGNING_KEY, Unit};
use keymoot::host::secret::Secret;
use keymoot_attestation::yubihsm_log::AuditLog;
use keymoot_attestation::{Role as VendorRole, TrustStore, certificate_der};
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey as _;
use serde::Deserialize as _;
use serde_json::{Value, json};

use testkit::programs::simulator;

/// A running `hsm-sim yubihsm`, ended when dropped, and a simulated user who plugs and
/// unplugs its device.
pub(crate) struct Safe {
    sim: Child,
    _dir: tempfile::TempDir,
    ready: Value,
    commands: UnixStream,
    replies: BufReader<UnixStream>,
}

impl Safe {
    /// With one device of this firmware, plugged in.
    pub(crate) fn with(firmware: &str) -> Self {
        Self::seeded(firmware, 7)
    }

    /// The same with another device, of the same vendor or not.
    fn seeded(firmware: &str, seed: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let control = dir.path().join("control");
        let mut sim = Command::new(simulator())
            .args(["yubihsm", "--listen", "127.0.0.1:0"])
            .args(["--seed", &seed.to_string()])
            .args(["--firmware", firmware, "--control"])
            .arg(&control)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(sim.stdout.take().unwrap())
            .read_line(&mut ready)
            .unwrap();
        let ready = serde_json::from_str(&ready).unwrap();
        let commands = UnixStream::connect(&control).unwrap();
        Self {
            sim,
            _dir: dir,
            ready,
            replies: BufReader::new(commands.try_clone().unwrap()),
            commands,
        }
    }

    pub(crate) fn new() -> Self {
        Self::with("2.4.1")
    }

    pub(crate) fn place(&self) -> Place {
        self.ready["listen"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn serial(&self) -> Serial {
        let serial = self.ready["devices"][0]["serial"].as_u64().unwrap();
        Serial(serial.try_into().unwrap())
    }

    pub(crate) fn unit(&self) -> Unit {
        Unit::new(self.place(), self.serial())
    }

    /// The simulated vendor's keys.
    pub(crate) fn vendor(&self) -> TrustStore {
        let parts = self.ready["vendor"].as_array().unwrap().iter().map(|part| {
            let der = certificate_der(part["pem"].as_str().unwrap().as_bytes()).unwrap();
            (VendorRole::deserialize(&part["role"]).unwrap(), der)
        });
        TrustStore::from_parts("SIMULATED", parts).unwrap()
    }

    fn ask(&mut self, what: &Value) {
        writeln!(self.commands, "{what}").unwrap();
        let mut reply = String::new();
        self.replies.read_line(&mut reply).unwrap();
        let reply: Value = serde_json::from_str(&reply).unwrap();
        assert_eq!(reply["ok"], true, "{what}: {reply}");
    }

    /// Plans a fault, in the simulator's words; without words it clears
    /// the plan.
    pub(crate) fn fault(&mut self, plan: &str) {
        self.ask(&json!({"do": "fault", "plan": plan}));
    }

    pub(crate) fn insert(&mut self) {
        self.ask(&json!({"do": "insert", "device": 1}));
    }

    pub(crate) fn remove(&mut self) {
        self.ask(&json!({"do": "remove", "device": 1}));
    }

    /// Puts the device's clock forward.
    pub(crate) fn advance(&mut self, seconds: u32) {
        self.ask(&json!({"do": "advance", "seconds": seconds}));
    }

    /// A session of the crate itself, as another program would have it.
    pub(crate) fn stranger(
        &self,
        key: u16,
        password: &[u8],
    ) -> Result<yubihsm::Client, yubihsm::client::Error> {
        let (addr, port) = self.ready["listen"]
            .as_str()
            .unwrap()
            .rsplit_once(':')
            .unwrap();
        let connector = yubihsm::Connector::http(&yubihsm::HttpConfig {
            addr: addr.to_owned(),
            port: port.parse().unwrap(),
            timeout_ms: 0,
        });
        let credentials = yubihsm::Credentials::from_password(key, password);
        yubihsm::Client::open(connector, credentials, false)
    }
}

impl Drop for Safe {
    fn drop(&mut self) {
        let _ = self.sim.kill();
        let _ = self.sim.wait();
    }
}

/// A unit that has been reset and set up.
pub(crate) fn set_up(safe: &Safe) -> (Unit, Passwords) {
    let (unit, passwords) = (safe.unit(), Passwords::random().unwrap());
    unit.reset(None).unwrap();
    unit.provision(&passwords).unwrap();
    (unit, passwords)
}

/// A unit that has been reset, set up, given its key and restricted.
pub(crate) fn enrolled(safe: &Safe) -> (Unit, Passwords, Vec<u8>) {
    let (unit, passwords) = set_up(safe);
    let spki = unit.generate(passwords.administrator()).unwrap();
    unit.attest(passwords.administrator()).unwrap();
    unit.restrict(passwords.administrator()).unwrap();
    (unit, passwords, spki)
}

/// Reads the device's log and compares it with the commands sent.
fn checked_log(unit: &Unit, auditor: &Secret) -> AuditLog {
    let record = unit.read_log(auditor).unwrap();
    AuditLog::check(&[record], &unit.sent()).unwrap()
}

/// Whether the unit signs, and the signature verifies with the key.
fn signs(unit: &Unit, signer: &Secret, spki: &[u8]) {
    let signature = unit.sign(signer, b"to be signed").unwrap();
    VerifyingKey::from_public_key_der(spki)
        .unwrap()
        .verify(b"to be signed", &Signature::from_der(&signature).unwrap())
        .unwrap();
}
