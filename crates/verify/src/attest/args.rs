//! The arguments of `keymoot attest`, and what it prints where they are wrong.

use std::path::PathBuf;
use std::process::ExitCode;

use keymoot_core::HostError;

use crate::complain;

/// Check a YubiKey's or a YubiHSM 2's proof that a key was generated inside it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The attestation of the key, made by the device (PEM or DER); or a folder of evidence, such
    /// as hardware-keys/ or a bundle's attestations/
    #[arg(value_name = "FILE_KEYCERT|FOLDER")]
    pub(super) attestation: PathBuf,
    /// The device certificate: of a YubiKey out of slot F9, of a YubiHSM 2 opaque object 0 (PEM or
    /// DER)
    #[arg(value_name = "FILE_DEVICECERT")]
    pub(super) device: Option<PathBuf>,
    /// The key that must be the attested one: a public key or a certificate (PEM or DER)
    #[arg(long, value_name = "FILE")]
    pub(super) public_key: Option<PathBuf>,
    /// Trust the certificates that DIR/vendor.toml lists instead of Yubico's
    #[arg(long, value_name = "DIR")]
    pub(super) vendor_dir: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Says what is wrong with the arguments.
pub(super) fn usage(problem: &str) -> ExitCode {
    complain!("error: {problem}\n\nFor more information, try '--help'.");
    ExitCode::from(2)
}

/// Says what cannot be read.
pub(super) fn failed(error: &HostError) -> ExitCode {
    complain!("keymoot attest: {error}");
    ExitCode::from(1)
}
