//! Roots in the form of sigstore's versions 1 to 4. The keys are points in hexadecimal under the
//! scheme's name, and times have fractions or an offset. Version 5 names the same keys again and is
//! signed under both names.

use keymoot_core::json::Json;
use keymoot_tuf::PublicKey;
use p256::ecdsa::SigningKey;
use serde_json::Value;

use super::fixture::{Folder, Key, Outcome, root, signed, with};

/// A key as go-tuf wrote it then, the point in hexadecimal or the key in PEM.
fn old_key(seed: u8, pem: bool) -> Key {
    let secret = SigningKey::from_slice(&[seed; 32]).unwrap();
    let point = secret.verifying_key().to_sec1_point(false);
    let public = match pem {
        true => PublicKey::from_p256_point(point.as_bytes()).unwrap().pem(),
        false => hex::encode(point.as_bytes()),
    };
    let algorithms = ["sha256", "sha512"].map(Json::from).into_iter().collect();
    let object = Json::object([
        ("keyid_hash_algorithms", algorithms),
        ("keytype", "ecdsa-sha2-nistp256".into()),
        ("keyval", Json::object([("public", public.into())])),
        ("scheme", "ecdsa-sha2-nistp256".into()),
    ]);
    Key::with_object(secret, object)
}

fn old_root(version: u64, expires: &str, holders: &[Key]) -> Json {
    let content = with(root(version, holders, 3), "expires", expires.into());
    let content = with(content, "spec_version", "1.0".into());
    with(content, "consistent_snapshot", false.into())
}

fn write_history(folder: &Folder) {
    let hex: Vec<_> = (1..=5).map(|seed| old_key(seed, false)).collect();
    let pem: Vec<_> = (1..=5).map(|seed| old_key(seed, true)).collect();
    for (version, expires) in [
        (1, "2021-12-18T13:28:12.99008-06:00"),
        (2, "2022-05-11T19:09:02.663975009Z"),
        (3, "2022-08-11T19:09:02.663975009Z"),
        (4, "2023-01-12T18:22:02Z"),
    ] {
        let content = old_root(version, expires, &hex);
        folder.put(&format!("{version}.root.json"), signed(&content, &hex));
    }
    let content = old_root(5, "2023-04-18T18:13:43Z", &pem);
    let both = [&pem[..4], &hex[..4]].concat();
    folder.put("5.root.json", signed(&content, &both));
}

fn warnings(root: &Value) -> Vec<&str> {
    Outcome::names(&root["warnings"])
}

#[test]
fn they_verify_with_their_oddities_and_no_others() {
    let folder = Folder::new();
    write_history(&folder);
    let names = [5, 3, 1, 4, 2].map(|version| format!("{version}.root.json"));
    let files: Vec<_> = names.iter().map(String::as_str).collect();
    let outcome = folder.verify(&[&files[..], &["--trusted-root", "1.root.json"]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.report["errors"]);
    let roots = outcome.report["roots"].as_array().unwrap();
    let found: Vec<_> = roots.iter().map(warnings).collect();
    let fraction = ["LEGACY-KEY-TYPE", "UNUSUAL-TIME"];
    let renamed = ["LEGACY-KEY-TYPE", "KEY-UNDER-SEVERAL-IDS"];
    let plain = ["LEGACY-KEY-TYPE"];
    assert_eq!(
        found,
        [&fraction[..], &fraction, &fraction, &plain, &renamed]
    );
    assert_eq!(roots[0]["expires"], "2021-12-18T13:28:12.99008-06:00");
    assert!(roots[0]["expired"].as_bool().unwrap());
}

#[test]
fn the_fifth_alone_still_shows_that_its_keys_sign_under_two_names() {
    let folder = Folder::new();
    write_history(&folder);
    let outcome = folder.verify(&["5.root.json"]);
    assert_eq!(outcome.code, 0);
    assert_eq!(
        warnings(&outcome.report["roots"][0]),
        ["LEGACY-KEY-TYPE", "KEY-UNDER-SEVERAL-IDS"]
    );
}
