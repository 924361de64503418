//! Keys as TUF metadata writes them: `keytype`, `scheme` and `keyval.public`.

use super::{Algorithm, KeyError, Material, PublicKey};
use crate::common::others;
use keymoot_core::json::{At, Json, Object};
use keymoot_core::text::excerpt;

/// The scheme and newer keytype names of TUF 1.0.34, section 4.2.
const ECDSA: &str = "ecdsa";
const ECDSA_P256: &str = "ecdsa-sha2-nistp256";
const ECDSA_P384: &str = "ecdsa-sha2-nistp384";
const ED25519: &str = "ed25519";
const RSA: &str = "rsa";
const RSA_PSS: &str = "rsassa-pss-sha256";

/// The members of a key object that define the key.
const MEMBERS: [&str; 3] = ["keytype", "scheme", "keyval"];

/// A key object as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TufKey {
    /// `keytype`; empty where there is none
    pub keytype: String,
    /// `scheme`; empty where there is none
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

/// Reads a key object of any shape. Keyless keys (`sigstore-oidc`, whose
/// `keyval` has `identity` and `issuer`) and algorithms of the future are part
/// of many documents: they are kept, and never count.
#[must_use]
pub fn read_object(at: &At<'_>) -> TufKey {
    read_object_as(at, None)
}

/// The same, of an object that was read before with this outcome.
pub(crate) fn read_object_as(at: &At<'_>, known: Option<&Result<PublicKey, KeyError>>) -> TufKey {
    let text = |name| {
        let member = at.member(name).and_then(|member| member.string());
        member.map(str::to_owned)
    };
    let (keytype, scheme) = (text("keytype"), text("scheme"));
    let public = match (known, &keytype, &scheme) {
        (Some(known), ..) => known.clone(),
        (None, Ok(keytype), Ok(scheme)) => read_public(keytype, scheme, at),
        (None, Err(misfit), _) | (None, _, Err(misfit)) => Err(misfit.clone().into()),
    };
    let extra = at.object().map(|members| others(members, &MEMBERS));
    TufKey {
        public,
        keytype: keytype.unwrap_or_default(),
        scheme: scheme.unwrap_or_default(),
        extra: extra.unwrap_or_default(),
    }
}

fn read_public(keytype: &str, scheme: &str, at: &At<'_>) -> Result<PublicKey, KeyError> {
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
    let public = at.member("keyval")?.member("public")?.string()?;
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
