//! A root of nine simulated holders.

use std::collections::BTreeMap;

use keymoot::tuf::json::Object;
use keymoot::tuf::{
    Dialect, Document, Holder, KeyId, OnlineKey, Periods, PublicKey, RootDraft, Time,
};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};

/// Nine holders' keys and the root they sign five of nine.
pub struct Ceremony {
    pub dialect: Dialect,
    pub secrets: Vec<SigningKey>,
    pub draft: RootDraft,
    pub document: Document,
}

impl Ceremony {
    pub fn new() -> Self {
        Self::in_dialect(Dialect::TufOnCi)
    }

    pub fn in_dialect(dialect: Dialect) -> Self {
        let secrets: Vec<_> = (1..=9).map(secret).collect();
        let holders = secrets
            .iter()
            .zip(1..)
            .map(|(secret, number)| Holder {
                // tuf-on-ci writes handles in lower case, the others as they are.
                handle: match dialect {
                    Dialect::TufOnCi => format!("Holder-{number}"),
                    _ => format!("holder-{number}"),
                },
                key: public(secret),
            })
            .collect();
        let days = |expiry_days, signing_days| Periods {
            expiry_days,
            signing_days,
        };
        let draft = RootDraft {
            version: 1,
            expires: Time::parse("2027-11-01T00:00:00Z").unwrap(),
            consistent_snapshot: true,
            holders,
            root_threshold: 5,
            targets_signers: None,
            targets_threshold: 5,
            online: OnlineKey {
                key: public(&secret(200)),
                uri: "awskms:simulated".to_owned(),
            },
            root_periods: days(365, 60),
            targets_periods: days(365, 60),
            snapshot_periods: days(3650, 365),
            timestamp_periods: days(7, 6),
            marks: Object::from([("x-rehearsal".to_owned(), "é\n\"quoted\"".into())]),
        };
        let document = dialect.root(&draft).unwrap();
        Self {
            dialect,
            secrets,
            draft,
            document,
        }
    }

    /// The signatures of the first so many holders.
    pub fn signatures(&self, signers: usize) -> BTreeMap<KeyId, Vec<u8>> {
        self.draft
            .holders
            .iter()
            .zip(&self.secrets)
            .take(signers)
            .map(|(holder, secret)| {
                let signature = sign(secret, self.document.signed_bytes());
                (self.dialect.holder_key_id(holder), signature)
            })
            .collect()
    }

    /// The file with the signatures of the first so many holders.
    pub fn signed_by(&self, signers: usize) -> Vec<u8> {
        self.dialect
            .assemble(&self.document, &self.signatures(signers))
    }
}

fn secret(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn public(secret: &SigningKey) -> PublicKey {
    let point = secret.verifying_key().to_sec1_point(false);
    PublicKey::from_p256_point(point.as_bytes()).unwrap()
}

/// An ECDSA signature in DER.
pub fn sign(secret: &SigningKey, message: &[u8]) -> Vec<u8> {
    let signature: DerSignature = secret.sign(message);
    signature.as_bytes().to_vec()
}
