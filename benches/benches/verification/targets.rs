//! A delegated role of 200,000 targets, about 50 MB.

use criterion::Criterion;
use keymoot_benches::{Files, delegated};
use keymoot_core::json::canonical;
use keymoot_tuf::{
    Candidate, Document, VerifiedRoot, document_changes, verify_chain, verify_roles,
};
use olpc_cjson::CanonicalFormatter;
use serde::Serialize;
use tough::schema::{Signed, Targets};

use crate::python;

const TARGETS: u32 = 200_000;
const LIMIT: usize = 128 << 20;

pub(crate) fn bench(criterion: &mut Criterion) {
    let files = delegated(TARGETS);
    println!("the delegated role has {} bytes", files.crates.len());
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("targets.json", &files.targets),
        ("crates.json", &files.crates),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    parse(criterion, &files, folder.path());
    canonicalise(criterion, &files, folder.path());
    verify(criterion, &files, folder.path());
    let (old, new) = (document(&files.crates), document(&files.next));
    criterion
        .benchmark_group("diff")
        .bench_function("keymoot", |bencher| {
            bencher.iter(|| document_changes("crates", Some(&old), &new).unwrap());
        });
}

fn document(file: &[u8]) -> Document {
    Document::parse(file, LIMIT).unwrap()
}

fn tough(file: &[u8]) -> Signed<Targets> {
    serde_json::from_slice(file).unwrap()
}

fn parse(criterion: &mut Criterion, files: &Files, folder: &std::path::Path) {
    let mut group = criterion.benchmark_group("parse");
    group.bench_function("keymoot", |bencher| {
        bencher.iter(|| keymoot_core::json::parse(&files.crates, LIMIT).unwrap());
    });
    group.bench_function("tough", |bencher| bencher.iter(|| tough(&files.crates)));
    group.bench_function("python-tuf", |bencher| {
        bencher.iter_custom(|rounds| python::time("parse", rounds, folder));
    });
}

fn canonicalise(criterion: &mut Criterion, files: &Files, folder: &std::path::Path) {
    let mut group = criterion.benchmark_group("canonicalise");
    let here = document(&files.crates);
    let there = tough(&files.crates);
    assert!(
        canonical(here.signed()) == olpc(&there),
        "the two forms differ"
    );
    group.bench_function("keymoot", |bencher| {
        bencher.iter(|| canonical(here.signed()))
    });
    group.bench_function("tough", |bencher| bencher.iter(|| olpc(&there)));
    group.bench_function("python-tuf", |bencher| {
        bencher.iter_custom(|rounds| python::time("canonical", rounds, folder));
    });
}

fn olpc(targets: &Signed<Targets>) -> Vec<u8> {
    let mut data = Vec::new();
    let mut ser = serde_json::Serializer::with_formatter(&mut data, CanonicalFormatter::new());
    targets.signed.serialize(&mut ser).unwrap();
    data
}

/// From the bytes of the file to a role that its delegator accepts.
fn verify(criterion: &mut Criterion, files: &Files, folder: &std::path::Path) {
    let mut group = criterion.benchmark_group("verify");
    let root = verify_chain(None, [document(&files.root)])
        .unwrap()
        .remove(0);
    group.bench_function("keymoot", |bencher| {
        bencher.iter(|| verify_here(&root, files))
    });
    let delegations = tough(&files.targets).signed.delegations.unwrap();
    group.bench_function("tough", |bencher| {
        bencher.iter(|| {
            let crates = tough(&files.crates);
            delegations.verify_role(&crates, "crates").unwrap();
        });
    });
    group.bench_function("python-tuf", |bencher| {
        bencher.iter_custom(|rounds| python::time("verify", rounds, folder));
    });
}

fn verify_here(root: &VerifiedRoot, files: &Files) {
    let candidate = |name: &str, file| Candidate {
        names: vec![name.to_owned()],
        exact: true,
        document: document(file),
        file: None,
    };
    let candidates = [
        candidate("crates", &files.crates),
        candidate("targets", &files.targets),
    ];
    for verdict in verify_roles(Some(root), &candidates) {
        verdict.unwrap();
    }
}
