//! The secrets of a holder's device, sealed to the holder's own age recipient.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::Path,
};

use zeroize::Zeroizing;

use crate::host::secret::Secret;
use keymoot_core::{HostError, text::escape_path};

/// The largest sealed file or identity file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// Seals the PUK and the management key of a device to an age recipient
/// (`age1…`, X25519; age-encryption.org/v1). The plaintext is three lines: the
/// device, the PUK, the management key.
///
/// # Errors
/// [`HostError`] when the recipient cannot be read or sealing fails.
pub fn seal(
    recipient: &str,
    serial: u32,
    puk: &Secret,
    management: &Secret,
) -> Result<Vec<u8>, HostError> {
    let hexed = zeroize::Zeroizing::new(hex::encode(management.expose()));
    let device = format!("YubiKey {serial}");
    let lines: [&[&[u8]]; 3] = [
        &[device.as_bytes()],
        &[b"PUK ", puk.expose()],
        &[b"management key ", hexed.as_bytes()],
    ];
    seal_lines(recipient, &lines)
}

/// Seals the passwords of a YubiHSM 2 likewise. The plaintext is four lines: the
/// device, and the passwords of signer, auditor and administrator.
///
/// # Errors
/// As [`seal`].
pub fn seal_passwords(
    recipient: &str,
    serial: u32,
    [signer, auditor, administrator]: [&Secret; 3],
) -> Result<Vec<u8>, HostError> {
    let device = format!("YubiHSM 2 {serial}");
    let lines: [&[&[u8]]; 4] = [
        &[device.as_bytes()],
        &[b"signer ", signer.expose()],
        &[b"auditor ", auditor.expose()],
        &[b"administrator ", administrator.expose()],
    ];
    seal_lines(recipient, &lines)
}

/// The first line of what is sealed to try a recipient.
pub const TEST: &str = "keymoot recipient test";

/// Seals words that are no secret, to try a recipient.
///
/// # Errors
/// As [`seal`].
pub fn seal_test(recipient: &str, answer: &str) -> Result<Vec<u8>, HostError> {
    seal_lines(recipient, &[&[TEST.as_bytes()], &[answer.as_bytes()]])
}

/// Opens a sealed file with the identities in a file (`AGE-SECRET-KEY-1…`, one a line).
///
/// # Errors
/// [`HostError`] when a file cannot be read, or when none of the identities opens it.
pub fn open(file: &Path, identities: &Path) -> Result<Zeroizing<Vec<u8>>, HostError> {
    let sealed = keymoot_verify::files::read_bounded(file, LARGEST)?;
    let keys = read_identities(identities)?;
    let unopened = |why: &dyn std::fmt::Display| {
        HostError::new(
            format!(
                "{} is not opened by {}: {why}",
                escape_path(file),
                escape_path(identities)
            ),
            "name a file that keymoot sealed, and the identity file of its recipient; if the holder lost the identity, the roster needs another recipient",
        )
    };
    let decryptor = age::Decryptor::new(sealed.as_slice()).map_err(|error| unopened(&error))?;
    let keys = keys.iter().map(|key| key as &dyn age::Identity);
    let mut reader = decryptor.decrypt(keys).map_err(|error| unopened(&error))?;
    // Large enough for every file: a buffer that grows leaves copies behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader
        .read_to_end(&mut plain)
        .map_err(|error| unopened(&error))?;
    Ok(plain)
}

fn read_identities(path: &Path) -> Result<Vec<age::x25519::Identity>, HostError> {
    let text = Zeroizing::new(keymoot_verify::files::read_text(path, LARGEST)?);
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let unread = |why: &str| {
        HostError::new(
            format!("{} is no identity file: {why}", escape_path(path)),
            "name the file that age-keygen wrote; decrypt it first where it has a passphrase",
        )
    };
    let keys: Result<Vec<_>, _> = lines.map(str::parse).collect();
    let keys: Vec<_> = keys.map_err(unread)?;
    match keys.is_empty() {
        true => Err(unread("it has no line AGE-SECRET-KEY-1…")),
        false => Ok(keys),
    }
}

/// Opens the escrow of a YubiKey, and returns the device's serial number and its PUK.
///
/// # Errors
/// As [`open`], and when it is no YubiKey's escrow.
pub fn open_puk(escrow: &Path, identities: &Path) -> Result<(u32, Secret), HostError> {
    let plain = open(escrow, identities)?;
    let mut lines = plain.split(|byte| *byte == b'\n');
    let serial = lines
        .next()
        .and_then(|line| std::str::from_utf8(line).ok())
        .and_then(|line| line.strip_prefix("YubiKey ")?.parse().ok());
    let puk = lines.next().and_then(|line| line.strip_prefix(b"PUK "));
    match (serial, puk) {
        (Some(serial), Some(puk)) => Ok((serial, Secret::of(puk))),
        _ => Err(HostError::new(
            format!("{} is no escrow of a YubiKey", escape_path(escrow)),
            "name the sealed file of this device, ESCROW/HOLDER-NUMBER.age",
        )),
    }
}

/// Writes a sealed file into a folder on the holder's own medium, and reads it back.
///
/// # Errors
/// [`HostError`] when there is no such folder, it is in the folder of the ceremony, it has another
/// file of this name, or the medium gives back something else.
pub fn write_to(folder: &Path, ceremony: &Path, name: &str, bytes: &[u8]) -> Result<(), HostError> {
    let path = folder.join(name);
    let shown = escape_path(&path);
    if !folder.is_dir() {
        return Err(HostError::new(
            format!("{} is no folder", escape_path(folder)),
            "mount the stick, and type the folder where it is mounted",
        ));
    }
    let real =
        |path: &Path| fs::canonicalize(path).map_err(|error| HostError::file("read", path, &error));
    if real(folder)?.starts_with(real(ceremony)?) {
        return Err(HostError::new(
            format!("{} is in the ceremony's own folder", escape_path(folder)),
            "type the folder where the holder's own stick is mounted",
        ));
    }
    // A holder may come twice to the same stick.
    let read = || keymoot_verify::files::read_bounded(&path, LARGEST);
    if fs::symlink_metadata(&path).is_ok() && read().ok().as_deref() != Some(bytes) {
        return Err(HostError::new(
            format!("{shown}: there is another file of this name"),
            "type another folder, or move that file away",
        ));
    }
    crate::host::whole::write_durably(&path, bytes)?;
    match read()? == bytes {
        true => Ok(()),
        false => Err(HostError::new(
            format!("{shown}: the medium gave back something else"),
            "take another stick",
        )),
    }
}

fn seal_lines(recipient: &str, lines: &[&[&[u8]]]) -> Result<Vec<u8>, HostError> {
    let recipient: age::x25519::Recipient = recipient.parse().map_err(|error| {
        HostError::new(
            format!("the holder's age recipient cannot be read: {error}"),
            "correct age_recipient in the roster, or leave it out; then the values are displayed once",
        )
    })?;
    let failed = |error: &dyn std::fmt::Display| {
        HostError::new(
            format!("sealing to the holder failed: {error}"),
            "try again",
        )
    };
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(|error| failed(&error))?;
    let mut sealed = Vec::new();
    let mut writer = encryptor
        .wrap_output(&mut sealed)
        .map_err(|error| failed(&error))?;
    for line in lines {
        for piece in *line {
            writer.write_all(piece).map_err(|error| failed(&error))?;
        }
        writer.write_all(b"\n").map_err(|error| failed(&error))?;
    }
    writer.finish().map_err(|error| failed(&error))?;
    Ok(sealed)
}
