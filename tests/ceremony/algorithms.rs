//! Keys that not every client reads, refused before a device is touched.

use std::fs;

use keymoot::rehearsal::cast;

use testkit::stage::{Stage, said};

const POLICY: &str = include_str!("../../ceremony-scripts/policy.toml");

/// A P-384 key whose private half is deleted.
const P384: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAESwqGQUopWsSMRfO75QVsPBITp+F3aQ20
sx9ynv99tYqUC1C2HbZHqXPTOwKFYO5Yv8UO62lHplFMsogky65Ew8bs5KYTNpT8
UaXmSY+V4oR7gLn8MWGC5T4hNxA/74Nz
-----END PUBLIC KEY-----
";

/// An RSA key whose private half is deleted.
const RSA: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxT4B4e4QBUiF6wqjBCHi
zoym9nINa5Zvt2xvYITHzOBt9Hp4pxq/uKdfej0Dh5rjpb7qwJsfxKCx/D43hsfX
dg8Yteq27xZKogxQN9yJ3CBdpzXNq9OTbmz8ymbL9fY+4BVqXDzqmfZaoZevPbuz
Ti4iCw2Nbq4YCdxqr665ORX7EWOe8HQqU52+1kghVpJ2y+m/cudcj6GTx0ssB1oQ
QTJU5Y7vC1hCO8oBOK4akIZAGDBZd+w6oY7srdfahZvr3qp0Ej8PuJ8xnyAlYRhH
Zs1zjkQ9aRWEXFGAyH2USrLqFTkYWdJK2dddS5vDVNqG46l3T3aNISD03HDfaoBM
bQIDAQAB
-----END PUBLIC KEY-----
";

/// Ceremonies of three holders with this online key.
fn rehearsed(stage: &Stage, online: &str, widened: &str) -> std::process::Output {
    let policy = POLICY
        .replace("holders = 9", "holders = 3")
        .replace("threshold = 5", "threshold = 2")
        .replace("dialect =", &format!("{widened}dialect ="));
    let policy = cast::with_online_key(&policy).unwrap();
    let begin = policy.rfind("-----BEGIN").unwrap();
    let end = "-----END PUBLIC KEY-----\n";
    let end = policy.rfind(end).unwrap() + end.len();
    let policy = format!("{}{online}{}", &policy[..begin], &policy[end..]);
    let path = stage.path("policy.toml");
    fs::write(&path, policy).unwrap();
    stage.rehearsed(&["--holders", "3", "--policy", path.to_str().unwrap()])
}

/// The plan with this online key ends with these words, before a folder is made.
fn is_refused(online: &str, words: &str) {
    let stage = Stage::new();
    let output = rehearsed(&stage, online, "");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(words), "{said}");
    assert!(!stage.dir().exists());
}

#[test]
fn an_online_key_that_tough_refuses_ends_the_plan_before_a_folder_is_made() {
    is_refused(
        P384,
        "KEY-ALGORITHM: the online key: ecdsa-p384 (tuf-js 3.1.0 verifies such a signature \
         with SHA-256, and so refuses it; tough 0.24.0 refuses every document that has such a \
         key)",
    );
}

#[test]
fn an_rsa_key_is_refused_where_the_policy_does_not_allow_it() {
    is_refused(RSA, "KEY-ALGORITHM: the online key: rsa");
}

#[test]
fn a_policy_that_widens_the_algorithms_is_accepted_with_the_clients_that_fail() {
    let stage = Stage::new();
    let output = rehearsed(&stage, P384, "algorithms = [\"ecdsa-p384\"]\n");
    assert!(output.status.success(), "{}", said(&output));
    let said = said(&stage.verify(&["--rehearsal"]));
    assert!(
        said.contains("as the policy allows: the online key: ecdsa-p384"),
        "{said}"
    );
    assert!(said.contains("tough 0.24.0 refuses"), "{said}");
}

#[test]
fn a_policy_that_names_an_unknown_algorithm_is_refused() {
    let stage = Stage::new();
    let output = rehearsed(&stage, P384, "algorithms = [\"p384\"]\n");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("algorithms: keymoot knows no"), "{said}");
}
