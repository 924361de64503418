//! A TUF document as it is in a file: the signed bytes, and the signatures.

use std::collections::BTreeSet;

use super::dsse::{self, Envelope, EnvelopeError};
use super::line_endings::with_line_feeds;
use super::{KeyId, Warning};
use keymoot_core::digest::Digest;
use keymoot_core::json::{self, At, Json, JsonError, Misfit};
use keymoot_core::text::excerpt;

/// The type of the payload of an envelope with TUF metadata (POUF-2).
pub const PAYLOAD_TYPE: &str = "application/vnd.tuf+json";

/// The roles every root delegates to (TUF 1.0.34, section 4.3), and the types of metadata.
pub(super) const ROLES: [&str; 4] = ["root", "snapshot", "targets", "timestamp"];

/// A document in one of two wire formats: POUF-1, that of the TUF reference
/// implementation, `{"signatures": [...], "signed": {...}}`, or POUF-2, a DSSE
/// envelope, which tuf-ci keeps as two files.
///
/// It keeps the bytes that signatures are over. In POUF-1 they are the canonical
/// form of `signed` as it was parsed, with every member known or not; in POUF-2
/// they are the payload byte for byte, after its type and length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    kind: String,
    version: u64,
    signed: Json,
    signed_bytes: Vec<u8>,
    form: Form,
    signatures: Vec<Signature>,
    warnings: Vec<Warning>,
}

/// How many signatures one document may have. A root is signed by the holders of
/// two versions; the bound limits the work for a file that somebody filled with
/// signatures.
pub(crate) const MAX_SIGNATURES: usize = 256;

/// A document may have so many values, and one more for so many bytes of signed
/// content. Digests, names and dates have more bytes by far; a text with fewer says nothing,
/// and takes many times its length in memory.
const VALUES: (usize, usize) = (1024, 8);

/// The bytes that signatures are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The canonical form of the content (POUF-1)
    Canonical,
    /// The exact bytes of a payload (POUF-2, DSSE)
    Payload {
        /// How many bytes at the end of what is signed are the payload
        length: usize,
    },
}

/// A signature as it is in a file, verified or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key it claims to be by
    pub keyid: KeyId,
    /// The signature in hexadecimal, in every dialect; empty where a place
    /// was left for it
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
         (POUF-1, as tuf-on-ci and python-tuf write it), or is a DSSE envelope (POUF-2)"
    )]
    UnknownFormat,
    /// It is the payload of an envelope, whose signatures are elsewhere.
    #[error(
        "it is a payload as tuf-ci keeps it; its signatures belong beside it, in the file whose name ends in .sig.json"
    )]
    BarePayload,
    /// It is metadata of a TUF before 1.0, which named its types with capitals.
    #[error(
        "it is metadata from before TUF 1.0: its _type is \"{}\", as Notary, Uptane and go-tuf 0 \
         write it; keymoot reads TUF 1.0 alone, in which it is \"{}\"",
        excerpt(.0), excerpt(&.0.to_lowercase())
    )]
    Before1_0(String),
    /// It is an envelope that cannot be read, or one of something else.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It is an envelope of something else.
    #[error("it is a DSSE envelope of {}, not of {PAYLOAD_TYPE}", excerpt(.0))]
    PayloadType(String),
    /// A member is missing or wrong.
    #[error("it is not TUF metadata: {0}")]
    Misfit(#[from] Misfit),
    /// It is metadata of another role than was asked for.
    #[error("it is a {} document, not a {wanted} document", excerpt(.found))]
    WrongType {
        /// Its `_type`
        found: String,
        /// The type asked for
        wanted: &'static str,
    },
    /// It is compared with metadata of another type.
    #[error("it is a {} document, and the other one is a {} document", excerpt(.found), excerpt(.wanted))]
    OtherType {
        /// Its `_type`
        found: String,
        /// The other's
        wanted: String,
    },
}

impl DocumentError {
    /// The name that scripts may rely on.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Json(JsonError::TooLong { .. }) => "TOO-LONG",
            Self::Json(JsonError::Refused { .. }) => "NOT-SIGNABLE-JSON",
            Self::UnknownFormat | Self::PayloadType(_) => "UNKNOWN-FORMAT",
            Self::BarePayload => "UNSIGNED-PAYLOAD",
            Self::Before1_0(_) => "BEFORE-1.0",
            _ => "MALFORMED",
        }
    }
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
        if members.contains_key("payload") && members.contains_key("payloadType") {
            return Self::from_envelope(Envelope::parse(text, limit)?, limit);
        }
        let (Some(signed), Some(signatures)) =
            (members.remove("signed"), members.remove("signatures"))
        else {
            return Err(match members.contains_key("_type") {
                true => DocumentError::BarePayload,
                false => DocumentError::UnknownFormat,
            });
        };
        let signatures = read_signatures(&At::top(&signatures, "signatures"), |at| {
            Ok(at.string()?.to_owned())
        })?;
        let mut document = Self::unsigned(signed)?;
        document.signatures = signatures;
        document.warnings = members.into_keys().map(Warning::UnsignedMember).collect();
        Ok(document)
    }

    /// Reads a payload and the file of its signatures, as tuf-ci keeps them,
    /// each of at most `limit` bytes.
    ///
    /// # Errors
    /// Says what is wrong and where.
    pub fn parse_pair(
        payload: Vec<u8>,
        signatures: &[u8],
        limit: usize,
    ) -> Result<Self, DocumentError> {
        let file = json::parse(signatures, limit)?;
        let at = At::top(&file, "(file of signatures)");
        let signatures = read_signatures(&at.member("signatures")?, |at| {
            Ok(hex::encode(dsse::base64_bytes(at)?))
        })?;
        let mut document = Self::payload(payload, limit)?;
        document.signatures = signatures;
        let others = at.object()?.keys().filter(|name| *name != "signatures");
        document.warnings = others.cloned().map(Warning::UnsignedMember).collect();
        Ok(document)
    }

    fn from_envelope(envelope: Envelope, limit: usize) -> Result<Self, DocumentError> {
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(DocumentError::PayloadType(envelope.payload_type));
        }
        let mut document = Self::payload(envelope.payload, limit)?;
        if envelope.signatures.len() > MAX_SIGNATURES {
            return Err(Misfit {
                path: "envelope.signatures".to_owned(),
                problem: format!("more than {MAX_SIGNATURES} signatures"),
            }
            .into());
        }
        let mut seen = BTreeSet::new();
        for signature in envelope.signatures {
            let keyid = KeyId::new(signature.keyid);
            if !seen.insert(keyid.clone()) {
                return Err(Misfit {
                    path: "envelope.signatures".to_owned(),
                    problem: format!("a second signature under key {keyid}"),
                }
                .into());
            }
            let text = hex::encode(signature.sig);
            document.signatures.push(Signature { keyid, text });
        }
        Ok(document)
    }

    /// A document that nobody has signed yet, to be signed in its canonical
    /// form.
    ///
    /// # Errors
    /// `signed` is not the signed part of TUF metadata.
    pub fn unsigned(signed: Json) -> Result<Self, DocumentError> {
        let bytes = json::canonical(&signed);
        Self::of(signed, bytes, Form::Canonical)
    }

    /// A document that nobody has signed yet, to be signed byte for byte, of at
    /// most `limit` bytes.
    ///
    /// # Errors
    /// The payload is not TUF metadata in JSON that may be signed.
    pub fn payload(payload: Vec<u8>, limit: usize) -> Result<Self, DocumentError> {
        let signed = json::parse(&payload, limit)?;
        let form = Form::Payload {
            length: payload.len(),
        };
        Self::of(signed, dsse::pae(PAYLOAD_TYPE, &payload), form)
    }

    fn of(signed: Json, signed_bytes: Vec<u8>, form: Form) -> Result<Self, DocumentError> {
        let at = At::top(&signed, "signed");
        let place = at.member("_type")?;
        let kind = place.string()?.to_owned();
        if !ROLES.contains(&kind.as_str()) {
            return Err(match ROLES.contains(&kind.to_lowercase().as_str()) {
                true => DocumentError::Before1_0(kind),
                false => {
                    let [first @ .., last] = ROLES;
                    let known = first.join(", ");
                    place
                        .misfit(format!(
                            "\"{}\" where {known} or {last} belongs",
                            excerpt(&kind)
                        ))
                        .into()
                }
            });
        }
        let version = at.member("version")?.unsigned()?;
        let (values, bytes) = VALUES;
        if signed.count() > values + signed_bytes.len() / bytes {
            return Err(at
                .misfit("more values than anything of its length says")
                .into());
        }
        Ok(Self {
            kind,
            version,
            signed,
            signed_bytes,
            form,
            signatures: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// A payload whose lines end with CR LF, with LF instead: what was signed, where a
    /// checkout changed it. Of the canonical form line endings are no part.
    pub(super) fn with_line_feeds(&self) -> Option<Self> {
        if self.form == Form::Canonical {
            return None;
        }
        let payload = with_line_feeds(self.content())?;
        let limit = payload.len();
        let document = Self::payload(payload, limit).ok()?;
        Some(document.with_signatures(self.signatures.clone()))
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

    /// What signatures are over.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The content as it is signed, without what DSSE puts before it.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        let start = match self.form {
            Form::Canonical => 0,
            Form::Payload { length } => self.signed_bytes.len().saturating_sub(length),
        };
        self.signed_bytes.get(start..).unwrap_or_default()
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

    /// The oddities of the file itself.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// `text` turns a signature's own form into hexadecimal.
fn read_signatures(
    at: &At<'_>,
    text: impl Fn(&At<'_>) -> Result<String, Misfit>,
) -> Result<Vec<Signature>, Misfit> {
    let mut seen = BTreeSet::new();
    let mut signatures = Vec::new();
    for item in at.items()? {
        if signatures.len() == MAX_SIGNATURES {
            return Err(item.misfit(format!("more than {MAX_SIGNATURES} signatures")));
        }
        let place = item.member("keyid")?;
        let keyid = KeyId::new(place.string()?);
        if !seen.insert(keyid.clone()) {
            return Err(place.misfit(format!("a second signature under key {keyid}")));
        }
        let text = text(&item.member("sig")?)?;
        signatures.push(Signature { keyid, text });
    }
    Ok(signatures)
}

#[cfg(test)]
mod tests;
