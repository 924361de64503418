//! All the evidence in a folder, in either layout:
//!
//! ```text
//! hardware-keys/SERIAL/attestation-SLOT.pem, f9-intermediate.pem     rust-lang/team
//! attestations/HANDLE/SERIAL/attestation.pem, device.pem, key.pem    a bundle, an exported tree
//! ```

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use keymoot_attestation::{Specifics, TrustStore};
use keymoot_core::{
    HostError, Rule, Violation,
    text::{escape_path, excerpt},
};

use super::{
    args::{Args, failed, usage},
    examine::{Facts, Failure, Files, Outcome, examine, store},
    json, text,
};

/// The names of a device's certificate.
const DEVICE: [&str; 2] = ["f9-intermediate.pem", "device.pem"];
/// The deepest folder that is read.
const DEEPEST: usize = 4;
/// The most folders that are read.
const MOST: usize = 4096;

/// Exit codes: 0 all is proven, 1 something cannot be read, 3 something is refused.
pub(super) fn run(args: &Args, vendor: &TrustStore) -> ExitCode {
    if args.public_key.is_some() {
        return usage("--public-key is for one attestation: a folder holds its own keys");
    }
    let found = match judged(args, vendor) {
        Ok(found) if found.is_empty() => {
            let folder = escape_path(&args.attestation);
            return failed(&HostError::new(
                format!("{folder} holds no attestation as hardware-keys/ or attestations/ do"),
                "name a folder of evidence, or an attestation and the device certificate",
            ));
        }
        Ok(found) => found,
        Err(Failure::Unreadable(path, error)) => {
            return failed(&HostError::file("read", &path, &error));
        }
        Err(Failure::Refused(violations)) => vec![(String::new(), Err(violations))],
    };
    let proven = found.iter().all(|(_, outcome)| outcome.is_ok());
    match args.json {
        true => json::print_folder(&found),
        false => text::print_folder(&found),
    }
    match proven {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(3),
    }
}

/// The outcome for each attestation, by its path below the folder.
fn judged(args: &Args, vendor: &TrustStore) -> Result<Vec<(String, Outcome)>, Failure> {
    let own = args.vendor_dir.as_deref().map(store).transpose()?;
    let vendor = own.as_ref().unwrap_or(vendor);
    let mut folders = Vec::new();
    collect(&args.attestation, 0, &mut folders)?;
    folders.sort_by(|one, other| one.path.cmp(&other.path));
    let mut found = Vec::new();
    for folder in &folders {
        let shown = |name: &str| {
            let path = folder.path.join(name);
            let inside = path.strip_prefix(&args.attestation).unwrap_or(&path);
            inside.to_string_lossy().into_owned()
        };
        let Some(device) = folder.file(&DEVICE) else {
            for name in folder.attestations() {
                let missing = "there is no f9-intermediate.pem or device.pem beside it";
                found.push((shown(name), Err(vec![incomplete(missing)])));
            }
            continue;
        };
        if folder.attestations().next().is_none() {
            let missing = "there is no attestation of a key beside it";
            found.push((shown(device), Err(vec![incomplete(missing)])));
        }
        for name in folder.attestations() {
            let attestation = folder.path.join(name);
            let key = folder.file(&["key.pem"]).map(|key| folder.path.join(key));
            let files = Files {
                attestation: &attestation,
                device: &folder.path.join(device),
                public_key: key.as_deref().filter(|_| name == "attestation.pem"),
            };
            let outcome = match examine(files, vendor) {
                Ok(facts) => match folder.unlike(name, &facts) {
                    violations if violations.is_empty() => Ok(facts),
                    violations => Err(violations),
                },
                Err(Failure::Refused(violations)) => Err(violations),
                Err(unreadable) => return Err(unreadable),
            };
            found.push((shown(name), outcome));
        }
    }
    Ok(found)
}

fn incomplete(what: &str) -> Violation {
    Violation::new(
        Rule::DeviceEvidence,
        what,
        "publish both certificates: the key's attestation, and that of the device",
    )
}

/// A folder with at least one file of evidence.
struct Folder {
    path: PathBuf,
    names: Vec<String>,
}

impl Folder {
    /// The first of these files that exists.
    fn file(&self, names: &[&str]) -> Option<&str> {
        let mut own = self.names.iter().map(String::as_str);
        own.find(|name| names.contains(name))
    }

    /// The attestations of keys.
    fn attestations(&self) -> impl Iterator<Item = &str> {
        let names = self.names.iter().map(String::as_str);
        names.filter(|name| is_attestation(name))
    }

    /// The differences between the folder's and the file's names and the attestation.
    fn unlike(&self, name: &str, facts: &Facts) -> Vec<Violation> {
        let mut violations = Vec::new();
        let proven = &facts.attestation;
        let folder = self.path.file_name().and_then(|name| name.to_str());
        let serial = folder.filter(|name| name.bytes().all(|b| b.is_ascii_digit()));
        if let Some(serial) = serial
            && serial.parse().ok() != proven.serial()
        {
            let attested = proven.serial().map(|serial| serial.to_string());
            violations.push(Violation::new(
                Rule::DeviceSerial,
                format!(
                    "the folder is named {}, and the attested serial number is {}",
                    excerpt(serial),
                    attested.as_deref().unwrap_or("not stated")
                ),
                "move the evidence into the folder of its device",
            ));
        }
        let slot = name
            .strip_prefix("attestation-")
            .and_then(|name| name.strip_suffix(".pem"));
        if let (Some(slot), Specifics::YubiKey(stated)) = (slot, proven.specifics())
            && stated.slot.to_string() != slot
        {
            violations.push(Violation::new(
                Rule::DeviceSlot,
                format!(
                    "the file is named for slot {}, and the attested slot is {}",
                    excerpt(slot),
                    stated.slot
                ),
                "name the file attestation-SLOT.pem after the slot of its key",
            ));
        }
        violations
    }
}

fn is_attestation(name: &str) -> bool {
    name == "attestation.pem" || (name.starts_with("attestation-") && name.ends_with(".pem"))
}

/// The folders with evidence, below one and itself. Follows no link.
fn collect(path: &Path, depth: usize, found: &mut Vec<Folder>) -> Result<(), Failure> {
    let fail = |error: io::Error| Failure::Unreadable(path.to_owned(), error);
    if depth > DEEPEST || found.len() > MOST {
        return Err(fail(io::Error::other(
            "it holds more folders than evidence does",
        )));
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let kind = entry.file_type().map_err(fail)?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if kind.is_dir() && !name.starts_with('.') {
            collect(&entry.path(), depth + 1, found)?;
        } else if kind.is_file() && names.len() < MOST {
            names.push(name);
        }
    }
    names.sort();
    let is_evidence = |name: &String| is_attestation(name) || DEVICE.contains(&name.as_str());
    if names.iter().any(is_evidence) {
        let path = path.to_owned();
        found.push(Folder { path, names });
    }
    Ok(())
}
