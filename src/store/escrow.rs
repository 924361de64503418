//! What a holder must keep, sealed to the holder's own age recipient.

use std::io::Write as _;

use crate::host::secret::Secret;
use keymoot_core::HostError;

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

/// Seals a line that is no secret, to try a recipient.
///
/// # Errors
/// As [`seal`].
pub fn seal_test(recipient: &str) -> Result<Vec<u8>, HostError> {
    seal_lines(recipient, &[&[b"keymoot tried this recipient"]])
}

fn seal_lines(recipient: &str, lines: &[&[&[u8]]]) -> Result<Vec<u8>, HostError> {
    let recipient: age::x25519::Recipient = recipient.parse().map_err(|error| {
        HostError::new(
            format!("the holder's age recipient cannot be read: {error}"),
            "correct age_recipient in the roster, or leave it out to have the values shown once",
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
