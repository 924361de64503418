//! Documents of simulated holders, and the program that verifies them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use keymoot_core::digest::Digest;
use keymoot_core::json::{Json, Object, canonical, pretty};
use keymoot_tuf::PublicKey;
use keymoot_tuf::key::write_object;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use serde_json::Value;

pub(crate) const EXPIRES: &str = "2037-11-01T00:00:00Z";

/// A key and the names of its holder; the id is the hash of the object.
#[derive(Clone)]
pub(crate) struct Key {
    pub secret: SigningKey,
    pub id: String,
    pub object: Json,
}

impl Key {
    pub(crate) fn new(seed: u8) -> Self {
        let secret = SigningKey::from_slice(&[seed; 32]).unwrap();
        let point = secret.verifying_key().to_sec1_point(false);
        let key = PublicKey::from_p256_point(point.as_bytes()).unwrap();
        Self::with_object(secret, Json::Object(write_object(&key)))
    }

    pub(crate) fn with_object(secret: SigningKey, object: Json) -> Self {
        let id = Digest::of(&canonical(&object)).to_string();
        Self { secret, id, object }
    }

    /// The same key under another name.
    pub(crate) fn named(&self, id: &str) -> Self {
        Self {
            id: id.to_owned(),
            ..self.clone()
        }
    }
}

pub(crate) fn keys<const N: usize>(seeds: [u8; N]) -> Vec<Key> {
    seeds.map(Key::new).to_vec()
}

pub(crate) fn key_objects(keys: &[Key]) -> Json {
    let objects = keys.iter().map(|key| (key.id.clone(), key.object.clone()));
    Json::Object(objects.collect())
}

pub(crate) fn role(keys: &[Key], threshold: u32) -> Object {
    let ids = keys.iter().map(|key| Json::from(key.id.as_str())).collect();
    [
        ("keyids".to_owned(), ids),
        ("threshold".to_owned(), threshold.into()),
    ]
    .into()
}

/// The signed part of a root whose holders sign root and targets, and whose
/// first holder signs the rest.
pub(crate) fn root(version: u64, holders: &[Key], threshold: u32) -> Json {
    let online = Json::Object(role(&holders[..1], 1));
    let quorum = Json::Object(role(holders, threshold));
    Json::object([
        ("_type", "root".into()),
        ("spec_version", "1.0.0".into()),
        ("version", version.into()),
        ("expires", EXPIRES.into()),
        ("consistent_snapshot", true.into()),
        ("keys", key_objects(holders)),
        (
            "roles",
            Json::object([
                ("root", quorum.clone()),
                ("targets", quorum),
                ("snapshot", online.clone()),
                ("timestamp", online),
            ]),
        ),
    ])
}

/// The signed part of a document that is no root, with the member of its kind.
pub(crate) fn document(kind: &str, version: u64, member: &str, value: Json) -> Json {
    Json::object([
        ("_type", kind.into()),
        ("spec_version", "1.0.0".into()),
        ("version", version.into()),
        ("expires", EXPIRES.into()),
        (member, value),
    ])
}

/// The delegations of everything to each of these roles, which has one key.
pub(crate) fn delegations(to: &[(&str, &Key)]) -> Json {
    let keys: Vec<Key> = to.iter().map(|(_, key)| (*key).clone()).collect();
    let roles = to.iter().map(|(name, key)| {
        let mut members: Object = role(std::slice::from_ref(*key), 1);
        members.insert("name".to_owned(), (*name).into());
        members.insert("paths".to_owned(), [Json::from("*")].into_iter().collect());
        members.insert("terminating".to_owned(), true.into());
        Json::Object(members)
    });
    Json::object([("keys", key_objects(&keys)), ("roles", roles.collect())])
}

/// A file as a snapshot or timestamp lists it, with more members.
pub(crate) fn listed(version: u64, more: &[(&str, Json)]) -> Json {
    let mut members = Object::from([("version".to_owned(), version.into())]);
    members.extend(
        more.iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    Json::Object(members)
}

/// A snapshot or timestamp that lists these files.
pub(crate) fn listing(kind: &str, version: u64, files: &[(&str, Json)]) -> Json {
    let files = files
        .iter()
        .map(|(name, file)| ((*name).to_owned(), file.clone()));
    document(kind, version, "meta", Json::Object(files.collect()))
}

/// The same with a member changed.
pub(crate) fn with(signed: Json, name: &str, value: Json) -> Json {
    let Json::Object(mut members) = signed else {
        panic!("no object");
    };
    members.insert(name.to_owned(), value);
    Json::Object(members)
}

/// A file in POUF-1 with a signature by each key.
pub(crate) fn signed(content: &Json, by: &[Key]) -> String {
    let bytes = canonical(content);
    let signatures = by
        .iter()
        .map(|key| {
            let signature: DerSignature = key.secret.sign(&bytes);
            Json::object([
                ("keyid", key.id.as_str().into()),
                ("sig", hex::encode(signature.as_bytes()).into()),
            ])
        })
        .collect();
    let file = Json::object([("signatures", signatures), ("signed", content.clone())]);
    pretty(&file, 1)
}

/// A folder of files to verify.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Verifies the files of these names, with other arguments among them.
    pub(crate) fn verify(&self, arguments: &[&str]) -> Outcome {
        let output = Command::new(env!("CARGO_BIN_EXE_keymoot"))
            .current_dir(self.0.path())
            .args(["tuf", "verify", "--json"])
            .args(arguments)
            .output()
            .unwrap();
        Outcome::of(&output)
    }
}

/// The output of the program.
pub(crate) struct Outcome {
    pub code: i32,
    pub report: Value,
}

impl Outcome {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().expect("it ended by itself"),
            report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        }
    }

    /// The names in a list of warnings or errors, each once.
    pub(crate) fn names(list: &Value) -> Vec<&str> {
        let mut names: Vec<_> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["name"].as_str().unwrap())
            .collect();
        names.dedup();
        names
    }

    pub(crate) fn errors(&self) -> Vec<&str> {
        Self::names(&self.report["errors"])
    }

    /// The message of the only error.
    pub(crate) fn message(&self) -> &str {
        assert_eq!(self.report["errors"].as_array().unwrap().len(), 1);
        self.report["errors"][0]["message"].as_str().unwrap()
    }

    /// Every verified root: its version, its chain, and whether it is trusted.
    pub(crate) fn roots(&self) -> Vec<(u64, u64, bool)> {
        let roots = self.report["roots"].as_array().unwrap().iter();
        roots
            .map(|root| {
                let number = |name: &str| root[name].as_u64().unwrap();
                let trusted = root["trusted"].as_bool().unwrap();
                (number("version"), number("chain"), trusted)
            })
            .collect()
    }
}
