#![allow(clippy::unwrap_used)]

use ed25519_dalek::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;

use super::{Algorithm, KeyError, PublicKey, SignatureError, low_s, read_object, write_object};
use keymoot_core::json::{At, Json};

fn p256_pair(seed: u8) -> (SigningKey, PublicKey) {
    let secret = SigningKey::from_slice(&[seed; 32]).unwrap();
    let point = secret.verifying_key().to_sec1_point(false);
    (
        secret.clone(),
        PublicKey::from_p256_point(point.as_bytes()).unwrap(),
    )
}

fn ed25519_pair(seed: u8) -> (ed25519_dalek::SigningKey, PublicKey) {
    let secret = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
    let public = PublicKey::from_ed25519_bytes(secret.verifying_key().as_bytes()).unwrap();
    (secret, public)
}

fn key_object(keytype: &str, scheme: &str, public: &str) -> Json {
    Json::object([
        ("keytype", keytype.into()),
        ("scheme", scheme.into()),
        ("keyval", Json::object([("public", public.into())])),
    ])
}

fn read(json: &Json) -> Result<PublicKey, KeyError> {
    read_object(&At::top(json, "key")).public
}

#[test]
fn the_spki_is_the_one_that_another_implementation_writes() {
    let (secret, key) = p256_pair(1);
    let der = secret.verifying_key().to_public_key_der().unwrap();
    assert_eq!(key.spki_der(), der.as_bytes());
    let (secret, key) = ed25519_pair(1);
    let der = secret.verifying_key().to_public_key_der().unwrap();
    assert_eq!(key.spki_der(), der.as_bytes());
}

#[test]
fn every_encoding_of_one_key_has_one_fingerprint() {
    let (secret, key) = p256_pair(2);
    let compressed = secret.verifying_key().to_sec1_point(true);
    let point = hex::encode(secret.verifying_key().to_sec1_point(false).as_bytes());
    for other in [
        PublicKey::from_spki_der(&key.spki_der()),
        PublicKey::from_pem(&key.pem()),
        PublicKey::from_pem(key.pem().trim_end()),
        PublicKey::from_p256_point(compressed.as_bytes()),
        read(&key_object(
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp256",
            &point,
        )),
        read(&key_object(
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp256",
            &key.pem(),
        )),
        read(&key_object("ecdsa", "ecdsa-sha2-nistp256", &key.pem())),
        read(&Json::Object(write_object(&key))),
    ] {
        assert_eq!(other.unwrap().fingerprint(), key.fingerprint());
    }
    let (secret, key) = ed25519_pair(2);
    let digits = hex::encode(secret.verifying_key().as_bytes());
    for other in [
        PublicKey::from_pem(&key.pem()),
        read(&key_object("ed25519", "ed25519", &digits)),
        read(&key_object("ed25519", "ed25519", &key.pem())),
        read(&Json::Object(write_object(&key))),
    ] {
        assert_eq!(other.unwrap().fingerprint(), key.fingerprint());
    }
}

#[test]
fn pem_ends_with_one_line_feed() {
    let pem = p256_pair(3).1.pem();
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    assert!(pem.ends_with("\n-----END PUBLIC KEY-----\n"));
}

#[test]
fn what_is_no_usable_key_is_refused_with_a_reason() {
    let (_, p256) = p256_pair(4);
    let (_, ed25519) = ed25519_pair(4);
    let mut off_curve = p256.spki_der();
    *off_curve.last_mut().unwrap() ^= 1;
    assert_eq!(
        PublicKey::from_spki_der(&off_curve),
        Err(KeyError::Material(Algorithm::EcdsaP256))
    );
    assert_eq!(PublicKey::from_spki_der(b""), Err(KeyError::Der));
    let longer = [&p256.spki_der()[..], &[0]].concat();
    assert_eq!(PublicKey::from_spki_der(&longer), Err(KeyError::Der));
    let certificate = p256.pem().replace("PUBLIC KEY", "CERTIFICATE");
    assert_eq!(PublicKey::from_pem(&certificate), Err(KeyError::Pem));
    // Points of small order, and 1 written as 1 + p.
    let mut one_again = [0xff; 32];
    one_again[0] = 0xee;
    one_again[31] = 0x7f;
    for weak in [[0; 32], one_again] {
        assert!(PublicKey::from_ed25519_bytes(&weak).is_err());
    }
    let crossed = key_object("ecdsa", "ecdsa-sha2-nistp256", &ed25519.pem());
    assert!(matches!(read(&crossed), Err(KeyError::Mismatch { .. })));
    let crossed = key_object("rsa", "rsassa-pss-sha256", &p256.pem());
    assert!(matches!(read(&crossed), Err(KeyError::Mismatch { .. })));
    let unknown = key_object("rsa", "rsa-pkcs1v15-sha256", &p256.pem());
    assert!(matches!(read(&unknown), Err(KeyError::Unsupported(_))));
    let digits = key_object("rsa", "rsassa-pss-sha256", "00");
    assert_eq!(read(&digits), Err(KeyError::Pem));
    let digits = key_object("ed25519", "ed25519", "xyz");
    assert_eq!(read(&digits), Err(KeyError::Hex));
}

/// A P-384 key and its signature of the message, by ring.
fn p384_signed(message: &[u8]) -> (PublicKey, Vec<u8>) {
    use ring::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
    let random = ring::rand::SystemRandom::new();
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, made.as_ref(), &random);
    let pair = pair.unwrap();
    let key = PublicKey::from_p384_point(pair.public_key().as_ref()).unwrap();
    (key, pair.sign(&random, message).unwrap().as_ref().to_vec())
}

#[test]
fn a_p384_key_is_read_in_every_encoding_and_verifies() {
    let (key, signature) = p384_signed(b"message");
    assert!(key.verify(b"message", &signature));
    assert!(!key.verify(b"massage", &signature));
    let point = hex::encode(&key.spki_der()[23..]);
    let name = "ecdsa-sha2-nistp384";
    for other in [
        PublicKey::from_pem(&key.pem()),
        read(&key_object(name, name, &point)),
        read(&key_object("ecdsa", name, &key.pem())),
        read(&Json::Object(write_object(&key))),
    ] {
        assert_eq!(other, Ok(key.clone()));
    }
    let crossed = key_object("ecdsa", "ecdsa-sha2-nistp256", &key.pem());
    assert!(matches!(read(&crossed), Err(KeyError::Mismatch { .. })));
}

#[test]
fn a_key_for_reading_alone_gives_no_proof_for_publishing() {
    let (key, signature) = p384_signed(b"message");
    assert_eq!(
        key.verify_twice(b"message", &signature),
        Err(SignatureError::ReadOnly(Algorithm::EcdsaP384))
    );
}

/// An RSAPublicKey in DER whose modulus has so many bytes, all 0xff.
fn rsa_key(modulus: u16, exponent: &[u8]) -> Vec<u8> {
    let inner = [
        &[2, 0x82][..],
        &(modulus + 1).to_be_bytes(),
        &[0],
        &vec![0xff; modulus.into()],
        &[2, u8::try_from(exponent.len()).unwrap()],
        exponent,
    ]
    .concat();
    let length = u16::try_from(inner.len()).unwrap().to_be_bytes();
    [&[0x30, 0x82][..], &length, &inner].concat()
}

#[test]
fn rsa_keys_that_anybody_can_forge_for_and_odd_encodings_are_refused() {
    let read = super::rsa::Key::from_pkcs1_der;
    let good = rsa_key(256, &[1, 0, 1]);
    assert!(read(&good).is_ok());
    let trailing = [&good[..], &[0]].concat();
    for (bad, why) in [
        (rsa_key(255, &[1, 0, 1]), KeyError::RsaBits(2040)),
        (rsa_key(1025, &[1, 0, 1]), KeyError::RsaBits(8200)),
        (rsa_key(256, &[1]), KeyError::RsaExponent),
        (rsa_key(256, &[2]), KeyError::RsaExponent),
        (rsa_key(256, &[1, 0, 0, 0, 1]), KeyError::RsaExponent),
        (rsa_key(256, &[0, 1, 0, 1]), KeyError::Der),
        (trailing, KeyError::Der),
        (b"".to_vec(), KeyError::Der),
    ] {
        assert_eq!(read(&bad), Err(why), "{}", hex::encode(bad));
    }
}

/// Signatures by a key of 2048 bits over "message", made with the Python package
/// cryptography: salts of 0, 32 and 222 bytes, the last the longest that fits.
#[test]
fn an_rsa_signature_verifies_with_a_salt_of_any_length() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/data/rsa_pss.json")).unwrap();
    let key = PublicKey::from_pem(vectors["key"].as_str().unwrap()).unwrap();
    for salt in ["0", "32", "222"] {
        let signature = hex::decode(vectors[salt].as_str().unwrap()).unwrap();
        assert!(key.verify(b"message", &signature), "salt of {salt}");
        assert!(!key.verify(b"massage", &signature), "salt of {salt}");
        for place in [0, 100, 255] {
            let mut other = signature.clone();
            other[place] ^= 1;
            assert!(!key.verify(b"message", &other), "salt of {salt}");
        }
        let longer = [&[0][..], &signature].concat();
        assert!(!key.verify(b"message", &longer) && !key.verify(b"message", &signature[1..]));
    }
    assert!(!key.verify(b"message", b"") && !key.verify(b"message", &[0xff; 256]));
    let short = PublicKey::from_pem(vectors["key-1024"].as_str().unwrap());
    assert_eq!(short, Err(KeyError::RsaBits(1024)));
}

#[test]
fn a_key_of_any_shape_is_kept_and_says_which_member_is_wrong() {
    let keyless = r#"{"keytype": "sigstore-oidc", "scheme": "Fulcio",
        "keyval": {"identity": "somebody@example.com", "issuer": "https://example.com"}}"#;
    let ml_dsa = r#"{"keytype": "ml-dsa", "scheme": "ml-dsa-44/1", "keyval": {"public": "00"}}"#;
    for (text, why) in [
        (
            keyless,
            "its algorithm is \"sigstore-oidc\" with \"Fulcio\", which",
        ),
        (
            ml_dsa,
            "its algorithm is \"ml-dsa\" with \"ml-dsa-44/1\", which",
        ),
        ("null", "key: null where an object belongs"),
        ("[1]", "key: an array where an object belongs"),
        ("{}", "key: no member \"keytype\""),
        (
            r#"{"keytype": "ecdsa", "scheme": 7}"#,
            "key.scheme: an integer where a string belongs",
        ),
        (
            r#"{"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": {"identity": "x"}}"#,
            "key.keyval: no member \"public\"",
        ),
        (
            r#"{"keytype": "ed25519", "scheme": "ed25519", "keyval": "00"}"#,
            "key.keyval: a string where an object belongs",
        ),
    ] {
        let json = keymoot_core::json::parse(text.as_bytes(), 1000).unwrap();
        let shown = read(&json).unwrap_err().to_string();
        assert!(shown.starts_with(why), "{text}: {shown}");
    }
}

#[test]
fn both_implementations_accept_a_signature_and_refuse_each_flipped_bit() {
    let (secret, key) = p256_pair(5);
    let signature: DerSignature = secret.sign(b"message");
    refuses_each_flipped_bit(&key, signature.as_bytes());
    let (secret, key) = ed25519_pair(5);
    refuses_each_flipped_bit(&key, &secret.sign(b"message").to_bytes());
}

#[test]
fn of_the_two_signatures_with_one_r_both_verify_and_one_is_low() {
    let (secret, key) = p256_pair(5);
    for message in [&b"one"[..], b"two", b"three", b"four"] {
        let signature: p256::ecdsa::Signature = secret.sign(message);
        let (r, s) = (signature.r(), signature.s());
        let other = p256::ecdsa::Signature::from_scalars(r, -s).unwrap();
        let both = [signature, other].map(|signature| signature.to_der().as_bytes().to_vec());
        let lows = both.each_ref().map(|signature| low_s(signature).unwrap());
        assert_eq!(lows[0], lows[1]);
        assert_ne!(both[0], both[1]);
        for signature in both.iter().chain(&lows) {
            assert!(key.verify_twice(message, signature).is_ok());
        }
        assert_eq!(both.iter().filter(|one| **one == lows[0]).count(), 1);
    }
    assert_eq!(low_s(b"no signature"), None);
}

fn refuses_each_flipped_bit(key: &PublicKey, signature: &[u8]) {
    let proof = key.verify_twice(b"message", signature).unwrap();
    assert_eq!(proof.key(), key.fingerprint());
    assert_eq!(proof.signature(), signature);
    assert_eq!(
        key.verify_twice(b"massage", signature),
        Err(SignatureError::Invalid)
    );
    assert_eq!(
        key.verify_twice(b"message", b""),
        Err(SignatureError::Invalid)
    );
    for bit in 0..signature.len() * 8 {
        let mut flipped = signature.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            key.verify_twice(b"message", &flipped),
            Err(SignatureError::Invalid),
            "bit {bit}"
        );
    }
}
