//! Evidence as rust-lang/team publishes it: `hardware-keys/SERIAL/`.

use std::collections::BTreeSet;

use keymoot_record::bundle::{ATTESTATIONS, Bundle, Files};

const FOLDER: &str = "hardware-keys";

/// The files of a bundle's evidence by their paths in that layout. A YubiKey's attestation
/// is named for its slot; the files of a YubiHSM 2 keep their names.
#[must_use]
pub fn hardware_keys(bundle: &Bundle) -> Files {
    let below = |path: &str| {
        let inside = path.strip_prefix(ATTESTATIONS)?.strip_prefix('/')?;
        let (folder, name) = inside.rsplit_once('/')?;
        let (_, serial) = folder.split_once('/')?;
        Some((folder.to_owned(), serial.to_owned(), name.to_owned()))
    };
    let mut files = Files::new();
    for (path, bytes) in bundle.files() {
        let Some((folder, serial, name)) = below(path) else {
            continue;
        };
        let statement = format!("{ATTESTATIONS}/{folder}/enrolment.json");
        let of_unit = bundle
            .files()
            .get(&statement)
            .and_then(|bytes| keymoot_record::ceremony::statement::read_enrolment(bytes).ok())
            .is_some_and(|stated| !stated.enrolment.family.is_yubikey());
        let name = match name.as_str() {
            "attestation.pem" if !of_unit => "attestation-9c.pem",
            "device.pem" if !of_unit => "f9-intermediate.pem",
            "attestation.pem" | "device.pem" | "key.pem" if of_unit => name.as_str(),
            _ => continue,
        };
        files.insert(format!("{FOLDER}/{serial}/{name}"), bytes.clone());
    }
    files
}

/// How many devices these files are of.
#[must_use]
pub fn devices(files: &Files) -> usize {
    let folders = files.keys().filter_map(|path| path.rsplit_once('/'));
    folders
        .map(|(folder, _)| folder)
        .collect::<BTreeSet<_>>()
        .len()
}
