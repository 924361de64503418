//! A thousand roots of nine keys.

use criterion::Criterion;
use keymoot_benches::{Chain, SIGNATURES};
use keymoot_tuf::{Document, Root, parallel, verify_chain};
use openssl::ec::EcKey;
use openssl::ecdsa::EcdsaSig;
use openssl::sha::sha256;

use crate::{
    beside::{self, Check},
    python,
};

const VERSIONS: u32 = 1000;

pub(crate) fn bench(criterion: &mut Criterion) {
    let chain = Chain::of(VERSIONS);
    let mut group = criterion.benchmark_group("chain");
    group.bench_function("keymoot", |bencher| bencher.iter(|| keymoot(&chain)));
    group.bench_function("tough", |bencher| {
        bencher.iter(|| beside::tough(&chain.files))
    });
    let checks = checks(&chain);
    assert_eq!(checks.len(), chain.files.len() * SIGNATURES);
    group.bench_function("openssl", |bencher| {
        bencher.iter(|| beside::openssl(&checks))
    });
    let folder = tempfile::tempdir().unwrap();
    for (file, version) in chain.files.iter().zip(1..) {
        std::fs::write(folder.path().join(format!("{version}.json")), file).unwrap();
    }
    group.bench_function("python-tuf", |bencher| {
        bencher.iter_custom(|rounds| python::time("chain", rounds, folder.path()));
    });
    group.finish();
}

/// From the bytes of the files to a verified chain, as `tuf verify` does it.
fn keymoot(chain: &Chain) {
    let parse = |file: &Vec<u8>| Document::parse(file, 1 << 20).unwrap();
    let documents = parallel::map(&chain.files, parse);
    assert_eq!(
        verify_chain(None, documents).unwrap().len(),
        chain.files.len()
    );
}

/// Each signature of the chain, ready for OpenSSL to verify.
pub(crate) fn checks(chain: &Chain) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut keys = std::collections::BTreeMap::new();
    for file in &chain.files {
        let document = Document::parse(file, 1 << 20).unwrap();
        keys.extend(Root::read(&document).unwrap().keys);
        let digest = sha256(document.signed_bytes());
        for signature in document.signatures() {
            let key = keys[&signature.keyid].public.as_ref().unwrap();
            let key = EcKey::public_key_from_der(&key.spki_der()).unwrap();
            let signature = EcdsaSig::from_der(&signature.bytes().unwrap()).unwrap();
            checks.push((key, digest, signature));
        }
    }
    checks
}
