//! A repository of tufops: the refusals of its program, checked here by its own rules of
//! September 2026 (`config.rs`, `pattern.rs` and `repo.rs` of tufops-core).

use std::{collections::BTreeMap, fs, path::Path};

use keymoot::rehearsal::cast;
use keymoot_tuf::{Document, Targets};
use serde::Deserialize;
use serde_json::Value;

use testkit::stage::{Stage, keymoot, said};

const POLICY: &str = include_str!("../../ceremony-scripts/policy.toml");

/// `tufops.toml` as tufops reads it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    storage: String,
    keys: BTreeMap<String, Key>,
    roles: BTreeMap<String, Role>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    owner: Option<String>,
    online: Option<String>,
    public_key: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Role {
    keys: Vec<String>,
    threshold: usize,
    expires_days: i64,
    signing_days: i64,
    #[serde(default)]
    paths: Vec<String>,
}

/// A tree with the result of a ceremony of three holders and two delegations.
fn exported(stage: &Stage) -> std::path::PathBuf {
    let policy = POLICY
        .replace("holders = 9", "holders = 3")
        .replace("threshold = 5", "threshold = 2")
        .replace("\"tuf-on-ci\"", "\"tufops\"");
    let policy = cast::with_online_key(&policy).unwrap() + &cast::delegations().unwrap();
    fs::write(stage.path("policy.toml"), policy).unwrap();
    let policy = stage.path("policy.toml");
    let held = stage.rehearsed(&["--holders", "3", "--policy", policy.to_str().unwrap()]);
    assert!(held.status.success(), "{}", said(&held));
    let tree = stage.path("tree");
    fs::create_dir(&tree).unwrap();
    export(&stage.out(), &tree);
    tree
}

fn export(bundle: &Path, tree: &Path) -> String {
    let mut command = keymoot();
    command.args(["export", "--rehearsal", "--dialect", "tufops", "--into"]);
    let output = command.arg(tree).arg(bundle).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

fn config(tree: &Path) -> Config {
    toml::from_str(&fs::read_to_string(tree.join("tufops.toml")).unwrap()).unwrap()
}

fn targets(tree: &Path) -> Targets {
    let bytes = fs::read(tree.join("metadata/targets.json")).unwrap();
    Targets::read(&Document::parse(&bytes, bytes.len()).unwrap()).unwrap()
}

/// The patterns that tufops refuses since September 2026.
fn is_refused(pattern: &str) -> bool {
    pattern.is_empty()
        || pattern.starts_with('/')
        || pattern.ends_with('/')
        || pattern.contains('[')
}

#[test]
fn tufops_loads_the_exported_file_and_finds_the_delegations_in_its_order() {
    let stage = Stage::new();
    let tree = exported(&stage);
    let config = config(&tree);
    for (name, key) in &config.keys {
        assert!(key.owner.is_some() != key.online.is_some(), "{name}");
        assert!(key.public_key.contains("BEGIN PUBLIC KEY"), "{name}");
    }
    for top in ["root", "targets", "snapshot", "timestamp"] {
        assert!(config.roles.contains_key(top), "{top}");
    }
    for (name, role) in &config.roles {
        assert!((1..=role.keys.len()).contains(&role.threshold), "{name}");
        assert!(0 < role.signing_days && role.signing_days < role.expires_days);
        let keys: Vec<_> = role.keys.iter().map(|key| &config.keys[key]).collect();
        if ["snapshot", "timestamp"].contains(&name.as_str()) {
            assert!(keys.iter().all(|key| key.online.is_some()), "{name}");
        }
        let top = ["root", "targets", "snapshot", "timestamp"].contains(&name.as_str());
        assert_eq!(top, role.paths.is_empty(), "{name}");
        assert!(
            !role.paths.iter().any(|path| is_refused(path)),
            "{:?}",
            role.paths
        );
    }
    let root = &config.roles["root"];
    assert_eq!(root.keys, ["holder-1", "holder-2", "holder-3"]);
    assert_eq!((root.expires_days, root.signing_days), (455, 90));
    assert_eq!(config.keys["holder-1"].owner.as_deref(), Some("@holder-1"));

    // `release/` and `nightly/` have more characters than `crates/`.
    let delegations = targets(&tree).delegations.unwrap();
    let found: Vec<_> = delegations
        .roles
        .iter()
        .map(|role| &role.name[..])
        .collect();
    assert_eq!(found, ["nightly", "release", "crates"]);
    for role in &delegations.roles {
        assert_eq!(role.paths, config.roles[&role.name].paths, "{}", role.name);
    }
}

#[test]
fn an_export_keeps_the_storage_and_the_names_of_keys_in_tufops_toml() {
    let stage = Stage::new();
    let tree = exported(&stage);
    let path = tree.join("tufops.toml");
    let text = fs::read_to_string(&path).unwrap();
    let renamed = text
        .replace("gs://BUCKET/PREFIX", "gs://rust-tuf/root")
        .replace("[keys.holder-2]", "[keys.spare]")
        .replace("\"holder-2\"", "\"spare\"");
    fs::write(&path, &renamed).unwrap();
    // The first export sorts the keys by their new names.
    export(&stage.out(), &tree);
    assert!(export(&stage.out(), &tree).contains("nothing was written"));
    assert_eq!(config(&tree).storage, "gs://rust-tuf/root");
    assert_eq!(
        config(&tree).keys["spare"].owner.as_deref(),
        Some("@holder-2")
    );

    fs::write(&path, "storage = ").unwrap();
    let mut command = keymoot();
    command.args(["export", "--rehearsal", "--dialect", "tufops", "--into"]);
    let refused = command.arg(&tree).arg(stage.out()).output().unwrap();
    let said = said(&refused);
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(
        said.contains("EXPORT-TREE") && said.contains("tufops.toml"),
        "{said}"
    );
}

#[test]
fn status_names_holders_and_periods_out_of_tufops_toml() {
    let stage = Stage::new();
    let tree = exported(&stage);
    // Without enrolments only the file says who holds a key.
    fs::remove_dir_all(tree.join("attestations")).unwrap();
    let mut command = keymoot();
    let output = command.args(["status", "--json"]).arg(&tree).output();
    let status: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    let holders = status["holders"].as_array().unwrap();
    let names: Vec<_> = holders.iter().map(|holder| &holder["holder"]).collect();
    assert_eq!(names, ["holder-1", "holder-2", "holder-3"]);
    for document in status["documents"].as_array().unwrap() {
        assert!(document["signing_begins"].is_string(), "{document}");
    }
}

#[test]
fn the_next_ceremony_starts_from_the_tree_of_tufops() {
    let stage = Stage::new();
    let tree = exported(&stage);
    let [dir, out] = ["next.ceremony", "next"].map(|name| stage.path(name));
    let mut command = keymoot();
    command.args(["rehearse", "annual-resign", "--unattended", "--seed", "7"]);
    command.arg("--dir").arg(dir).arg("--out").arg(&out);
    // A tree has no policy and no roster of its own.
    command.arg("--policy").arg(stage.path("policy.toml"));
    command.arg("--roster").arg(stage.out().join("roster.toml"));
    command.arg("--previous").arg(&tree);
    let said = said(&command.output().unwrap());
    assert!(
        said.contains("the previous state was verified: no rule violated"),
        "{said}"
    );
}
