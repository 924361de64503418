//! The test vector of `docs/for-clients.md`: the newest root of a mirror is the authorised one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keymoot_tuf::{Document, verify_chain};
use serde_json::Value;

const VECTOR: &str = include_str!("../data/authorised-root.json");

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

#[test]
fn the_rule_decides_where_tuf_alone_accepts_every_case() {
    let vector: Value = serde_json::from_str(VECTOR).unwrap();
    let authorised = bytes(&vector["authorised"]);
    let cases = vector["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let served = case["served"].as_object().unwrap();
        let roots: Vec<_> = served.values().map(bytes).collect();
        let documents = roots
            .iter()
            .map(|root| Document::parse(root, root.len()).unwrap());
        let chain = verify_chain(None, documents).unwrap();
        let newest = chain.last().unwrap().root().version;
        let file = bytes(&served[&newest.to_string()]);
        assert_eq!(file == authorised, case["accept"], "{}", case["name"]);
    }
}
