//! Starting the simulator found beside this program, and learning its vendor.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use serde::Deserialize;

use super::settings::SimulatorSettings;
use crate::{
    attestation::certificate_der,
    digest::Digest,
    host::{HostError, clock, folder},
};

/// The folder of a rehearsal in the ceremony's folder, and in the bundle.
pub const FOLDER: &str = "rehearsal";

/// The file in it that keeps the simulated devices.
pub const DEVICES: &str = "devices.json";

/// A simulator that runs until [`Simulator::stdin`] is closed.
#[derive(Debug)]
pub struct Simulator {
    /// The process.
    pub child: Child,
    /// As long as this is open, the simulator runs.
    pub stdin: ChildStdin,
    /// The socket on which it speaks pcsc-lite's protocol.
    pub socket: PathBuf,
    /// The socket on which its devices are plugged and touched.
    pub control: PathBuf,
}

/// The line by which the simulator says that it is ready.
#[derive(Debug, Deserialize)]
struct Ready {
    socket: PathBuf,
    control: PathBuf,
    vendor: Vec<VendorCertificate>,
}

#[derive(Debug, Deserialize)]
struct VendorCertificate {
    role: String,
    pem: String,
}

/// Starts the simulator on the devices kept in a ceremony's folder, and writes its
/// vendor's certificates beside them.
///
/// # Errors
/// [`HostError`] when the program is not there, does not start, or its vendor
/// cannot be written.
pub fn start(ceremony: &Path, settings: &SimulatorSettings) -> Result<Simulator, HostError> {
    let rehearsal = ceremony.join(FOLDER);
    fs::create_dir_all(&rehearsal).map_err(|error| HostError::file("make", &rehearsal, &error))?;
    let socket = socket_path(&rehearsal)?;
    let program = beside_this_program()?;
    let mut command = Command::new(&program);
    command
        .arg("yubikey")
        .arg("--socket")
        .arg(&socket)
        .args(["--count", &settings.count.to_string()])
        .args(["--firmware", &settings.firmware])
        .args(["--seed", &settings.seed.to_string()])
        .args(["--fault", &settings.fault])
        .arg("--state")
        .arg(rehearsal.join(DEVICES))
        .arg("--until-eof")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| {
        let mut failed = HostError::file("start", &program, &error);
        failed.next =
            "build the whole workspace (`cargo build --workspace`), then try again".to_owned();
        failed
    })?;
    let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(broken("it has no standard streams"));
    };
    let mut line = String::new();
    let read = BufReader::new(stdout).read_line(&mut line);
    read.map_err(|error| broken(&error.to_string()))?;
    let ready: Ready = serde_json::from_str(&line)
        .map_err(|_| broken("it did not say that it is ready; what it printed stands above"))?;
    write_vendor(&rehearsal.join("vendor"), &ready.vendor)?;
    Ok(Simulator {
        child,
        stdin,
        socket: ready.socket,
        control: ready.control,
    })
}

/// The longest path of a unix socket, less what the control socket's name adds
/// (`sun_path` has 108 bytes: unix(7)).
const LONGEST_SOCKET: usize = 108 - 1 - ".control".len();

/// Where the simulator's socket is: in the rehearsal's own folder, or, where that
/// lies too deep for a socket, in a folder of its own among the temporary ones.
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

fn beside_this_program() -> Result<PathBuf, HostError> {
    let here = std::env::current_exe()
        .map_err(|error| HostError::file("find", Path::new("this program"), &error))?;
    Ok(here.with_file_name("hsm-sim"))
}

fn broken(why: &str) -> HostError {
    HostError::new(
        format!("the simulator hsm-sim does not work: {why}"),
        "try again",
    )
}

/// Writes the simulated vendor's certificates in the form of `attestations/`.
fn write_vendor(vendor: &Path, certificates: &[VendorCertificate]) -> Result<(), HostError> {
    fs::create_dir_all(vendor).map_err(|error| HostError::file("make", vendor, &error))?;
    let mut manifest = String::from("vendor = \"SIMULATED\"\n");
    for (n, certificate) in certificates.iter().enumerate() {
        let der = certificate_der(certificate.pem.as_bytes()).map_err(|error| broken(&error))?;
        let spki = x509_parser::parse_x509_certificate(&der)
            .map(|(_, parsed)| Digest::of(parsed.tbs_certificate.subject_pki.raw))
            .map_err(|error| broken(&error.to_string()))?;
        let role = &certificate.role;
        let file = format!("{n}-{role}.pem");
        folder::write_durably(&vendor.join(&file), certificate.pem.as_bytes())?;
        manifest.push_str(&format!(
            "\n[[certificate]]\nfile = \"{file}\"\nrole = \"{role}\"\nsha256 = \"{}\"\nspki_sha256 = \"{spki}\"\n",
            Digest::of(&der)
        ));
    }
    folder::write_durably(&vendor.join("vendor.toml"), manifest.as_bytes())
}
