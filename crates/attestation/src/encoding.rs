//! Certificates and public keys as people hand them over: PEM (RFC 7468) or DER.

use x509_parser::asn1_rs::FromDer as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::parse_x509_pem;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::certificate::MAX_CERTIFICATE;

/// The DER of the one certificate in `bytes`.
///
/// PEM may carry text before its first line, as OpenSSL writes it, and nothing
/// but white space after its last. The certificate itself is not checked here.
///
/// # Errors
/// A clause to be read after the file's name, such as "holds more than one
/// PEM block".
pub fn certificate_der(bytes: &[u8]) -> Result<Vec<u8>, String> {
    match pem_block(bytes)? {
        None => Ok(bytes.to_vec()),
        Some((label, der)) if label == "CERTIFICATE" => Ok(der),
        Some((label, _)) => Err(format!("holds a {label} where a CERTIFICATE is needed")),
    }
}

/// The SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7) in `bytes`: a public
/// key in PEM or DER, or the public key of a certificate in PEM or DER.
///
/// # Errors
/// A clause to be read after the file's name.
pub fn public_key_der(bytes: &[u8]) -> Result<Vec<u8>, String> {
    match pem_block(bytes)? {
        Some((label, der)) if label == "PUBLIC KEY" => {
            if is_whole_key(&der) {
                Ok(der)
            } else {
                Err("holds a malformed public key".to_owned())
            }
        }
        Some((label, der)) if label == "CERTIFICATE" => public_key_of(&der),
        Some((label, _)) => Err(format!(
            "holds a {label} where a PUBLIC KEY or a CERTIFICATE is needed"
        )),
        None if is_whole_key(bytes) => Ok(bytes.to_vec()),
        None => public_key_of(bytes)
            .map_err(|_| "holds neither a public key nor a certificate, in PEM or DER".to_owned()),
    }
}

/// Whether these bytes are a SubjectPublicKeyInfo and nothing else.
fn is_whole_key(der: &[u8]) -> bool {
    SubjectPublicKeyInfo::from_der(der).is_ok_and(|(rest, spki)| rest.is_empty() && spki.raw == der)
}

/// A certificate of any kind is accepted for its key: only the key is compared. The parser of
/// certificates ignores trailing bytes in a key's sequence; alone, such a key is refused.
fn public_key_of(certificate: &[u8]) -> Result<Vec<u8>, String> {
    match X509Certificate::from_der(certificate) {
        Ok((&[], parsed)) if is_whole_key(parsed.public_key().raw) => {
            Ok(parsed.public_key().raw.to_vec())
        }
        _ => Err("holds a malformed certificate".to_owned()),
    }
}

/// The label and content of the only PEM block, `None` where there is no PEM.
fn pem_block(bytes: &[u8]) -> Result<Option<(String, Vec<u8>)>, String> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

    if bytes.len() > MAX_CERTIFICATE {
        return Err(format!(
            "has more than {MAX_CERTIFICATE} bytes, more than any certificate"
        ));
    }
    if bytes.is_empty() {
        return Err("is empty".to_owned());
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("is UTF-16 text, not ASCII: save it again".to_owned());
    }
    let has_begin = |bytes: &[u8]| bytes.windows(BEGIN.len()).any(|window| window == BEGIN);
    if !has_begin(bytes) {
        return Ok(None);
    }
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let (rest, pem) = parse_x509_pem(bytes).map_err(|_| "holds damaged PEM".to_owned())?;
    if has_begin(rest) {
        return Err("holds more than one PEM block".to_owned());
    }
    // The parser looks at the beginning of the last line alone.
    let last = format!("\n-----END {}-----", pem.label);
    if !bytes.trim_ascii_end().ends_with(last.as_bytes()) {
        return Err("holds PEM that does not end with the line of its label".to_owned());
    }
    if !pem
        .label
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ')
    {
        return Err("holds PEM with a damaged label".to_owned());
    }
    Ok(Some((pem.label, pem.contents)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{certificate_der, public_key_der};

    #[test]
    fn a_certificate_whose_key_leaves_something_over_lends_none() {
        let pem = include_bytes!(
            "../../../tests/data/attestation/gopiv-yk5-root263751/slot-9a-attestation.pem"
        );
        let mut der = certificate_der(pem).unwrap();
        assert!(public_key_der(&der).is_ok());
        // The point's BIT STRING ends five bytes before the sequence that it is in.
        let point = [0x03, 0x42, 0x00, 0x04];
        let at = der.windows(4).position(|bytes| bytes == point).unwrap();
        der[at + 1] -= 5;
        assert!(public_key_der(&der).is_err());
    }

    #[test]
    fn a_file_of_another_form_is_called_by_it() {
        let pem = include_str!(
            "../../../tests/data/attestation/gopiv-yk5-root263751/slot-9a-attestation.pem"
        );
        let utf_16: Vec<_> = ("\u{feff}".to_owned() + pem)
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let ends = "does not end with the line of its label";
        let end = "-----END CERTIFICATE-----";
        for (wrong, why) in [
            (Vec::new(), "is empty"),
            (utf_16, "is UTF-16 text"),
            (pem.repeat(2).into(), "more than one PEM block"),
            (format!("{pem}Bag").into(), ends),
            (pem.replace(end, "-----END PRIVATE KEY-----").into(), ends),
            (pem.replace(end, &format!("{end}more")).into(), ends),
        ] {
            let refused = certificate_der(&wrong).unwrap_err();
            assert!(refused.contains(why), "{why}: {refused}");
        }
        let der = certificate_der(pem.as_bytes());
        let unusual = [
            format!("\u{feff}{pem}").into_bytes(),
            [b"\xe9\n", pem.as_bytes()].concat(),
        ];
        for same in unusual {
            assert_eq!(certificate_der(&same), der);
        }
    }
}
