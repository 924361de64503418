//! The program itself, from start to exit: eleven roots of sigstore's size, or
//! sigstore's own where `KEYMOOT_VECTORS` names them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use criterion::Criterion;
use keymoot_benches::Chain;

const ROOTS: u32 = 11;

pub(crate) fn bench(criterion: &mut Criterion) {
    let program = crate::target().join("release/keymoot");
    let folder = tempfile::tempdir().unwrap();
    let files = roots(folder.path());
    let name = match std::env::var_os("KEYMOOT_VECTORS") {
        Some(_) => "sigstore",
        None => "generated",
    };
    criterion
        .benchmark_group("program")
        .bench_function(name, |bencher| {
            bencher.iter(|| {
                let status = Command::new(&program)
                    .args(["tuf", "verify"])
                    .args(&files)
                    .stdout(Stdio::null())
                    .status()
                    .expect("`make bench` builds the program first");
                assert!(status.success());
            });
        });
}

fn roots(folder: &std::path::Path) -> Vec<PathBuf> {
    if let Some(vectors) = std::env::var_os("KEYMOOT_VECTORS").map(PathBuf::from) {
        let published = std::fs::read_dir(vectors.join("tuf-roots/sigstore")).unwrap();
        let files: Vec<_> = published.map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), ROOTS as usize);
        return files;
    }
    let files = Chain::of(ROOTS).files.into_iter().zip(1..);
    files
        .map(|(file, version)| {
            let path = folder.join(format!("{version}.root.json"));
            std::fs::write(&path, file).unwrap();
            path
        })
        .collect()
}
