//! All the evidence in a folder, in either layout:
//!
//! ```text
//! hardware-keys/SERIAL/attestation-SLOT.pem, f9-intermediate.pem     rust-lang/team
//! attestations/HANDLE/SERIAL/attestation.pem, device.pem, key.pem    a bundle, an exported tree
//! ```

use std::{fs, path::Path, process::ExitCode};

use keymoot_attestation::{Specifics, TrustStore};
use keymoot_core::{
    HostError, Rule, Violation,
    text::{escape_path, excerpt},
};

use super::{
    args::{Args, failed, usage},
    examine::{Facts, Failure, Files, Outcome, examine, store},
    json,
    scan::{self, ATTESTATION, DEVICE, ENROLMENT, Folder, KEY},
    text,
};

/// Exit codes: 0 all is proven, 1 something cannot be read, 3 something is refused.
pub(super) fn run(args: &Args, vendor: &TrustStore) -> ExitCode {
    if args.public_key.is_some() {
        return usage("--public-key is for one attestation: a folder holds its own keys");
    }
    let (found, store) = match judged(args, vendor) {
        Ok(found) if found.is_empty() => {
            let folder = escape_path(&args.attestation);
            return failed(&HostError::new(
                format!("{folder} holds no attestation as hardware-keys/ or attestations/ do"),
                "name a folder of evidence, or an attestation and the device certificate",
            ));
        }
        Ok(found) => (found, Vec::new()),
        Err(Failure::Unreadable(error)) => return failed(&error),
        Err(Failure::Refused(violations)) => (Vec::new(), violations),
    };
    match args.json {
        true => json::print_folder(&found, &store),
        false => text::print_folder(&found, &store),
    }
    match store.is_empty() && found.iter().all(|(_, outcome)| outcome.is_ok()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(3),
    }
}

/// The outcome for each attestation, by its path below the folder.
///
/// # Errors
/// Something cannot be read, or the store of the vendor's keys is refused.
fn judged(args: &Args, vendor: &TrustStore) -> Result<Vec<(String, Outcome)>, Failure> {
    let own = args.vendor_dir.as_deref().map(store).transpose()?;
    let vendor = own.as_ref().unwrap_or(vendor);
    // A folder's name counts, and `.` has none.
    let top = fs::canonicalize(&args.attestation)
        .map_err(|error| HostError::file("read", &args.attestation, &error))?;
    let mut found = Vec::new();
    for folder in scan::folders(&top)? {
        for (name, outcome) in of(&folder, vendor)? {
            let path = folder.path.join(name);
            let inside = path.strip_prefix(&top).unwrap_or(&path);
            found.push((inside.to_string_lossy().into_owned(), outcome));
        }
    }
    Ok(found)
}

/// The outcome for each attestation in one folder, and for what is there without one.
fn of<'f>(folder: &'f Folder, vendor: &TrustStore) -> Result<Vec<(&'f str, Outcome)>, Failure> {
    const BOTH: &str = "publish both certificates: the key's attestation, and that of the device";
    let unread = folder.unread.iter();
    let mut found: Vec<_> = unread
        .map(|(name, why)| {
            let what = format!("it may be evidence, and is not read: {why}");
            let next = "put the file itself there, under a name that evidence has, or remove it";
            (name.as_str(), incomplete(what, next))
        })
        .collect();
    let key = folder.files(&[KEY]).next();
    let attestations: Vec<_> = folder.attestations().collect();
    let devices: Vec<_> = folder.files(&DEVICE).collect();
    if let (Some(key), false) = (key, attestations.contains(&ATTESTATION)) {
        let what = format!("there is no {ATTESTATION} beside it, of which it is the key");
        found.push((key, incomplete(what, BOTH)));
    }
    let device = match (&devices[..], &attestations[..]) {
        (&[], _) => {
            let statement = folder.files(&[ENROLMENT]);
            let alone = attestations.iter().copied().chain(statement);
            let missing = "there is no f9-intermediate.pem or device.pem beside it";
            found.extend(alone.map(|name| (name, incomplete(missing.to_owned(), BOTH))));
            return Ok(found);
        }
        (&[device, ..], []) => {
            let missing = "there is no attestation of a key beside it".to_owned();
            found.push((device, incomplete(missing, BOTH)));
            return Ok(found);
        }
        (&[device], _) => device,
        (&[one, ref others @ ..], _) => {
            let what = format!("there is {one} beside it: a device has one certificate");
            let next = "remove the one that is of another device";
            found.extend(
                others
                    .iter()
                    .map(|other| (*other, incomplete(what.clone(), next))),
            );
            return Ok(found);
        }
    };
    for name in attestations {
        let is_the_one = name == ATTESTATION;
        if is_the_one && key.is_none() {
            let missing = format!("there is no {KEY} beside it, to compare with the attested key");
            let next = "put the public key that is in use there";
            found.push((name, incomplete(missing, next)));
            continue;
        }
        let key = key.filter(|_| is_the_one).map(|key| folder.path.join(key));
        let files = Files {
            attestation: &folder.path.join(name),
            device: &folder.path.join(device),
            public_key: key.as_deref(),
        };
        let outcome = match examine(files, vendor) {
            Ok(facts) => match unlike(&folder.path, name, &facts) {
                violations if violations.is_empty() => Ok(facts),
                violations => Err(violations),
            },
            Err(Failure::Refused(violations)) => Err(violations),
            Err(unreadable) => return Err(unreadable),
        };
        found.push((name, outcome));
    }
    Ok(found)
}

fn incomplete(what: String, next: &str) -> Outcome {
    Err(vec![Violation::new(Rule::DeviceEvidence, what, next)])
}

/// The differences between the names of folder and file and the attestation.
fn unlike(folder: &Path, name: &str, facts: &Facts) -> Vec<Violation> {
    let mut violations = Vec::new();
    let proven = &facts.attestation;
    let named = folder.file_name().and_then(|name| name.to_str());
    let named = named.filter(|name| name.bytes().all(|b| b.is_ascii_digit()));
    let attested = proven.serial().map(|serial| serial.to_string());
    if let Some(named) = named
        && attested.as_deref() != Some(named)
    {
        violations.push(Violation::new(
            Rule::DeviceSerial,
            format!(
                "the folder is named {}, and the attested serial number is {}",
                excerpt(named),
                attested.as_deref().unwrap_or("not stated")
            ),
            "move the evidence into the folder of its device",
        ));
    }
    let (kind, place) = match proven.specifics() {
        Specifics::YubiKey(stated) => ("slot", stated.slot.to_string()),
        Specifics::YubiHsm(stated) => ("object", format!("0x{:04x}", stated.object)),
    };
    if let Some(named) = scan::place(name)
        && named != place
    {
        violations.push(Violation::new(
            Rule::DeviceSlot,
            format!(
                "the file is named for {kind} {}, and the attested {kind} is {place}",
                excerpt(named)
            ),
            format!("name the file attestation-{place}.pem after the {kind} of its key"),
        ));
    }
    violations
}
