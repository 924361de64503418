//! Keys as TUF metadata writes them: `keytype`, `scheme` and `keyval.public`.

use super::{Algorithm, KeyError, Material, PublicKey};
use crate::common::others;
use keymoot_core::json::{At, Json, Misfit, Object};
use keymoot_core::text::excerpt;

/// The scheme and newer keytype names of TUF 1.0.34, section 4.2.
const ECDSA: &str = "ecdsa";
const ECDSA_P256: &str = "ecdsa-sha2-nistp256";
const ECDSA_P384: &str = "ecdsa-sha2-nistp384";
const ED25519: &str = "ed25519";
const RSA: &str = "rsa";
const RSA_PSS: &str = "rsassa-pss-sha256";

/// A key object as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TufKey {
    /// `keytype`
    pub keytype: String,
    /// `scheme`
    pub scheme: String,
    /// The key, or why this program cannot use it. One key that cannot be used
    /// does not make a document unreadable: others may meet its threshold.
    pub public: Result<PublicKey, KeyError>,
    /// Every other member, as found
    pub extra: Object,
}

impl TufKey {
    /// Whether the keytype is the scheme's name, as metadata had it before
    /// keytype `ecdsa` (sigstore's roots 1 to 8).
    #[must_use]
    pub fn is_legacy_type(&self) -> bool {
        [ECDSA_P256, ECDSA_P384].contains(&self.keytype.as_str())
    }
}

/// Reads a key object.
///
/// # Errors
/// A member is missing or of the wrong kind; the document that holds it is
/// then no TUF metadata.
pub fn read_object(at: &At<'_>) -> Result<TufKey, Misfit> {
    let keytype = at.member("keytype")?.string()?.to_owned();
    let scheme = at.member("scheme")?.string()?.to_owned();
    let public = at.member("keyval")?.member("public")?.string()?;
    let extra = others(at.object()?, &["keytype", "scheme", "keyval"]);
    Ok(TufKey {
        public: read_public(&keytype, &scheme, public),
        keytype,
        scheme,
        extra,
    })
}

fn read_public(keytype: &str, scheme: &str, public: &str) -> Result<PublicKey, KeyError> {
    let announced = match (keytype, scheme) {
        (ECDSA | ECDSA_P256, ECDSA_P256) => Algorithm::EcdsaP256,
        (ECDSA | ECDSA_P384, ECDSA_P384) => Algorithm::EcdsaP384,
        (ED25519, ED25519) => Algorithm::Ed25519,
        (RSA, RSA_PSS) => Algorithm::RsaPss,
        _ => {
            let name = format!("\"{}\" with \"{}\"", excerpt(keytype), excerpt(scheme));
            return Err(KeyError::Unsupported(name));
        }
    };
    let key = if public.starts_with("-----BEGIN") {
        PublicKey::from_pem(public)?
    } else {
        let bytes = hex::decode(public).map_err(|_| KeyError::Hex)?;
        match announced {
            Algorithm::EcdsaP256 => PublicKey::from_p256_point(&bytes)?,
            Algorithm::EcdsaP384 => PublicKey::from_p384_point(&bytes)?,
            Algorithm::Ed25519 => PublicKey::from_ed25519_bytes(&bytes)?,
            // Nobody writes RSA keys in hexadecimal.
            Algorithm::RsaPss => return Err(KeyError::Pem),
        }
    };
    if key.algorithm() == announced {
        Ok(key)
    } else {
        Err(KeyError::Mismatch {
            announced: excerpt(scheme),
            actual: key.algorithm().name(),
        })
    }
}

/// The members `keytype`, `scheme` and `keyval` as python-tuf and
/// securesystemslib write them: PEM for ECDSA and RSA, hexadecimal for Ed25519.
#[must_use]
pub fn write_object(key: &PublicKey) -> Object {
    let (keytype, scheme, public) = match &key.material {
        Material::P256(_) => (ECDSA, ECDSA_P256, key.pem()),
        Material::P384(_) => (ECDSA, ECDSA_P384, key.pem()),
        Material::Rsa(_) => (RSA, RSA_PSS, key.pem()),
        Material::Ed25519(key) => (ED25519, ED25519, hex::encode(key.as_bytes())),
    };
    Object::from([
        ("keytype".to_owned(), keytype.into()),
        ("scheme".to_owned(), scheme.into()),
        (
            "keyval".to_owned(),
            Json::object([("public", public.into())]),
        ),
    ])
}
