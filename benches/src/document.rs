//! Keys, roles and signatures as every reader accepts them.

use keymoot_core::digest::Digest;
use keymoot_core::json::{Json, Object, canonical};
use keymoot_tuf::PublicKey;
use keymoot_tuf::key::write_object;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};

pub(crate) const EXPIRES: &str = "2037-11-01T00:00:00Z";

/// A simulated holder's key; its id is the hash of its canonical object.
#[derive(Clone)]
pub struct Holder {
    secret: SigningKey,
    pub(crate) id: String,
    pub(crate) object: Json,
}

impl Holder {
    /// The key of that number; no two have the same.
    ///
    /// # Panics
    /// Never: a number that is not zero is a secret.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn number(number: u32) -> Self {
        let mut secret = [1; 32];
        secret[..4].copy_from_slice(&number.to_be_bytes());
        let secret = SigningKey::from_slice(&secret).expect("a number below the order");
        let point = secret.verifying_key().to_sec1_point(false);
        let key = PublicKey::from_p256_point(point.as_bytes()).expect("a point of the curve");
        let object = Json::Object(write_object(&key));
        Self {
            secret,
            id: Digest::of(&canonical(&object)).to_string(),
            object,
        }
    }
}

pub(crate) fn keys<'h>(holders: impl IntoIterator<Item = &'h Holder>) -> Json {
    let objects = holders.into_iter();
    Json::Object(objects.map(|h| (h.id.clone(), h.object.clone())).collect())
}

pub(crate) fn role(holders: &[Holder], threshold: u32) -> Object {
    let ids = holders.iter().map(|holder| Json::from(holder.id.as_str()));
    [
        ("keyids".to_owned(), ids.collect()),
        ("threshold".to_owned(), threshold.into()),
    ]
    .into()
}

/// The file, signed by each holder: not indented, and otherwise as people write it.
pub(crate) fn sign(content: &Json, holders: &[Holder]) -> Vec<u8> {
    let bytes = canonical(content);
    let signatures = holders
        .iter()
        .map(|holder| {
            let signature: DerSignature = holder.secret.sign(&bytes);
            Json::object([
                ("keyid", holder.id.as_str().into()),
                ("sig", hex::encode(signature.as_bytes()).into()),
            ])
        })
        .collect();
    let file = Json::object([("signatures", signatures), ("signed", content.clone())]);
    keymoot_core::json::pretty(&file, 1).into_bytes()
}
