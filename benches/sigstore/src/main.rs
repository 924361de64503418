//! sigstore-tuf's client on files: the chain of roots of a benchmark, or a served repository.
//!
//!     keymoot-bench-sigstore ROOTS                      follows 1.root.json, 2.root.json, …
//!     keymoot-bench-sigstore SERVED ROOT TARGET [STATE] fetches a target; prints its SHA-256
//!
//! SERVED has metadata/ and targets/. STATE is a folder that keeps what was verified.
#![forbid(unsafe_code)]

use std::{
    fs,
    future::Future,
    io::ErrorKind,
    path::{Path, PathBuf},
    pin::pin,
    process::ExitCode,
    task::{Context, Poll, Waker},
};

use jiff::Timestamp;
use sigstore_tuf::{
    Error, FileStore, Repository, TrustedMetadataSet, Updater, transport::FetchFuture,
};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let answer = match arguments.as_slice() {
        [roots] => follow(roots).map(|version| version.to_string()),
        [served, root, target] => update(served, root, target, None),
        [served, root, target, state] => update(served, root, target, Some(state)),
        _ => return ExitCode::from(2),
    };
    match answer {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// The newest version.
fn follow(folder: &Path) -> Result<u64, String> {
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

/// The newest root's version, and the SHA-256 of a target.
fn update(
    served: &Path,
    root: &Path,
    target: &Path,
    state: Option<&PathBuf>,
) -> Result<String, String> {
    let root = fs::read(root).map_err(|error| error.to_string())?;
    let target = target.to_str().ok_or("a target's path is UTF-8")?;
    let files = Files(served.to_owned());
    let updater = Updater::new(files, &root);
    let mut updater = updater.map_err(|error| error.to_string())?;
    if let Some(state) = state {
        updater = updater.with_store(FileStore::new(state));
    }
    let now = Timestamp::now();
    let fetched = at_once(async {
        updater.refresh(now).await?;
        updater.get_target(target, now).await
    })?;
    let content = fetched.map_err(|error| error.to_string())?;
    let digest = sigstore_crypto::sha256(&content).to_hex();
    Ok(format!("{} {digest}", updater.trusted().root().version))
}

/// A future that waits for nothing, because all files are local.
fn at_once<T>(future: impl Future<Output = T>) -> Result<T, String> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err("the client waits for something".to_owned()),
    }
}

/// A server's folder.
struct Files(PathBuf);

impl Files {
    fn read(&self, path: PathBuf, most: u64) -> sigstore_tuf::Result<Option<Vec<u8>>> {
        match fs::read(&path) {
            Ok(content) if content.len() as u64 > most => {
                Err(Error::transport(format!("{} is too long", path.display())))
            }
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::transport(error.to_string())),
        }
    }
}

impl Repository for Files {
    fn fetch_metadata<'a>(&'a self, name: &'a str, most: u64) -> FetchFuture<'a> {
        Box::pin(async move { self.read(self.0.join("metadata").join(name), most) })
    }

    fn fetch_target<'a>(&'a self, path: &'a str, most: u64) -> FetchFuture<'a> {
        Box::pin(async move { self.read(self.0.join("targets").join(path), most) })
    }
}
