//! A root of nine simulated holders, and what it signs.

use std::collections::BTreeMap;

use keymoot_core::json::Object;
use keymoot_core::time::Time;
use keymoot_tuf::{
    DelegationDraft, Dialect, Document, Holder, KeyId, OnlineKey, Periods, PublicKey, RootDraft,
    TargetFile, TargetsDraft,
};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};

/// Nine holders' keys and the root they sign five of nine.
pub(super) struct Ceremony {
    pub dialect: Dialect,
    pub secrets: Vec<SigningKey>,
    pub draft: RootDraft,
    pub document: Document,
}

impl Ceremony {
    pub(super) fn new() -> Self {
        Self::in_dialect(Dialect::TufOnCi)
    }

    pub(super) fn in_dialect(dialect: Dialect) -> Self {
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
    pub(super) fn signatures(&self, signers: usize) -> BTreeMap<KeyId, Vec<u8>> {
        self.signatures_of(&self.document, signers)
    }

    /// Their signatures over another document.
    pub(super) fn signatures_of(
        &self,
        document: &Document,
        signers: usize,
    ) -> BTreeMap<KeyId, Vec<u8>> {
        self.draft
            .holders
            .iter()
            .zip(&self.secrets)
            .take(signers)
            .map(|(holder, secret)| {
                let signature = sign(secret, document.signed_bytes());
                (self.dialect.holder_key_id(holder), signature)
            })
            .collect()
    }

    /// The file with the signatures of the first so many holders.
    pub(super) fn signed_by(&self, signers: usize) -> Vec<u8> {
        self.dialect
            .assemble(&self.document, &self.signatures(signers))
    }
}

/// A root, the targets document it signs, and that of the role crates.
pub(super) struct Repository {
    pub ceremony: Ceremony,
    pub targets: Document,
    pub crates: Document,
}

impl Repository {
    pub(super) fn new(dialect: Dialect) -> Self {
        let ceremony = Ceremony::in_dialect(dialect);
        let draft = |role: &str, files, delegations| TargetsDraft {
            role: role.to_owned(),
            version: 1,
            expires: Time::parse("2027-11-01T00:00:00Z").unwrap(),
            files,
            delegations,
            periods: ceremony.draft.root_periods,
            marks: Object::from([("x-rehearsal".to_owned(), "é".into())]),
        };
        let crates = DelegationDraft {
            name: "crates".to_owned(),
            signers: ceremony.draft.root_signers(),
            threshold: 5,
            paths: dialect.own_paths("crates"),
            terminating: true,
            periods: ceremony.draft.root_periods,
        };
        let root = TargetFile::of(&ceremony.signed_by(5));
        let files = BTreeMap::from([("crates/root.json".to_owned(), root)]);
        let write = |draft| dialect.targets(&draft).unwrap();
        let targets = write(draft("targets", BTreeMap::new(), vec![crates]));
        let crates = write(draft("crates", files, Vec::new()));
        Self {
            targets,
            crates,
            ceremony,
        }
    }

    /// The three files, each with the signatures of the first so many holders.
    pub(super) fn signed_by(&self, signers: usize) -> [Vec<u8>; 3] {
        [&self.ceremony.document, &self.targets, &self.crates].map(|document| {
            let signatures = self.ceremony.signatures_of(document, signers);
            self.ceremony.dialect.assemble(document, &signatures)
        })
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
pub(super) fn sign(secret: &SigningKey, message: &[u8]) -> Vec<u8> {
    let signature: DerSignature = secret.sign(message);
    signature.as_bytes().to_vec()
}
