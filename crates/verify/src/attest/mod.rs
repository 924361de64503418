//! `keymoot attest`: what two certificates prove about a key, from files alone; or all the
//! evidence in a folder.

mod folder;
mod json;
mod text;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use keymoot_attestation as attestation;
use keymoot_attestation::{Evidence, Manifest, TrustStore, VerifiedAttestation};
use keymoot_core::text::escape_path;
use keymoot_core::{HostError, Rule, Violation};

/// Check a YubiKey's or a YubiHSM 2's proof that a key was generated inside it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The attestation of the key, made by the device (PEM or DER); or a folder of evidence, such
    /// as hardware-keys/ or a bundle's attestations/
    #[arg(value_name = "FILE_KEYCERT|FOLDER")]
    attestation: PathBuf,
    /// The device certificate: of a YubiKey out of slot F9, of a YubiHSM 2 opaque object 0 (PEM or
    /// DER)
    #[arg(value_name = "FILE_DEVICECERT")]
    device: Option<PathBuf>,
    /// The key that must be the attested one: a public key or a certificate (PEM or DER)
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Trust the certificates that DIR/vendor.toml lists instead of Yubico's
    #[arg(long, value_name = "DIR")]
    vendor_dir: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Exit codes: 0 proven, 1 a file could not be read, 3 refused.
pub fn run(args: &Args, vendor: &TrustStore) -> ExitCode {
    let device = match (&args.device, args.attestation.is_dir()) {
        (None, true) => return folder::run(args, vendor),
        (Some(device), false) => device,
        (Some(_), true) => return usage("a folder holds the device certificates: name it alone"),
        (None, false) => {
            return usage(
                "give the device certificate after the attestation, or a folder of evidence",
            );
        }
    };
    let files = Files {
        attestation: &args.attestation,
        device,
        public_key: args.public_key.as_deref(),
    };
    let examined = match &args.vendor_dir {
        Some(dir) => store(dir).and_then(|store| examine(files, &store)),
        None => examine(files, vendor),
    };
    let outcome = match examined {
        Ok(facts) => Ok(facts),
        Err(Failure::Refused(violations)) => Err(violations),
        Err(Failure::Unreadable(path, error)) => return unreadable(&path, &error),
    };
    let written = if args.json {
        json::print(&outcome)
    } else {
        text::print(args, &outcome)
    };
    match (written, outcome) {
        (Err(_), _) => ExitCode::from(1),
        (Ok(()), Ok(_)) => ExitCode::SUCCESS,
        (Ok(()), Err(_)) => ExitCode::from(3),
    }
}

/// Says what is wrong with the arguments.
fn usage(problem: &str) -> ExitCode {
    eprintln!("error: {problem}\n\nFor more information, try '--help'.");
    ExitCode::from(2)
}

fn unreadable(path: &Path, error: &io::Error) -> ExitCode {
    eprintln!(
        "keymoot attest: cannot read {}: {error}; check the path and the permissions",
        escape_path(path)
    );
    ExitCode::from(1)
}

/// The outcome for one key's evidence.
type Outcome = Result<Facts, Vec<Violation>>;

/// The files of one key's evidence.
#[derive(Clone, Copy)]
struct Files<'a> {
    attestation: &'a Path,
    device: &'a Path,
    /// The key that must be the attested one
    public_key: Option<&'a Path>,
}

enum Failure {
    Unreadable(PathBuf, io::Error),
    Refused(Vec<Violation>),
}

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        Self::Refused(vec![violation])
    }
}

/// The proven facts, and their files.
struct Facts {
    attestation: VerifiedAttestation,
    store: TrustStore,
    key_compared: bool,
}

fn examine(files: Files<'_>, store: &TrustStore) -> Result<Facts, Failure> {
    // Every file is read before anything is checked: a missing file is a
    // mistake at the keyboard, not a fault of the device.
    let attestation = read(files.attestation)?;
    let device = read(files.device)?;
    let public_key = files.public_key.map(read).transpose()?;

    let evidence = Evidence {
        attestation: decode(
            files.attestation,
            &attestation,
            attestation::certificate_der,
        )?,
        device: decode(files.device, &device, attestation::certificate_der)?,
    };
    let public_key = match (files.public_key, &public_key) {
        (Some(path), Some(bytes)) => Some(decode(path, bytes, attestation::public_key_der)?),
        _ => None,
    };
    let verified =
        attestation::verify(&evidence, store, Some(unix_now())).map_err(Failure::Refused)?;
    let compared = public_key.as_ref().map(|spki| verified.attests(spki));
    let violations: Vec<Violation> = [
        verified.stays_inside().err(),
        compared.and_then(Result::err),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !violations.is_empty() {
        return Err(Failure::Refused(violations));
    }
    Ok(Facts {
        attestation: verified,
        store: store.clone(),
        key_compared: public_key.is_some(),
    })
}

/// Reads a little more than any certificate needs and never a whole disk.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    const ENOUGH: u64 = 64 * 1024 + 1;
    let unreadable = |error| Failure::Unreadable(path.to_owned(), error);
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(unreadable)?
        .take(ENOUGH)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

/// The store that a folder's `vendor.toml` lists.
///
/// # Errors
/// A file cannot be read, or the store is not sound.
pub(crate) fn read_store(dir: &Path) -> Result<TrustStore, crate::Failure> {
    store(dir).map_err(|failure| match failure {
        Failure::Refused(violations) => crate::Failure::violations(violations),
        Failure::Unreadable(path, error) => HostError::file("read", &path, &error).into(),
    })
}

fn store(dir: &Path) -> Result<TrustStore, Failure> {
    let text = read(&dir.join("vendor.toml"))?;
    let manifest = Manifest::parse(&String::from_utf8_lossy(&text))?;
    let contents: Vec<Vec<u8>> = manifest
        .files()
        .map(|file| read(&dir.join(file)))
        .collect::<Result<_, _>>()?;
    manifest.store(&contents).map_err(Failure::Refused)
}

fn decode(
    path: &Path,
    bytes: &[u8],
    with: fn(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, Failure> {
    with(bytes).map_err(|what| {
        Violation {
            rule: Rule::DeviceEvidence,
            what: format!("{} {what}", escape_path(path)),
            next: "give each certificate or key in a file of its own, in PEM or DER".to_owned(),
        }
        .into()
    })
}

fn unix_now() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        // A clock before 1970 is wrong, and no certificate is that old.
        Err(_) => -1,
    }
}

fn write_whole(to: &mut impl io::Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.flush()
}
