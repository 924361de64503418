#![allow(clippy::unwrap_used)]

use super::{Document, PAYLOAD_TYPE};
use crate::dsse::{Envelope, EnvelopeSignature};

fn refusal(text: &str) -> String {
    Document::parse(text.as_bytes(), 1000)
        .unwrap_err()
        .to_string()
}

#[test]
fn the_signed_bytes_are_canonical_and_keep_members_nobody_knows() {
    let text = br#"{"signed": {"x-later": [ ], "version": 3, "_type": "root"}, "signatures": []}"#;
    let document = Document::parse(text, 1000).unwrap();
    assert_eq!(
        document.signed_bytes(),
        br#"{"_type":"root","version":3,"x-later":[]}"#
    );
}

#[test]
fn a_file_filled_with_signatures_is_refused_at_the_bound() {
    let signature = |n: usize| format!("{{\"keyid\":\"{n}\",\"sig\":\"00\"}}");
    let file = |count: usize| {
        let signatures: Vec<_> = (0..count).map(signature).collect();
        let signed = "{\"_type\":\"root\",\"version\":1}";
        let signatures = signatures.join(",");
        format!("{{\"signed\":{signed},\"signatures\":[{signatures}]}}")
    };
    let read = |count| Document::parse(file(count).as_bytes(), 100_000);
    assert_eq!(read(256).unwrap().signatures().len(), 256);
    assert_eq!(
        read(257).unwrap_err().to_string(),
        "it is not TUF metadata: signatures[256]: more than 256 signatures"
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
    for text in ["[]", "{}", r#"{"payload":"","signatures":[]}"#] {
        assert!(refusal(text).contains("no format known here"), "{text}");
    }
}

/// A payload that is not canonical, and how it is signed.
const PAYLOAD: &[u8] = b"{ \"version\": 2,\n\"_type\":\"root\" }\n";
const SIGNATURES: &[u8] = br#"{"signatures":[{"keyid":"a","sig":"AQID"}]}"#;

#[test]
fn a_payload_is_signed_byte_for_byte() {
    let document = Document::parse_pair(PAYLOAD.to_vec(), SIGNATURES, 1000).unwrap();
    assert_eq!((document.kind(), document.version()), ("root", 2));
    assert_eq!(document.content(), PAYLOAD);
    let mut signed = b"DSSEv1 24 application/vnd.tuf+json 33 ".to_vec();
    signed.extend(PAYLOAD);
    assert_eq!(document.signed_bytes(), signed);
    assert_eq!(document.signatures()[0].bytes(), Some(vec![1, 2, 3]));
}

#[test]
fn an_envelope_is_the_document_that_its_two_files_are() {
    let pair = Document::parse_pair(PAYLOAD.to_vec(), SIGNATURES, 1000).unwrap();
    let envelope = Envelope {
        payload_type: PAYLOAD_TYPE.to_owned(),
        payload: PAYLOAD.to_vec(),
        signatures: vec![EnvelopeSignature {
            keyid: "a".to_owned(),
            sig: vec![1, 2, 3],
        }],
    };
    let mut other = envelope.clone();
    assert_eq!(
        Document::parse(envelope.to_json().as_bytes(), 1000),
        Ok(pair)
    );
    other.signatures = [&envelope.signatures[..], &envelope.signatures].concat();
    assert!(refusal(&other.to_json()).contains("a second signature under key a"));
    other = envelope;
    other.payload_type = "text/plain".to_owned();
    assert!(refusal(&other.to_json()).contains("envelope of text/plain"));
}

#[test]
fn a_payload_without_its_signatures_fails_with_their_place() {
    assert!(refusal(r#"{"_type":"root","version":1}"#).contains(".sig.json"));
    let pair = |signatures: &[u8]| {
        Document::parse_pair(PAYLOAD.to_vec(), signatures, 1000)
            .unwrap_err()
            .to_string()
    };
    assert!(pair(br#"{"signatures":[{"keyid":"a","sig":"AQI"}]}"#).contains("[0].sig"));
    let twice = br#"{"signatures":[{"keyid":"a","sig":""},{"keyid":"a","sig":""}]}"#;
    assert!(pair(twice).contains("a second signature under key a"));
}

#[test]
fn a_document_that_is_all_brackets_is_refused() {
    let with = |x: String| {
        let text =
            format!(r#"{{"signatures":[],"signed":{{"_type":"root","version":1,"x":{x}}}}}"#);
        Document::parse(text.as_bytes(), text.len())
    };
    with(format!("[{}0]", "0,".repeat(1000))).unwrap();
    with(format!("[{}0]", "\"1234567890\",".repeat(10_000))).unwrap();
    let error = with(format!("[{}0]", "0,".repeat(10_000))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "it is not TUF metadata: signed: more values than anything of its length says"
    );
}
