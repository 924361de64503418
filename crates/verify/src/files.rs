//! Reading files within bounds.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use rustix::{fs::OFlags, io::Errno};

use keymoot_core::{
    HostError,
    text::{escape_path, excerpt},
};
use keymoot_tuf::{Dialect, Document, DocumentError};

/// Opens a file to read it, and waits for nothing: a stranger may have put a pipe or a device in
/// its place, which might never end.
///
/// # Errors
/// It cannot be opened, or is a pipe, a device or a socket.
pub fn open(path: &Path) -> io::Result<File> {
    let no_file = || {
        let why = "it is no file, but a pipe, a device or a socket";
        io::Error::new(io::ErrorKind::InvalidInput, why)
    };
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .map_err(|error| match error.raw_os_error() {
            Some(code) if code == Errno::NXIO.raw_os_error() => no_file(),
            _ => error,
        })?;
    let kind = file.metadata()?.file_type();
    // Reading a folder is an error of its own.
    match kind.is_file() || kind.is_dir() {
        true => Ok(file),
        false => Err(no_file()),
    }
}

/// Reads a file of at most `most` bytes. A larger one takes no memory.
///
/// # Errors
/// [`HostError`] when it cannot be read or is larger.
pub fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, HostError> {
    use io::Read as _;
    let fail = |error: io::Error| HostError::file("read", path, &error);
    let too_large = || {
        HostError::new(
            format!("{} is larger than {most} bytes", escape_path(path)),
            "check that this is the file you mean",
        )
    };
    let file = open(path).map_err(fail)?;
    if file.metadata().map_err(fail)?.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    // It may grow.
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(fail)?;
    match bytes.len() as u64 > most {
        true => Err(too_large()),
        false => Ok(bytes),
    }
}

/// Reads a text file of at most `most` bytes.
///
/// # Errors
/// [`HostError`] when it cannot be read, is larger, or is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> Result<String, HostError> {
    String::from_utf8(read_bounded(path, most)?).map_err(|_| {
        HostError::new(
            format!("{} is not text in UTF-8", escape_path(path)),
            "check that this is the file you mean",
        )
    })
}

/// Writes a file that does not exist yet, and removes it if a full disk takes a part of it only.
///
/// # Errors
/// [`HostError`] when it exists, or cannot be written.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), HostError> {
    let fail = |error: io::Error| HostError::file("write", path, &error);
    let new = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = new.map_err(fail)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // The first failure is the one to report.
        let _ = fs::remove_file(path);
    }
    written.map_err(fail)
}

/// The largest root that is read, in bytes.
pub const LARGEST_ROOT: u64 = 1 << 20;

/// Reads a root of at most `most` bytes. tuf-ci keeps it in two files: either may be named, and
/// both together are one envelope, which every reader of documents takes.
///
/// # Errors
/// [`HostError`] when a file cannot be read or is larger.
pub fn read_root(path: &Path, most: u64) -> Result<Vec<u8>, HostError> {
    let path = payload_of(path);
    let payload = read_bounded(&path, most)?;
    let signatures = signatures_of(&path);
    let bare = Document::parse(&payload, payload.len());
    if bare.err() != Some(DocumentError::BarePayload) || !signatures.exists() {
        return Ok(payload);
    }
    let signatures = read_bounded(&signatures, most)?;
    let limit = payload.len().max(signatures.len());
    let Ok(document) = Document::parse_pair(payload.clone(), &signatures, limit) else {
        return Ok(payload);
    };
    let signatures = document.signatures().iter();
    let signatures = signatures.filter_map(|one| Some((one.keyid.clone(), one.bytes()?)));
    Ok(Dialect::TufCi.assemble(&document, &signatures.collect()))
}

/// Reads the root that the caller of a command trusts already, of at most `most` bytes, as
/// [`read_root`] does. It is the caller's own file: what is wrong with it is no fault of others.
///
/// # Errors
/// [`HostError`] when it cannot be read, is larger, or is no root.
pub fn read_trusted_root(path: &Path, most: u64) -> Result<(Vec<u8>, Document), HostError> {
    let bytes = read_root(path, most)?;
    let why = match Document::parse(&bytes, bytes.len()) {
        Ok(document) if document.kind() == "root" => return Ok((bytes, document)),
        Ok(document) => format!("it is a {} document", excerpt(document.kind())),
        Err(error) => error.to_string(),
    };
    Err(HostError::new(
        format!("{} is no root to begin with: {why}", escape_path(path)),
        "name a root of tuf-root that you trust with --trusted-root, such as its 1.root.json",
    ))
}

/// `root.json` for `root.sig.json`; any other path as it is.
pub(crate) fn payload_of(path: &Path) -> PathBuf {
    let name = path.file_name().and_then(|name| name.to_str());
    match name.and_then(|name| name.strip_suffix(".sig.json")) {
        Some(stem) => path.with_file_name(format!("{stem}.json")),
        None => path.to_owned(),
    }
}

/// `root.sig.json` for `root.json`.
pub(crate) fn signatures_of(path: &Path) -> PathBuf {
    path.with_extension("sig.json")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn a_device_a_socket_or_a_pipe_is_no_file_and_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let [socket, pipe] = ["socket", "pipe"].map(|name| folder.path().join(name));
        let _listening = UnixListener::bind(&socket).unwrap();
        mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
        for path in [Path::new("/dev/zero"), &socket, &pipe] {
            let error = read_bounded(path, 10).unwrap_err();
            assert!(error.what.contains("it is no file"), "{error}");
            assert_eq!(error.next, "name an ordinary file");
        }
    }
}
