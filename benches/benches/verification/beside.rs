//! What tough and OpenSSL do with a chain of roots: timed in this process, and as a process of
//! their own ([`super::processes`], `examples/beside.rs`).

use std::thread;

use openssl::ec::EcKey;
use openssl::ecdsa::EcdsaSig;
use openssl::pkey::Public;
use tough::schema;

/// What tough does with each root that it finds (`Repository::load`).
pub(crate) fn tough<'f>(files: impl IntoIterator<Item = &'f Vec<u8>>) {
    let parse = |file: &Vec<u8>| serde_json::from_slice(file).unwrap();
    let mut roots = files.into_iter().map(parse);
    let mut trusted: schema::Signed<schema::Root> = roots.next().unwrap();
    trusted.signed.verify_role(&trusted).unwrap();
    for root in roots {
        trusted.signed.verify_role(&root).unwrap();
        root.signed.verify_role(&root).unwrap();
        trusted = root;
    }
}

/// A key, the digest of what it signed, and the signature.
pub(crate) type Check = (EcKey<Public>, [u8; 32], EcdsaSig);

/// The checks alone, on all cores: no parsing, no hashing, no counting.
pub(crate) fn openssl(checks: &[Check]) {
    let cores = thread::available_parallelism().unwrap().get();
    thread::scope(|scope| {
        for part in checks.chunks(checks.len().div_ceil(cores)) {
            scope.spawn(move || {
                for (key, digest, signature) in part {
                    assert!(signature.verify(digest, key).unwrap());
                }
            });
        }
    });
}
