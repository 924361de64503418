//! tough or OpenSSL on a chain of roots, as a process whose CPU time and memory are measured:
//!
//! ```text
//! beside tough FOLDER      1.root.json and on
//! beside openssl FILE      the checks that the benchmark wrote
//! ```
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../benches/verification/beside.rs"]
mod beside;

use std::{
    fs,
    io::{self, BufReader, Read},
    path::Path,
};

use beside::Check;
use openssl::{ec::EcKey, ecdsa::EcdsaSig};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match (arguments[1].as_str(), Path::new(&arguments[2])) {
        ("tough", folder) => {
            let read = |version| fs::read(folder.join(format!("{version}.root.json")));
            let files: Vec<_> = (1..).map_while(|version: u32| read(version).ok()).collect();
            beside::tough(&files);
        }
        ("openssl", file) => {
            let file = BufReader::new(fs::File::open(file).unwrap());
            beside::openssl(&read(file).unwrap());
        }
        (other, _) => panic!("{other} is neither tough nor openssl"),
    }
}

/// Reads checks: key, digest and signature, each after its length.
fn read(mut file: impl Read) -> io::Result<Vec<Check>> {
    let mut part = || -> io::Result<Vec<u8>> {
        let mut length = [0; 4];
        file.read_exact(&mut length)?;
        let mut part = vec![0; u32::from_le_bytes(length) as usize];
        file.read_exact(&mut part)?;
        Ok(part)
    };
    let mut checks = Vec::new();
    while let Ok(key) = part() {
        let digest = part()?.try_into().unwrap();
        let signature = EcdsaSig::from_der(&part()?)?;
        checks.push((EcKey::public_key_from_der(&key)?, digest, signature));
    }
    Ok(checks)
}
