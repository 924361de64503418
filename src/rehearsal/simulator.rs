//! Starting the simulator found beside this program, and learning its vendor.

use std::{
    ffi::OsString,
    fs,
    io::{self, BufRead as _, BufReader},
    os::unix::{net::UnixStream, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
};

use serde::Deserialize;

use super::hands::Simulators;
use crate::{
    host::{clock, machine, program, whole},
    store::{
        SimulatorSettings,
        rehearsal::{DEVICES, FOLDER, UNITS, vendor_folder},
    },
};
use keymoot_attestation::certificate_der;
use keymoot_core::{
    HostError,
    digest::Digest,
    text::{escape, escape_path},
};
use keymoot_verify::Failure;

/// The simulators, which run until their inputs are closed.
#[derive(Debug)]
pub struct Simulated {
    /// As long as these are open, the simulators run.
    pub inputs: Vec<ChildStdin>,
    /// The socket on which the YubiKeys' speaks pcsc-lite's protocol.
    pub socket: PathBuf,
    /// The sockets on which their devices are plugged and touched.
    pub controls: Simulators,
    /// Address and port of the units' connector, where there are units.
    pub connector: Option<String>,
}

impl Simulated {
    /// Becomes this program with these arguments, which finds the simulated YubiKeys where it looks
    /// for real ones. Returns where it cannot, and says why.
    ///
    /// The pipes' ends are passed on: when the program ends in any way, the simulators read
    /// the end of their input.
    pub fn become_program(&self, arguments: &[OsString]) -> HostError {
        for input in &self.inputs {
            if let Err(error) = rustix::io::fcntl_setfd(input, rustix::io::FdFlags::empty()) {
                return HostError::new(format!("the pipe to the simulator: {error}"), "try again");
            }
        }
        let here = match program::path() {
            Ok(here) => here,
            Err(error) => return error,
        };
        let error = Command::new(&here)
            .args(arguments)
            .arg("--simulator")
            .arg(&self.controls.yubikeys)
            .env(machine::SERVICE_VARIABLE, &self.socket)
            .exec();
        HostError::file("start", &here, &error)
    }
}

/// The line by which a simulator says that it is ready.
#[derive(Debug, Deserialize)]
struct Ready {
    #[serde(default)]
    socket: PathBuf,
    #[serde(default)]
    listen: String,
    control: PathBuf,
    vendor: Vec<VendorCertificate>,
}

#[derive(Debug, Deserialize)]
struct VendorCertificate {
    role: String,
    pem: String,
}

/// Starts the simulators on the devices kept in a ceremony's folder, and writes their
/// vendor's certificates beside them.
///
/// # Errors
/// [`HostError`] when the program is not there, does not start, or its vendor
/// cannot be written.
pub fn start(ceremony: &Path, settings: &SimulatorSettings) -> Result<Simulated, HostError> {
    let here = program::path()?;
    start_with(&here, ceremony, settings)
}

/// The same, with the simulator beside another program.
///
/// # Errors
/// As [`start`].
pub fn start_with(
    beside: &Path,
    ceremony: &Path,
    settings: &SimulatorSettings,
) -> Result<Simulated, HostError> {
    let (simulated, vendor) = serve(beside, ceremony, settings)?;
    write_vendor(&vendor_folder(ceremony), &vendor)?;
    Ok(simulated)
}

/// Starts the simulator of the YubiKeys alone, for a holder away from the table. It leaves the
/// vendor's certificates alone: those of the YubiHSM 2s are among them.
///
/// # Errors
/// As [`start`].
pub(crate) fn start_yubikeys(
    ceremony: &Path,
    settings: &SimulatorSettings,
) -> Result<Simulated, HostError> {
    let yubikeys = SimulatorSettings {
        units: 0,
        ..settings.clone()
    };
    let (simulated, _) = serve(&program::path()?, ceremony, &yubikeys)?;
    Ok(simulated)
}

/// Starts the simulators, and returns their vendor's certificates.
fn serve(
    beside: &Path,
    ceremony: &Path,
    settings: &SimulatorSettings,
) -> Result<(Simulated, Vec<VendorCertificate>), HostError> {
    let rehearsal = ceremony.join(FOLDER);
    whole::make_folder(&rehearsal)?;
    let socket = socket_path(&rehearsal)?;
    let seed = settings.seed.to_string();
    let mut yubikeys = simulator(beside, "yubikey");
    yubikeys
        .arg("--socket")
        .arg(&socket)
        // At least one: it is never plugged in where nobody brings one.
        .args(["--count", &settings.count.max(1).to_string()])
        .args(["--firmware", &settings.firmware])
        .args(["--serials", &settings.serials])
        .args(["--seed", &seed])
        .args(["--fault", &settings.fault])
        .arg("--state")
        .arg(rehearsal.join(DEVICES));
    let (ready, input) = started(yubikeys).map_err(|error| match is_served(&socket) {
        true => taken(ceremony),
        false => error,
    })?;
    let mut simulated = Simulated {
        inputs: vec![input],
        socket: ready.socket,
        controls: Simulators {
            yubikeys: ready.control,
            units: None,
        },
        connector: None,
    };
    let mut vendor = ready.vendor;
    if settings.units > 0 {
        let mut units = simulator(beside, "yubihsm");
        units
            .args(["--listen", "127.0.0.1:0"])
            .arg("--control")
            .arg(socket.with_file_name("units.control"))
            .args(["--count", &settings.units.to_string()])
            .args(["--serials", &settings.unit_serials])
            .args(["--seed", &seed])
            .args(["--inserted", "none"])
            .args(["--fault", &settings.unit_fault])
            .arg("--state")
            .arg(rehearsal.join(UNITS));
        let (ready, input) = started(units)?;
        simulated.inputs.push(input);
        simulated.controls.units = Some(ready.control);
        simulated.connector = Some(ready.listen);
        vendor.extend(ready.vendor);
    }
    Ok((simulated, vendor))
}

/// The simulator of a family, beside a program.
fn simulator(beside: &Path, family: &str) -> Command {
    let mut command = Command::new(beside.with_file_name("hsm-sim"));
    command.arg(family).arg("--until-eof");
    command
}

fn started(mut command: Command) -> Result<(Ready, ChildStdin), HostError> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let spawned = command.spawn();
    let mut child = spawned.map_err(|error| missing(&command, &error))?;
    let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(broken("it has no standard streams"));
    };
    let mut line = String::new();
    let read = BufReader::new(stdout).read_line(&mut line);
    read.map_err(|error| broken(&error.to_string()))?;
    let ready = serde_json::from_str(&line)
        .map_err(|_| broken("it did not say that it is ready; its output is above"))?;
    Ok((ready, stdin))
}

/// Asks the simulator whether it understands firmware and faults, before anything is made.
///
/// # Errors
/// [`Failure::Usage`] with the simulator's words; [`HostError`] when it cannot be started.
pub(crate) fn understands(firmware: &str, fault: &str, unit_fault: &str) -> Result<(), Failure> {
    let here = program::path()?;
    let mut yubikeys = simulator(&here, "yubikey");
    yubikeys.args(["--socket", "unused", "--firmware", firmware]);
    yubikeys.args(["--fault", fault]);
    parses(yubikeys, "--fault")?;
    let mut units = simulator(&here, "yubihsm");
    units.args(["--fault", unit_fault]);
    parses(units, "--unit-fault")
}

/// Has a simulator read its arguments and do nothing. `fault` is the option by which keymoot passes
/// the fault plan on.
fn parses(mut command: Command, fault: &str) -> Result<(), Failure> {
    // Arguments are read in their order, and help comes last.
    command.arg("--help").stdin(Stdio::null());
    let output = command
        .output()
        .map_err(|error| missing(&command, &error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().next().unwrap_or_default();
    let option = match said.contains("'--firmware") {
        true => "--firmware",
        false => fault,
    };
    let why = said.split_once(">': ").map_or(said, |(_, why)| why);
    Err(Failure::usage(
        format!("{option}: {}", escape(why)),
        "correct the option, or leave it out; nothing was made",
    ))
}

/// The simulator is not beside the program.
fn missing(command: &Command, error: &io::Error) -> HostError {
    let mut failed = HostError::file("start", Path::new(command.get_program()), error);
    failed.next =
        "build the whole workspace (`cargo build --workspace`), then try again".to_owned();
    failed
}

/// The longest path of a unix socket, less what the control socket's name adds
/// (`sun_path` has 108 bytes: unix(7)).
const LONGEST_SOCKET: usize = 108 - 1 - ".control".len();

/// The path of the simulator's socket: in the rehearsal's own folder, or, if that path
/// is too long for a socket, in a folder of its own among the temporary ones.
fn socket_path(rehearsal: &Path) -> Result<PathBuf, HostError> {
    use std::os::unix::{ffi::OsStrExt as _, fs::DirBuilderExt as _};
    let near = rehearsal.join("pcscd");
    if near.as_os_str().as_bytes().len() <= LONGEST_SOCKET {
        return Ok(near);
    }
    let folder = std::env::temp_dir().join(format!("keymoot-{}", clock::ceremony_name()?));
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .map_err(|error| HostError::file("make", &folder, &error))?;
    Ok(folder.join("pcscd"))
}

/// Whether a simulator answers here: after a start that failed, another one.
fn is_served(socket: &Path) -> bool {
    UnixStream::connect(socket).is_ok()
}

/// `keymoot answer` has these devices without the lock on the ceremony's folder: its turn is in
/// another one.
fn taken(ceremony: &Path) -> HostError {
    HostError::new(
        format!(
            "another keymoot or simulator has the simulated devices in {}",
            escape_path(ceremony)
        ),
        "end it first, such as a `keymoot answer` in another terminal; then try again",
    )
}

fn broken(why: &str) -> HostError {
    HostError::new(
        format!("the simulator hsm-sim does not work: {why}"),
        "try again",
    )
}

/// Writes the simulated vendor's certificates in the form of `attestations/`.
fn write_vendor(vendor: &Path, certificates: &[VendorCertificate]) -> Result<(), HostError> {
    whole::make_folder(vendor)?;
    let mut manifest = String::from("vendor = \"SIMULATED\"\n");
    for (n, certificate) in certificates.iter().enumerate() {
        let der = certificate_der(certificate.pem.as_bytes()).map_err(|error| broken(&error))?;
        let spki = x509_parser::parse_x509_certificate(&der)
            .map(|(_, parsed)| Digest::of(parsed.tbs_certificate.subject_pki.raw))
            .map_err(|error| broken(&error.to_string()))?;
        let role = &certificate.role;
        let file = format!("{n}-{role}.pem");
        whole::write_durably(&vendor.join(&file), certificate.pem.as_bytes())?;
        manifest.push_str(&format!(
            "\n[[certificate]]\nfile = \"{file}\"\nrole = \"{role}\"\nsha256 = \"{}\"\nspki_sha256 = \"{spki}\"\n",
            Digest::of(&der)
        ));
    }
    whole::write_durably(&vendor.join("vendor.toml"), manifest.as_bytes())
}
