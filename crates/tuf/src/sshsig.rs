//! Signatures by OpenSSH keys, as `ssh-keygen -Y sign` writes them (OpenSSH, PROTOCOL.sshsig).
//!
//! Read strictly: Ed25519 keys and SHA-512, which are what `ssh-keygen` takes without options, and
//! one encoding of everything.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha512};

use crate::PublicKey;

/// The largest signature that is read, in bytes. One by an Ed25519 key has 300.
pub const LARGEST: usize = 4096;

/// How the fingerprint of a key begins, as `ssh-keygen -l` prints it.
pub const FINGERPRINT: &str = "SHA256:";

/// The SHA-256 of a public key, as `ssh-keygen -l` prints it: `SHA256:` and 43 characters of base64.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn of(public: &[u8]) -> Self {
        Self(Sha256::digest(public).into())
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let encoded = text.strip_prefix(FINGERPRINT);
        let decoded = encoded.and_then(|encoded| STANDARD_NO_PAD.decode(encoded).ok());
        let bytes = decoded.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.map(Self).ok_or_else(|| {
            format!(
                "it is no fingerprint: {FINGERPRINT} and 43 characters, as ssh-keygen -l prints it"
            )
        })
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FINGERPRINT}{}", STANDARD_NO_PAD.encode(self.0))
    }
}

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const MAGIC: &[u8] = b"SSHSIG";
const VERSION: [u8; 4] = [0, 0, 0, 1];
const ED25519: &[u8] = b"ssh-ed25519";
const SHA512: &[u8] = b"sha512";

/// Why a file is no signature that is accepted here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SshSignatureError {
    /// It is not the armour of a signature, or there is more in it.
    #[error("it is no signature of ssh-keygen")]
    Unread,
    /// It is by a key of another algorithm.
    #[error("its key is not an Ed25519 key (ssh-keygen -t ed25519)")]
    Algorithm,
    /// It is for another purpose.
    #[error("it was made for another purpose (ssh-keygen -n)")]
    Namespace,
    /// The key did not sign this.
    #[error("its key signed something else")]
    Invalid,
}

/// Verifies a signature over a message, made for one purpose, the *namespace*. Returns the key.
///
/// # Errors
/// Says why the signature is not accepted.
pub fn verify(
    signature: &[u8],
    namespace: &str,
    message: &[u8],
) -> Result<Fingerprint, SshSignatureError> {
    use SshSignatureError::{Algorithm, Invalid, Namespace, Unread};
    let blob = blob(signature).ok_or(Unread)?;
    let rest = blob.strip_prefix(MAGIC).ok_or(Unread)?;
    let mut rest = rest.strip_prefix(&VERSION).ok_or(Unread)?;
    let mut next = || string(&mut rest).ok_or(Unread);
    let (public, named, reserved, hash, signed) = (next()?, next()?, next()?, next()?, next()?);
    if !rest.is_empty() || !reserved.is_empty() || hash != SHA512 {
        return Err(Unread);
    }
    let key = of_algorithm(public).ok_or(Algorithm)?;
    let bytes = of_algorithm(signed).ok_or(Algorithm)?;
    if named != namespace.as_bytes() {
        return Err(Namespace);
    }
    let mut signed = MAGIC.to_vec();
    for part in [named, reserved, hash, &Sha512::digest(message)] {
        let length = u32::try_from(part.len()).map_err(|_| Unread)?;
        signed.extend(length.to_be_bytes());
        signed.extend(part);
    }
    let key = PublicKey::from_ed25519_bytes(key).map_err(|_| Algorithm)?;
    key.verify_twice(&signed, bytes).map_err(|_| Invalid)?;
    Ok(Fingerprint::of(public))
}

/// What the armour holds. Lines may end as on any system.
fn blob(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let text = Some(text).filter(|text| text.len() <= LARGEST)?;
    let inside = text.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let encoded: String = inside.lines().map(str::trim).collect();
    STANDARD.decode(encoded).ok()
}

/// The string that comes next (RFC 4251, 5): its length in four bytes, and the bytes.
fn string<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (string, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(string)
}

/// The bytes of an Ed25519 key or signature, which follow the name of the algorithm.
fn of_algorithm(mut blob: &[u8]) -> Option<&[u8]> {
    let name = string(&mut blob)?;
    let bytes = string(&mut blob)?;
    (name == ED25519 && blob.is_empty()).then_some(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Fingerprint, SshSignatureError, verify};

    /// By `ssh-keygen -Y sign -n vnd.keymoot.witness` of OpenSSH 9.2 over [`MESSAGE`].
    const SIGNATURE: &str = "-----BEGIN SSH SIGNATURE-----\n\
        U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg0bmOgCNVaFaUqwsIFAhUAFNziZ\n\
        TXJDdq10IuFlN5cckAAAATdm5kLmtleW1vb3Qud2l0bmVzcwAAAAAAAAAGc2hhNTEyAAAA\n\
        UwAAAAtzc2gtZWQyNTUxOQAAAEBWfl285xZvFVon/IHvIKGzJ5rerJRtRHNJxr9dquHmLz\n\
        ujtrw3xTDJ8ZUknTlDt6XT48v+lBc3T2YGfZB129cJ\n\
        -----END SSH SIGNATURE-----\n";
    const MESSAGE: &[u8] = b"a statement";
    const NAMESPACE: &str = "vnd.keymoot.witness";

    #[test]
    fn a_signature_of_ssh_keygen_names_its_key() {
        let key = verify(SIGNATURE.as_bytes(), NAMESPACE, MESSAGE).unwrap();
        let printed = "SHA256:DCNDtss4uf9zk7Z2+RLBVBZ/X8wUFkaeDziIZ5j94fo";
        assert_eq!(key.to_string(), printed);
        assert_eq!(Fingerprint::try_from(printed.to_owned()), Ok(key.clone()));
        assert!(Fingerprint::try_from(printed[..40].to_owned()).is_err());
        let crlf = SIGNATURE.replace('\n', "\r\n");
        assert_eq!(verify(crlf.as_bytes(), NAMESPACE, MESSAGE).unwrap(), key);
    }

    #[test]
    fn a_signature_for_another_purpose_or_message_is_refused() {
        let verify = |namespace, message| verify(SIGNATURE.as_bytes(), namespace, message);
        let error = verify("file", MESSAGE).unwrap_err();
        assert_eq!(error, SshSignatureError::Namespace);
        let error = verify(NAMESPACE, b"another").unwrap_err();
        assert_eq!(error, SshSignatureError::Invalid);
    }

    #[test]
    fn each_changed_byte_of_a_signature_is_refused() {
        let good = SIGNATURE.trim_end().as_bytes();
        for at in (0..good.len()).filter(|&at| good[at] != b'\n') {
            let mut changed = good.to_vec();
            changed[at] ^= 1;
            assert!(verify(&changed, NAMESPACE, MESSAGE).is_err(), "byte {at}");
        }
    }
}
