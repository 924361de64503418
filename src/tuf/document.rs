//! A TUF document as it stands in a file: what was signed, and by whom.

use std::collections::BTreeSet;

use super::json::{self, At, Json, JsonError, Misfit};
use super::{KeyId, Warning};
use crate::digest::Digest;
use crate::text::escape;

/// A document in the wire format of POUF-1 (the TUF reference implementation's),
/// `{"signatures": [...], "signed": {...}}`.
///
/// It keeps the canonical form of `signed` as it was parsed, with every member
/// known or not: those bytes are what signatures are over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    kind: String,
    version: u64,
    signed: Json,
    signed_bytes: Vec<u8>,
    signatures: Vec<Signature>,
    warnings: Vec<Warning>,
}

/// A signature as it stands in a file, verified or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key it claims to be by
    pub keyid: KeyId,
    /// The signature in hexadecimal; empty where a place was left for it
    pub text: String,
}

impl Signature {
    /// Whether this is only a place left for a signature.
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        self.text.is_empty()
    }

    /// The bytes, unless the text is not hexadecimal.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        hex::decode(&self.text).ok()
    }
}

/// Why a file is no TUF document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It is not JSON that may be signed.
    #[error("it cannot be read as JSON to be signed: {0}")]
    Json(#[from] JsonError),
    /// It is another kind of file.
    #[error(
        "it is in no format known here; a document has the members \"signed\" and \"signatures\" \
         (POUF-1, as tuf-on-ci and python-tuf write it)"
    )]
    UnknownFormat,
    /// A member is missing or wrong.
    #[error("it is not TUF metadata: {0}")]
    Misfit(#[from] Misfit),
    /// It is metadata of another role than was asked for.
    #[error("it is a {} document, not a {wanted} document", escape(.found))]
    WrongType {
        /// Its `_type`
        found: String,
        /// The type asked for
        wanted: &'static str,
    },
    /// It is compared with metadata of another type.
    #[error("it is a {} document, and the other one is a {} document", escape(.found), escape(.wanted))]
    OtherType {
        /// Its `_type`
        found: String,
        /// The other's
        wanted: String,
    },
}

impl Document {
    /// Reads a file's text of at most `limit` bytes.
    ///
    /// # Errors
    /// Says what is wrong and where.
    pub fn parse(text: &[u8], limit: usize) -> Result<Self, DocumentError> {
        let Json::Object(mut members) = json::parse(text, limit)? else {
            return Err(DocumentError::UnknownFormat);
        };
        let (Some(signed), Some(signatures)) =
            (members.remove("signed"), members.remove("signatures"))
        else {
            return Err(DocumentError::UnknownFormat);
        };
        let signatures = read_signatures(&At::top(&signatures, "signatures"))?;
        let mut document = Self::unsigned(signed)?;
        document.signatures = signatures;
        document.warnings = members.into_keys().map(Warning::UnsignedMember).collect();
        Ok(document)
    }

    /// A document that nobody has signed yet.
    ///
    /// # Errors
    /// `signed` is not the signed part of TUF metadata.
    pub fn unsigned(signed: Json) -> Result<Self, DocumentError> {
        let at = At::top(&signed, "signed");
        let kind = at.member("_type")?.string()?.to_owned();
        let version = at.member("version")?.unsigned()?;
        Ok(Self {
            kind,
            version,
            signed_bytes: json::canonical(&signed),
            signed,
            signatures: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// The same document with these signatures and no others.
    #[must_use]
    pub fn with_signatures(self, signatures: Vec<Signature>) -> Self {
        Self { signatures, ..self }
    }

    /// `_type`, such as `root`; not safe to show.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// `version`
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The signed part.
    #[must_use]
    pub fn signed(&self) -> &Json {
        &self.signed
    }

    /// The exact bytes that signatures are over.
    #[must_use]
    pub fn signed_bytes(&self) -> &[u8] {
        &self.signed_bytes
    }

    /// The digest of those bytes: what holders compare before they sign.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.signed_bytes)
    }

    /// The signatures in the order of the file, no two under one key id.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// What is odd about the file itself.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

fn read_signatures(at: &At<'_>) -> Result<Vec<Signature>, Misfit> {
    let mut seen = BTreeSet::new();
    let mut signatures = Vec::new();
    for item in at.items()? {
        let place = item.member("keyid")?;
        let keyid = KeyId::new(place.string()?);
        if !seen.insert(keyid.clone()) {
            return Err(place.misfit(format!("a second signature under key {keyid}")));
        }
        let text = item.member("sig")?.string()?.to_owned();
        signatures.push(Signature { keyid, text });
    }
    Ok(signatures)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Document;

    fn refusal(text: &str) -> String {
        Document::parse(text.as_bytes(), 1000)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_signed_bytes_are_canonical_and_keep_members_nobody_knows() {
        let text =
            br#"{"signed": {"x-later": [ ], "version": 3, "_type": "root"}, "signatures": []}"#;
        let document = Document::parse(text, 1000).unwrap();
        assert_eq!(
            document.signed_bytes(),
            br#"{"_type":"root","version":3,"x-later":[]}"#
        );
    }

    #[test]
    fn a_key_id_signing_twice_is_refused() {
        let text = r#"{"signed":{"_type":"root","version":1},
            "signatures":[{"keyid":"a","sig":""},{"keyid":"a","sig":""}]}"#;
        assert_eq!(
            refusal(text),
            "it is not TUF metadata: signatures[1].keyid: a second signature under key a"
        );
    }

    #[test]
    fn other_kinds_of_json_are_called_unknown() {
        for text in [
            "[]",
            "{}",
            r#"{"payload":"","payloadType":"","signatures":[]}"#,
        ] {
            assert!(refusal(text).contains("no format known here"), "{text}");
        }
    }
}
