//! Follows the roots in a folder, `1.root.json` and on, as sigstore-tuf's client does.
#![forbid(unsafe_code)]

use std::{fs, path::PathBuf, process::ExitCode};

use sigstore_tuf::TrustedMetadataSet;

fn main() -> ExitCode {
    match std::env::args_os().nth(1).map(PathBuf::from) {
        Some(folder) => match follow(&folder) {
            Ok(version) => {
                println!("{version}");
                ExitCode::SUCCESS
            }
            Err(why) => {
                eprintln!("{why}");
                ExitCode::FAILURE
            }
        },
        None => ExitCode::from(2),
    }
}

/// The newest version.
fn follow(folder: &std::path::Path) -> Result<u64, String> {
    let read = |version: u64| fs::read(folder.join(format!("{version}.root.json")));
    let first = read(1).map_err(|error| error.to_string())?;
    let mut trusted = TrustedMetadataSet::from_root(&first).map_err(|error| error.to_string())?;
    let mut version = 1;
    while let Ok(next) = read(version + 1) {
        trusted
            .update_root(&next)
            .map_err(|error| error.to_string())?;
        version += 1;
    }
    Ok(version)
}
