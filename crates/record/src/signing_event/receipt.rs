//! The receipt of a holder who signed an event: a statement by the same key over the signed
//! documents, the state before, the program and the machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SigningEvent;
use crate::{
    apart::{canonical, strict},
    bundle::Files,
    ceremony::statement,
    expectation::ExpectationSet,
    rules::{evidence, roster::Handle},
    transcript::{Mode, Time},
};
use keymoot_attestation::{Evidence, Family, TrustStore};
use keymoot_core::{
    Rule, Verdict, Violation,
    digest::Digest,
    text::{excerpt, several},
};
use keymoot_tuf::{Dialect, Document, PublicKey, dsse::Envelope};

/// The payload type of a receipt.
pub const TYPE: &str = "application/vnd.keymoot.receipt+json";
/// The format name in it.
pub const FORMAT: &str = "keymoot-receipt-1";
/// The largest receipt, in bytes.
pub const LARGEST: usize = 256 << 10;

const STOP: &str = "do not count on it; ask the holder for the file again";

/// The content of a receipt. Its members are the payload's, in canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The device's attestation of the key, DER in hexadecimal
    attestation: String,
    /// The newest root of the base
    pub base: BaseRoot,
    /// The branch that the checkout was on; empty where that was not known. Not safe to show
    pub branch: String,
    /// The device certificate, DER in hexadecimal
    device: String,
    /// How the repository is written
    dialect: String,
    /// The signed documents
    pub documents: Vec<Signed>,
    format: String,
    /// The holder
    pub handle: Handle,
    /// The verdicts of the MACHINE rules on the holder's machine
    pub machine: BTreeMap<String, String>,
    /// Live or rehearsal
    pub mode: Mode,
    /// SHA-256 of the program
    pub program: Digest,
    /// The serial number of the device
    pub serial: u32,
    /// The key, SubjectPublicKeyInfo in hexadecimal
    spki: String,
    /// When the receipt was made, by the holder's clock
    pub time: Time,
    /// The digest of every file that was reviewed, before anything was signed
    pub tree: Digest,
}

/// The root from which an event begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseRoot {
    /// The digest of its signed bytes
    pub signed: Digest,
    /// Its version
    pub version: u64,
}

/// A document that was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The SHA-256 of each file with its signatures, by its path in the checkout; not safe to show
    pub files: BTreeMap<String, Digest>,
    /// Its role; not safe to show
    pub role: String,
    /// The digest of the bytes that were signed
    pub signed: Digest,
    /// Its version
    pub version: u64,
}

/// The sources of a receipt, apart from the event.
pub struct Made<'a> {
    /// The holder
    pub handle: Handle,
    /// The branch that the checkout is on
    pub branch: Option<&'a str>,
    /// Live or rehearsal
    pub mode: Mode,
    /// The serial number of the device
    pub serial: u32,
    /// The key, SubjectPublicKeyInfo, DER
    pub spki: &'a [u8],
    /// The key's attestation
    pub evidence: &'a Evidence,
    /// The verdicts of the MACHINE rules
    pub machine: &'a [Verdict],
    /// SHA-256 of the program
    pub program: Digest,
    /// The holder's clock
    pub time: Time,
    /// The files with the signatures, by [`SigningEvent::placed`]
    pub placed: &'a Files,
}

impl Receipt {
    /// The receipt over the signed documents.
    #[must_use]
    pub fn of(event: &SigningEvent, made: &Made<'_>) -> Self {
        let documents = event.documents.iter().filter_map(|one| {
            let paths = event
                .dialect
                .signature_paths(&one.role, one.document.version());
            let files: BTreeMap<_, _> = paths
                .into_iter()
                .filter_map(|path| {
                    let digest = Digest::of(made.placed.get(&path)?);
                    Some((path, digest))
                })
                .collect();
            (!files.is_empty()).then(|| Signed {
                files,
                role: one.role.clone(),
                signed: one.signed(),
                version: one.document.version(),
            })
        });
        Self {
            attestation: hex::encode(&made.evidence.attestation),
            base: BaseRoot {
                signed: event.base.document().digest(),
                version: event.base.root().version,
            },
            branch: made.branch.unwrap_or_default().to_owned(),
            device: hex::encode(&made.evidence.device),
            dialect: event.dialect.name().to_owned(),
            documents: documents.collect(),
            format: FORMAT.to_owned(),
            handle: made.handle.clone(),
            machine: made.machine.iter().map(said).collect(),
            mode: made.mode,
            program: made.program,
            serial: made.serial,
            spki: hex::encode(made.spki),
            time: made.time,
            tree: event.tree(),
        }
    }

    /// The bytes that the device signs.
    ///
    /// # Errors
    /// In words, when it cannot be written.
    pub fn signed_bytes(&self) -> Result<Vec<u8>, String> {
        Ok(statement::signed_bytes(TYPE, &canonical(self)?))
    }

    /// The file: a DSSE envelope under the key's SHA-256.
    ///
    /// # Errors
    /// In words, when it cannot be written.
    pub fn file(&self, signature: Vec<u8>) -> Result<Vec<u8>, String> {
        Ok(statement::envelope(
            TYPE,
            canonical(self)?,
            &self.key().to_string(),
            signature,
        ))
    }

    /// Reads a receipt. [`Receipt::verify`] and [`Receipt::compare`] check what it states of the
    /// key and the documents.
    ///
    /// # Errors
    /// A [`Violation`] of RECEIPT-READ or RECEIPT-SIGNED.
    pub fn read(bytes: &[u8], mode: Mode) -> Result<Self, Violation> {
        let unread = |why: String| {
            Violation::new(
                Rule::ReceiptRead,
                format!("the file is no receipt: {why}"),
                STOP,
            )
        };
        let envelope =
            Envelope::parse(bytes, LARGEST).map_err(|error| unread(error.to_string()))?;
        if envelope.to_json().as_bytes() != bytes || envelope.payload_type != TYPE {
            return Err(unread(
                "it is not in the form that this program writes".to_owned(),
            ));
        }
        let receipt: Self = strict(&envelope.payload).map_err(unread)?;
        if receipt.format != FORMAT {
            return Err(unread(format!("its format is not {FORMAT}")));
        }
        if receipt.mode != mode {
            return Err(Violation::new(
                Rule::ReceiptRead,
                format!(
                    "the receipt is of a {} event, and a {} one was asked for",
                    receipt.mode.name(),
                    mode.name()
                ),
                match receipt.mode {
                    Mode::Rehearsal => {
                        "do not publish anything from it; to verify a rehearsal, add --rehearsal"
                    }
                    Mode::Live => "leave out --rehearsal",
                },
            ));
        }
        let signed = |key: &PublicKey, signature: &[u8]| {
            statement::is_signed(key, &envelope.signed_bytes(), signature, 2)
        };
        match (receipt.public_key(), envelope.signatures.as_slice()) {
            (Some(key), [one])
                if one.keyid == receipt.key().to_string() && signed(&key, &one.sig) =>
            {
                Ok(receipt)
            }
            _ => Err(Violation::new(
                Rule::ReceiptSigned,
                "the key that the receipt names did not sign it",
                STOP,
            )),
        }
    }

    /// RECEIPT-READ and RECEIPT-SIGNED, which [`Receipt::read`] found, and the DEVICE rules on the
    /// key.
    #[must_use]
    pub fn verify(&self, trust: &TrustStore, set: &ExpectationSet) -> Vec<Verdict> {
        let mut verdicts = vec![
            Verdict::held(
                Rule::ReceiptRead,
                format!("a receipt of a {} event", self.mode.name()),
            ),
            Verdict::held(
                Rule::ReceiptSigned,
                format!("signed by the key of device {}", self.serial),
            ),
        ];
        let bytes = |text: &str| hex::decode(text).unwrap_or_default();
        let evidence = Evidence {
            attestation: bytes(&self.attestation),
            device: bytes(&self.device),
        };
        verdicts.extend(of_key(
            &evidence,
            &bytes(&self.spki),
            self.serial,
            self.time,
            trust,
            set,
        ));
        verdicts
    }

    /// RECEIPT-TREE: the documents are in this checkout as the receipt states.
    #[must_use]
    pub fn compare(&self, files: &Files) -> Verdict {
        let dialect: Option<Dialect> = self.dialect.parse().ok();
        let mut faults = Vec::new();
        for one in &self.documents {
            for (path, digest) in &one.files {
                let found = files.get(path).map(|bytes| Digest::of(bytes));
                if found != Some(*digest) {
                    faults.push(format!(
                        "\"{}\" is not the file that was signed",
                        excerpt(path)
                    ));
                }
            }
            let read = dialect.and_then(|dialect| {
                dialect
                    .read(&one.role, None, &|path| files.get(path).cloned())
                    .ok()?
            });
            if !read.is_some_and(|document| self.signed(one, &document)) {
                faults.push(format!(
                    "the document of {} has no signature by the receipt's key",
                    excerpt(&one.role)
                ));
            }
        }
        if self.documents.is_empty() {
            faults.push("it names no document".to_owned());
        }
        Verdict::unless(
            Rule::ReceiptTree,
            !faults.is_empty(),
            || "every document is in the checkout as it was signed".to_owned(),
            || several(&faults, "; "),
            "check out the commit of the holder's signature; later signatures change the same files",
        )
    }

    fn signed(&self, one: &Signed, document: &Document) -> bool {
        let key = self.public_key();
        let verifies = |signature: &keymoot_tuf::Signature| {
            let bytes = signature.bytes();
            key.as_ref()
                .zip(bytes)
                .is_some_and(|(key, bytes)| key.verify(document.signed_bytes(), &bytes))
        };
        document.digest() == one.signed
            && document.version() == one.version
            && document.signatures().iter().any(verifies)
    }

    /// The identity of the key.
    fn key(&self) -> Digest {
        Digest::of(&hex::decode(&self.spki).unwrap_or_default())
    }

    fn public_key(&self) -> Option<PublicKey> {
        PublicKey::from_spki_der(&hex::decode(&self.spki).ok()?).ok()
    }
}

fn said(verdict: &Verdict) -> (String, String) {
    (
        verdict.rule.id().to_owned(),
        statement::says(verdict).to_owned(),
    )
}

/// The DEVICE rules on a key that was never enrolled here, by its attestation.
#[must_use]
pub fn of_key(
    evidence: &Evidence,
    spki: &[u8],
    serial: u32,
    taken: Time,
    trust: &TrustStore,
    set: &ExpectationSet,
) -> Vec<Verdict> {
    let policy = match set.of_devices() {
        Ok(policy) => policy,
        Err(violated) => return violated,
    };
    let claim = evidence::Claim {
        evidence,
        spki,
        serial,
        family: Family::YubiKey,
        taken: Some(taken),
        others: &[],
    };
    evidence::enrolment(&claim, trust, &policy).0
}
