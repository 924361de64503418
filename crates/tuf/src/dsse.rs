//! DSSE envelopes (secure-systems-lab/dsse 1.0.2), for statements of our own
//! and for metadata in POUF-2.
//!
//! Strict both ways: no unknown members, no other base64 than the standard
//! padded one, so that one envelope has one meaning.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use keymoot_core::json::{self, At, Json, JsonError, Misfit};

/// A signed payload of a named type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The type of the payload, such as `application/vnd.example+json`
    pub payload_type: String,
    /// The payload
    pub payload: Vec<u8>,
    /// The signatures over [`pae`] of both
    pub signatures: Vec<EnvelopeSignature>,
}

/// A signature in an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeSignature {
    /// The id of its key, a hint; nothing signs it
    pub keyid: String,
    /// The signature
    pub sig: Vec<u8>,
}

/// Why a text is no envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It is not JSON that this module reads.
    #[error("it is no DSSE envelope: {0}")]
    Json(#[from] JsonError),
    /// A member is missing, unknown or wrong.
    #[error("it is no DSSE envelope: {0}")]
    Misfit(#[from] Misfit),
}

/// The bytes that are signed: `DSSEv1`, the type and the payload, each with its
/// length ("pre-authentication encoding").
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

impl Envelope {
    /// The bytes that the signatures are over.
    #[must_use]
    pub fn signed_bytes(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }

    /// Reads an envelope of at most `limit` bytes.
    ///
    /// # Errors
    /// Says what is wrong and where.
    pub fn parse(text: &[u8], limit: usize) -> Result<Self, EnvelopeError> {
        let json = json::parse(text, limit)?;
        let at = At::top(&json, "envelope");
        only(&at, &["payload", "payloadType", "signatures"])?;
        let mut signatures = Vec::new();
        for item in at.member("signatures")?.items()? {
            only(&item, &["keyid", "sig"])?;
            signatures.push(EnvelopeSignature {
                keyid: item.member("keyid")?.string()?.to_owned(),
                sig: base64_bytes(&item.member("sig")?)?,
            });
        }
        Ok(Self {
            payload_type: at.member("payloadType")?.string()?.to_owned(),
            payload: base64_bytes(&at.member("payload")?)?,
            signatures,
        })
    }

    /// The envelope as indented JSON with a line feed at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let signatures = self
            .signatures
            .iter()
            .map(|signature| {
                Json::object([
                    ("keyid", signature.keyid.as_str().into()),
                    ("sig", STANDARD.encode(&signature.sig).into()),
                ])
            })
            .collect();
        let envelope = Json::object([
            ("payload", STANDARD.encode(&self.payload).into()),
            ("payloadType", self.payload_type.as_str().into()),
            ("signatures", signatures),
        ]);
        json::pretty(&envelope, 1) + "\n"
    }
}

fn only(at: &At<'_>, known: &[&str]) -> Result<(), Misfit> {
    match at.members()?.find(|(name, _)| !known.contains(name)) {
        Some((_, unknown)) => Err(unknown.misfit("a member that does not belong here")),
        None => Ok(()),
    }
}

/// The bytes of a string in standard base64 with padding.
pub(super) fn base64_bytes(at: &At<'_>) -> Result<Vec<u8>, Misfit> {
    STANDARD
        .decode(at.string()?)
        .map_err(|_| at.misfit("not standard base64 with padding"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Envelope, EnvelopeSignature, pae};

    fn example() -> Envelope {
        Envelope {
            payload_type: "http://example.com/HelloWorld".to_owned(),
            payload: b"hello world".to_vec(),
            signatures: vec![EnvelopeSignature {
                keyid: "holder-1".to_owned(),
                sig: vec![1, 2, 3, 4],
            }],
        }
    }

    #[test]
    fn the_example_of_the_specification_is_encoded_as_there() {
        assert_eq!(
            example().signed_bytes(),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn moving_a_byte_between_type_and_payload_changes_what_is_signed() {
        assert_ne!(pae("a", b"b c"), pae("a b", b"c"));
    }

    #[test]
    fn an_envelope_is_read_back_as_it_was_written() {
        let text = example().to_json();
        assert_eq!(Envelope::parse(text.as_bytes(), 1000).unwrap(), example());
    }

    #[test]
    fn unknown_members_and_other_base64_are_refused_by_name() {
        let text = example().to_json();
        for (from, to, place) in [
            (
                "\"keyid\"",
                "\"cert\": 1, \"keyid\"",
                "envelope.signatures[0].cert",
            ),
            ("\"payload\"", "\"more\": 1, \"payload\"", "envelope.more"),
            ("AQIDBA==", "AQIDBA", "envelope.signatures[0].sig"),
            ("AQIDBA==", "AQIDBB==", "envelope.signatures[0].sig"),
            ("aGVsbG8g", "aGVsbG8_", "envelope.payload"),
        ] {
            let wrong = text.replace(from, to);
            let error = Envelope::parse(wrong.as_bytes(), 1000)
                .unwrap_err()
                .to_string();
            assert!(error.contains(place), "{error}");
        }
    }
}
