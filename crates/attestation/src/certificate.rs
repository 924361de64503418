//! One certificate, parsed strictly: every byte of it is either under the
//! signature or has exactly one value it may have.
//!
//! Three parts of an X.509 certificate are outside the signed part: the outer
//! header, the outer copy of the signature algorithm, and the header of the
//! signature. RFC 5280, section 4.1.1.2, demands that the copy equals the
//! signed one; DER leaves the headers no freedom. [`Certificate::parse`]
//! therefore rebuilds the whole certificate from its signed part and the
//! signature's number and demands the same bytes.

use x509_parser::asn1_rs::{Any, FromDer, Oid, Tag, oid};
use x509_parser::certificate::{X509Certificate, X509CertificateParser};
use x509_parser::extensions::{BasicConstraints, KeyUsage, X509Extension};
use x509_parser::nom::Parser;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo, X509Name, X509Version};

use keymoot_core::digest::Digest;
use keymoot_core::text::excerpt;

/// The largest certificate that is parsed, in bytes. Genuine certificates have under 1500.
pub(super) const MAX_CERTIFICATE: usize = 64 * 1024;

/// PKCS #1 v1.5 signatures by their digest (RFC 4055, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureAlgorithm {
    Sha256WithRsa,
    Sha512WithRsa,
}

/// A parsed certificate that borrows its DER.
pub(super) struct Certificate<'a> {
    x509: X509Certificate<'a>,
    signature_algorithm: SignatureAlgorithm,
    der: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Parses an X.509 v3 certificate; the error says what is wrong with it,
    /// to be read after its name ("… is not DER").
    pub(super) fn parse(der: &'a [u8]) -> Result<Self, String> {
        if der.len() > MAX_CERTIFICATE {
            return Err(format!(
                "has {} bytes, more than any certificate has",
                der.len()
            ));
        }
        let (rest, x509) = X509CertificateParser::new()
            .with_deep_parse_extensions(false)
            .parse(der)
            .map_err(|_| "is not an X.509 certificate in DER".to_owned())?;
        if !rest.is_empty() {
            return Err(format!(
                "is followed by {} bytes that do not belong to it",
                rest.len()
            ));
        }
        if x509.version != X509Version::V3
            || x509.issuer_uid.is_some()
            || x509.subject_uid.is_some()
        {
            return Err("is not an X.509 version 3 certificate of the modern form".to_owned());
        }
        let (signature_algorithm, algorithm_der) =
            signature_algorithm(&x509.tbs_certificate.signature)
                .ok_or("is not signed with RSA and SHA-2, as the vendor's certificates are")?;
        if rebuild(
            x509.tbs_certificate.as_ref(),
            &algorithm_der,
            &x509.signature_value.data,
        ) != der
        {
            return Err("has unsigned parts that do not match its signed part".to_owned());
        }
        // The parser takes an SPKI up to the end of its key; a header that
        // claims more would make "the SPKI" mean two things.
        if !Any::from_der(x509.subject_pki.raw).is_ok_and(|(rest, _)| rest.is_empty()) {
            return Err("has a malformed public key".to_owned());
        }
        for (n, extension) in x509.extensions().iter().enumerate() {
            if x509
                .extensions()
                .iter()
                .skip(n + 1)
                .any(|other| other.oid == extension.oid)
            {
                return Err(format!(
                    "has the extension {} more than once",
                    oid_text(&extension.oid)
                ));
            }
        }
        Ok(Self {
            x509,
            signature_algorithm,
            der,
        })
    }

    pub(super) fn digest(&self) -> Digest {
        Digest::of(self.der)
    }

    /// The subject for people, escaped.
    pub(super) fn subject_text(&self) -> String {
        excerpt(&self.x509.subject().to_string())
    }

    /// The issuer for people, escaped.
    pub(super) fn issuer_text(&self) -> String {
        excerpt(&self.x509.issuer().to_string())
    }

    /// The subject's DER.
    pub(super) fn subject(&self) -> &'a [u8] {
        self.x509.tbs_certificate.subject.as_raw()
    }

    /// The issuer's DER.
    pub(super) fn issuer(&self) -> &'a [u8] {
        self.x509.tbs_certificate.issuer.as_raw()
    }

    /// The subject, if it is a single common name and nothing else.
    pub(super) fn common_name(&self) -> Option<&str> {
        sole_common_name(self.x509.subject())
    }

    /// The public key's SubjectPublicKeyInfo.
    pub(super) fn public_key(&self) -> &SubjectPublicKeyInfo<'a> {
        &self.x509.tbs_certificate.subject_pki
    }

    pub(super) fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.signature_algorithm
    }

    /// The first and last second of validity, in Unix time.
    pub(super) fn validity(&self) -> (i64, i64) {
        let validity = self.x509.validity();
        (
            validity.not_before.timestamp(),
            validity.not_after.timestamp(),
        )
    }

    pub(super) fn extensions(&self) -> &[X509Extension<'a>] {
        self.x509.extensions()
    }

    pub(super) fn extension(&self, oid: &Oid<'_>) -> Option<&X509Extension<'a>> {
        self.extensions()
            .iter()
            .find(|extension| extension.oid == *oid)
    }

    /// `Ok(None)` where the extension is absent, an error where it is malformed.
    pub(super) fn basic_constraints(&self) -> Result<Option<BasicConstraints>, String> {
        self.whole_extension(&BASIC_CONSTRAINTS)
    }

    /// `Ok(None)` where the extension is absent, an error where it is malformed.
    pub(super) fn key_usage(&self) -> Result<Option<KeyUsage>, String> {
        self.whole_extension(&KEY_USAGE)
    }

    fn whole_extension<T, E>(&self, oid: &Oid<'_>) -> Result<Option<T>, String>
    where
        T: FromDer<'a, E>,
    {
        let Some(extension) = self.extension(oid) else {
            return Ok(None);
        };
        match T::from_der(extension.value) {
            Ok((&[], value)) => Ok(Some(value)),
            _ => Err(format!("has a malformed extension {oid}")),
        }
    }

    /// Whether the key made this certificate's signature over its signed part.
    pub(super) fn signed_by(&self, issuer: &SubjectPublicKeyInfo<'_>) -> bool {
        self.x509.verify_signature(Some(issuer)).is_ok()
    }
}

/// `basicConstraints` (RFC 5280, section 4.2.1.9).
pub(super) const BASIC_CONSTRAINTS: Oid<'static> = oid!(2.5.29.19);
/// `keyUsage` (RFC 5280, section 4.2.1.3).
pub(super) const KEY_USAGE: Oid<'static> = oid!(2.5.29.15);

/// An OID for people: a foreign one can have any length.
pub(super) fn oid_text(oid: &Oid<'_>) -> String {
    excerpt(&oid.to_id_string())
}

/// A Unix time as people read it.
pub(super) fn time_text(unix: i64) -> String {
    ASN1Time::from_timestamp(unix)
        .map_or_else(|_| format!("second {unix}"), |time| time.to_string())
}

fn sole_common_name<'n>(name: &'n X509Name<'_>) -> Option<&'n str> {
    let mut attributes = name.iter_attributes();
    let attribute = attributes.next()?;
    if attributes.next().is_some() || *attribute.attr_type() != oid!(2.5.4.3) {
        return None;
    }
    attribute.as_str().ok()
}

/// Recognises the algorithm and gives its only DER encodings: parameters are
/// NULL on most of the vendor's certificates and absent on some.
fn signature_algorithm(
    identifier: &AlgorithmIdentifier<'_>,
) -> Option<(SignatureAlgorithm, Vec<u8>)> {
    let (algorithm, last_arc) = if identifier.algorithm == oid!(1.2.840.113549.1.1.11) {
        (SignatureAlgorithm::Sha256WithRsa, 0x0b)
    } else if identifier.algorithm == oid!(1.2.840.113549.1.1.13) {
        (SignatureAlgorithm::Sha512WithRsa, 0x0d)
    } else {
        return None;
    };
    let mut content = vec![
        0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last_arc,
    ];
    match &identifier.parameters {
        None => {}
        Some(any) if any.tag() == Tag::Null && any.data.is_empty() => content.extend([0x05, 0x00]),
        Some(_) => return None,
    }
    Some((algorithm, tlv(0x30, &content)))
}

/// The DER of `SEQUENCE { tbs, algorithm, BIT STRING signature }`.
fn rebuild(tbs: &[u8], algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    let bits = tlv(0x03, &[&[0], signature].concat());
    tlv(0x30, &[tbs, algorithm, &bits].concat())
}

/// One DER element with its length in the shortest form.
pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let short: Vec<u8> = length
        .iter()
        .copied()
        .skip_while(|&byte| byte == 0)
        .collect();
    let mut der = vec![tag];
    match (content.len(), u8::try_from(short.len())) {
        (0..=0x7f, _) => der.push(short.first().copied().unwrap_or(0)),
        (_, Ok(count)) => {
            der.push(0x80 | count);
            der.extend(&short);
        }
        // A usize has at most eight bytes.
        (_, Err(_)) => return Vec::new(),
    }
    der.extend(content);
    der
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Certificate, tlv};
    use crate::certificate_der;

    fn genuine() -> Vec<u8> {
        let pem = include_bytes!(
            "../../../tests/data/attestation/attval-yk5-root263751/slot-9c-attestation.pem"
        );
        certificate_der(pem).unwrap()
    }

    fn refusal(der: &[u8]) -> String {
        Certificate::parse(der).err().unwrap()
    }

    #[test]
    fn an_extension_that_occurs_twice_is_refused() {
        // The form factor's extension, renamed to the policy's.
        let form_factor = [0x2b, 6, 1, 4, 1, 0x82, 0xc4, 0x0a, 3, 9];
        let mut der = genuine();
        let at = der
            .windows(10)
            .position(|bytes| bytes == form_factor)
            .unwrap();
        der[at + 9] = 8;
        assert!(refusal(&der).contains("more than once"));
    }

    #[test]
    fn the_outer_signature_algorithm_is_the_signed_one_in_every_byte() {
        let null = [0x01, 0x01, 0x0b, 0x05, 0x00];
        let der = genuine();
        let outer = der.windows(5).rposition(|bytes| bytes == null).unwrap() + 3;
        let mut content = [&der[4..outer], &der[outer + 2..]].concat();
        // The length of the outer algorithm is twelve bytes before its NULL;
        // the certificate's own header has four.
        content[outer - 4 - 12] -= 2;
        assert!(refusal(&tlv(0x30, &content)).contains("unsigned parts"));
    }

    #[test]
    fn a_length_in_a_longer_form_is_refused() {
        let der = genuine();
        let longer = [&[0x30, 0x83, 0x00], &der[2..]].concat();
        assert!(Certificate::parse(&longer).is_err());
    }

    #[test]
    fn lengths_take_their_shortest_form() {
        assert_eq!(tlv(4, &[])[..2], [4, 0]);
        assert_eq!(tlv(4, &[0; 0x7f])[..2], [4, 0x7f]);
        assert_eq!(tlv(4, &[0; 0x80])[..3], [4, 0x81, 0x80]);
        assert_eq!(tlv(4, &[0; 0x100])[..4], [4, 0x82, 1, 0]);
    }
}
