//! Documents as other projects publish them: keys that keymoot does not verify with, and
//! metadata from before TUF 1.0.

use std::process::Command;

use keymoot_core::json::{Json, parse};

use super::fixture::{Folder, Key, Outcome, keys, root, signed, with};

/// Keys that never count, of every shape that was met and of some that may come.
const STRANGE: [(&str, &str, &str); 6] = [
    (
        "keyless",
        r#"{"keytype": "sigstore-oidc", "scheme": "Fulcio", "x-tuf-on-ci-keyowner": "@holder-9",
            "keyval": {"identity": "holder-9@example.com", "issuer": "https://example.com"}}"#,
        "\"sigstore-oidc\" with \"Fulcio\"",
    ),
    (
        "lattice",
        r#"{"keytype": "ml-dsa", "scheme": "ml-dsa-44/1", "keyval": {"public": "00ff"}}"#,
        "\"ml-dsa\" with \"ml-dsa-44/1\"",
    ),
    (
        "nothing",
        "null",
        "signed.keys.nothing: null where an object belongs",
    ),
    (
        "words",
        "[\"a\", {}]",
        "signed.keys.words: an array where an object belongs",
    ),
    (
        "bare",
        r#"{"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": {}}"#,
        "signed.keys.bare.keyval: no member \"public\"",
    ),
    (
        "short",
        r#"{"keytype": "rsa", "scheme": "rsassa-pss-sha256", "keyval": {"public":
            "-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC5cdghHzkc9KZGq7NzflRd1WD6\nZH6sti6bHP2tFAbtwC69/hCPUn9xf+ykhIGV3SGoqIU3Gc3aWvokCmdTOkRRpOG5\n0hzFoNKR9FJYqc0CfULtzwdhNRnmnHmcbdoLT8JRccJ1NwiA4FyX3KBDCDrAQrfJ\nmjqW+OhJuJByOgSVYwIDAQAB\n-----END PUBLIC KEY-----\n"}}"#,
        "it is an RSA key of 1024 bits; keymoot verifies with RSA keys of 2048 to 8192 bits",
    ),
];

/// A root of two ordinary keys and every strange one, of which two must sign.
fn strange_root(ordinary: &[Key]) -> (Json, Vec<Key>) {
    let strange = STRANGE.map(|(id, text, _)| {
        let object = parse(text.as_bytes(), 10_000).unwrap();
        Key::with_object(Key::new(9).secret, object).named(id)
    });
    let all = [ordinary, &strange].concat();
    (root(1, &all, 2), all)
}

#[test]
fn keys_of_any_shape_are_kept_named_and_not_counted() {
    let folder = Folder::new();
    let ordinary = keys([1, 2]);
    let (content, all) = strange_root(&ordinary);
    folder.put("root.json", signed(&content, &ordinary));
    let outcome = folder.verify(&["root.json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.report);
    let warnings = outcome.report["roots"][0]["warnings"].as_array().unwrap();
    for (id, _, why) in STRANGE {
        let named = warnings.iter().any(|warning| {
            let message = warning["message"].as_str().unwrap();
            warning["name"] == "UNUSABLE-KEY" && message.contains(id) && message.contains(why)
        });
        assert!(named, "{id}: {warnings:#?}");
    }

    folder.put("root.json", signed(&content, &all[1..]));
    let outcome = folder.verify(&["root.json"]);
    assert_eq!(outcome.errors(), ["TOO-FEW-SIGNATURES"]);
    assert!(outcome.message().contains("1 valid of 2 needed"));
}

#[test]
fn metadata_from_before_1_0_is_named_so_and_never_shown_as_if_it_were_read() {
    let folder = Folder::new();
    let holders = keys([1]);
    let content = with(root(1, &holders, 1), "_type", "Root".into());
    folder.put("root.json", signed(&content, &holders));
    let outcome = folder.verify(&["root.json"]);
    assert_eq!((outcome.code, outcome.errors()), (3, vec!["BEFORE-1.0"]));
    assert!(outcome.message().contains("its _type is \"Root\""));
    let show = Command::new(env!("CARGO_BIN_EXE_keymoot"))
        .current_dir(folder.path())
        .args(["tuf", "show", "root.json"])
        .output()
        .unwrap();
    assert_eq!(show.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&show.stderr).contains("from before TUF 1.0"));
}

#[test]
fn a_type_that_no_role_has_is_refused_with_its_place() {
    let folder = Folder::new();
    let holders = keys([1]);
    let content = with(root(1, &holders, 1), "_type", "mirrors".into());
    folder.put("mirrors.json", signed(&content, &holders));
    let outcome = folder.verify(&["mirrors.json"]);
    assert_eq!((outcome.code, outcome.errors()), (3, vec!["MALFORMED"]));
    let message = Outcome::message(&outcome);
    assert!(
        message.contains("signed._type: \"mirrors\" where root"),
        "{message}"
    );
}
