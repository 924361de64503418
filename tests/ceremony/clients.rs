//! Complete clients, from 1.root.json through every root to the authorised file: what a
//! ceremony exports, with a snapshot and a timestamp by a test key, served on loopback.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use keymoot::rehearsal::cast::Cast;
use keymoot_core::digest::Digest;
use keymoot_record::clients::{CLIENTS, Client, Limit, Of};
use keymoot_tuf::{Dialect, key::Algorithm};
use tough::{FilesystemTransport, IntoVec as _, RepositoryLoader, TargetName};

use testkit::{
    programs::{python_program, sigstore},
    stage::{Stage, keymoot, said},
};

const POLICY: &str = include_str!("../../ceremony-scripts/policy.toml");
const TARGET: &str = "crates/root.json";

/// The occasions that change what clients follow.
const OCCASIONS: [&str; 4] = [
    "initial-root",
    "annual-resign",
    "change-policy",
    "emergency-revocation",
];

/// The algorithms that a policy can allow, by its names; holders' keys are all of the first.
const ALGORITHMS: [(&str, Algorithm); 4] = [
    ("ecdsa-p256", Algorithm::EcdsaP256),
    ("ed25519", Algorithm::Ed25519),
    ("ecdsa-p384", Algorithm::EcdsaP384),
    ("rsa-pss", Algorithm::RsaPss),
];

/// What a client followed to: the root's version, and the file's SHA-256.
type Answer = Result<(u64, String), String>;

/// How each client of the table is run; and its own words where it does not follow, by the kind.
type Run = (
    &'static str,
    fn(&Path, Dialect) -> Answer,
    &'static [(Of, &'static str)],
);

const RUNS: [Run; 4] = [
    ("python-tuf", python_tuf, &[]),
    (
        "sigstore-tuf",
        sigstore_tuf,
        &[(Of::Dialect(Dialect::TufCi), "missing `signed`")],
    ),
    (
        "tuf-js",
        tuf_js,
        &[
            (Of::Dialect(Dialect::TufCi), "signed is not defined"),
            (
                Of::Algorithm(Algorithm::EcdsaP384),
                "timestamp was signed by 0/1 keys",
            ),
        ],
    ),
    (
        "tough",
        tough_client,
        &[
            (Of::Dialect(Dialect::TufCi), "Invalid hex string"),
            (Of::Dialect(Dialect::Tufops), "Invalid key ID"),
            (
                Of::Algorithm(Algorithm::EcdsaP384),
                "Invalid SubjectPublicKeyInfo",
            ),
        ],
    ),
];

fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn python(arguments: &[&str]) -> Result<String, String> {
    printed(python_program("clients.py").args(arguments))
}

fn printed(command: &mut Command) -> Result<String, String> {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).unwrap()),
        false => Err(error.lines().last().unwrap_or_default().to_owned()),
    }
}

fn form(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::TufCi => "dsse",
        Dialect::TufOnCi | Dialect::Tufops => "pouf1",
    }
}

fn answer(line: &str) -> (u64, String) {
    let (version, hash) = line.trim().split_once(' ').unwrap();
    (version.parse().unwrap(), hash.to_owned())
}

fn python_tuf(served: &Path, dialect: Dialect) -> Answer {
    python(&["follow", served.to_str().unwrap(), form(dialect)]).map(|line| answer(&line))
}

fn modules() -> PathBuf {
    std::env::var_os("KEYMOOT_NODE_MODULES")
        .map_or_else(|| workspace("target/test-node/node_modules"), PathBuf::from)
}

fn tuf_js(served: &Path, _: Dialect) -> Answer {
    let mut command = Command::new("node");
    command
        .env("NODE_PATH", modules())
        .arg(workspace("tests/node/client.js"));
    printed(command.arg(served)).map(|line| answer(&line))
}

fn sigstore_tuf(served: &Path, _: Dialect) -> Answer {
    let root = served.join("metadata/1.root.json");
    let mut command = Command::new(sigstore());
    printed(command.arg(served).arg(root).arg(TARGET)).map(|line| answer(&line))
}

fn tough_client(served: &Path, _: Dialect) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let url = |folder: &str| {
        let path = served.join(folder);
        format!("file://{}/", path.display()).parse().unwrap()
    };
    runtime.block_on(async {
        let root = fs::read(served.join("metadata/1.root.json")).unwrap();
        let loader = RepositoryLoader::new(&root, url("metadata"), url("targets"));
        let repository = loader.transport(FilesystemTransport).load().await;
        let repository = repository.map_err(|error| error.to_string())?;
        let name = TargetName::new(TARGET).unwrap();
        let stream = repository.read_target(&name).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let stream = stream.ok_or("no role lists the file")?;
        let bytes = stream.into_vec().await.map_err(|error| error.to_string())?;
        let version = repository.root().signed.version.get();
        Ok((version, Digest::of(&bytes).to_string()))
    })
}

/// The policy of three holders in a dialect, with an online key.
pub(crate) fn policy(dialect: Dialect, algorithm: &str, online: &str) -> String {
    let widened = match algorithm {
        "ecdsa-p256" => String::new(),
        other => format!("algorithms = [\"{other}\"]\n"),
    };
    let policy = POLICY
        .replace("holders = 9", "holders = 3")
        .replace("threshold = 5", "threshold = 2")
        .replace("dialect =", &format!("{widened}dialect ="))
        .replace("\"tuf-on-ci\"", &format!("\"{dialect}\""));
    format!(
        "{policy}\n[online]\nuri = \"gcpkms:test\"\npublic_key = \"\"\"\n{online}\"\"\"\n\
         snapshot = {{ expiry_days = 21, signing_days = 7 }}\n\
         timestamp = {{ expiry_days = 7, signing_days = 3 }}\n"
    )
}

/// The ceremonies of these occasions; each bundle's path. The change of the policy replaces the
/// first online key by the second.
pub(crate) fn ceremonies(
    stage: &Stage,
    mut policy: String,
    occasions: &[&str],
    [first, second]: &[String; 2],
) -> Vec<PathBuf> {
    let mut cast = Cast::of(3);
    let mut bundles: Vec<PathBuf> = Vec::new();
    for &script in occasions {
        let [out, dir, roster] =
            ["", ".ceremony", ".roster.toml"].map(|end| stage.path(&format!("{script}{end}")));
        if script == "change-policy" {
            policy = policy.replace(first.as_str(), second);
        }
        fs::write(stage.path("policy.toml"), &policy).unwrap();
        if script == "emergency-revocation" {
            let devices = fs::read_dir(bundles[0].join("attestations/holder-1")).unwrap();
            let root = fs::read_to_string(
                bundles
                    .last()
                    .unwrap()
                    .join("repositories/tuf-root/metadata/root.json"),
            )
            .unwrap();
            let serials = devices.map(|entry| entry.unwrap().path()).filter(|device| {
                let key = fs::read_to_string(device.join("key.pem")).unwrap();
                root.contains(key.lines().nth(1).unwrap())
            });
            let serial = serials.map(|device| {
                let name = device.file_name().unwrap().to_str().unwrap().to_owned();
                name.parse::<u32>().unwrap()
            });
            cast.revoked(1, serial.last().unwrap(), "stolen (simulated)");
        }
        fs::write(&roster, cast.roster()).unwrap();
        let mut command = keymoot();
        command.args([
            "rehearse",
            script,
            "--unattended",
            "--seed",
            "7",
            "--policy",
        ]);
        command
            .arg(stage.path("policy.toml"))
            .arg("--roster")
            .arg(roster);
        command.arg("--dir").arg(dir).arg("--out").arg(&out);
        match bundles.last() {
            None => command.args(["--spares", "1"]),
            Some(last) => command.arg("--previous").arg(last),
        };
        let output = command.output().unwrap();
        assert!(output.status.success(), "{script}: {}", said(&output));
        bundles.push(out);
    }
    bundles
}

/// Holds ceremonies in a dialect with an online key of an algorithm, publishes each result, and
/// starts every client; what is not as the table says.
fn followed(
    dialect: Dialect,
    (name, algorithm): (&str, Algorithm),
    occasions: &[&str],
) -> Vec<String> {
    let stage = Stage::new();
    let keys = ["first.pem", "second.pem"].map(|name| stage.path(name));
    let online =
        [&keys[0], &keys[1]].map(|key| python(&["key", key.to_str().unwrap(), name]).unwrap());
    let tree = stage.path("tree");
    fs::create_dir(&tree).unwrap();
    let policy = policy(dialect, name, &online[0]);
    let bundles = ceremonies(&stage, policy, occasions, &online);
    let mut failures = Vec::new();
    for ((bundle, occasion), version) in bundles.iter().zip(occasions).zip(1_u64..) {
        let served = stage.path("served");
        let key = &keys[usize::from(version >= 3)];
        publish(bundle, dialect, &tree, &served, key, version);
        let file = fs::read(tree.join("targets").join(TARGET)).unwrap();
        let wanted = (version, Digest::of(&file).to_string());
        let mut cells = Vec::new();
        for (client, (name, run, words)) in CLIENTS.iter().zip(RUNS) {
            assert_eq!(client.name, name);
            let limits: Vec<_> = client
                .limits_of(dialect, &[Algorithm::EcdsaP256, algorithm])
                .collect();
            let found = run(&served, dialect);
            reported(bundle, client, &limits);
            let own = |error: &str| {
                let due = words
                    .iter()
                    .filter(|(of, _)| limits.iter().any(|l| l.of == *of));
                due.into_iter().any(|(_, words)| error.contains(words))
            };
            cells.push(match (&found, limits.as_slice()) {
                (Ok(found), []) if *found == wanted => "follows".to_owned(),
                (Err(error), [_, ..]) if own(error) => {
                    let limits: Vec<_> = limits.iter().map(|limit| limit.to_string()).collect();
                    limits.join("; ")
                }
                (found, limits) => {
                    failures.push(format!(
                        "{dialect}, {algorithm:?}, root {version}, {client}: {found:?}, and the \
                         table has {limits:?}"
                    ));
                    "FAIL".to_owned()
                }
            });
        }
        println!(
            "| {dialect} | {name} | {occasion} | {} |",
            cells.join(" | ")
        );
    }
    failures
}

/// The bundle's report says of a client what the table does.
fn reported(bundle: &Path, client: &Client, limits: &[&Limit]) {
    let limits: Vec<_> = limits.iter().map(|limit| limit.to_string()).collect();
    let found = match limits.as_slice() {
        [] => "followed every root to the authorised file".to_owned(),
        limits => format!("**does not follow**: {}", limits.join("; ")),
    };
    let report = fs::read_to_string(bundle.join("report.md")).unwrap();
    let line = format!("| **{}** | {} | {found} |", client.name, client.version);
    assert!(report.contains(&line), "{line}");
}

/// Exports a bundle into a tree, signs snapshot and timestamp, and lays out what a server has.
pub(crate) fn publish(
    bundle: &Path,
    dialect: Dialect,
    tree: &Path,
    served: &Path,
    key: &Path,
    version: u64,
) {
    let mut export = keymoot();
    export.args([
        "export",
        "--rehearsal",
        "--dialect",
        dialect.name(),
        "--into",
    ]);
    let output = export.arg(tree).arg(bundle).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    for client in CLIENTS {
        let warned = said(&output).contains(&format!("{client} follows no documents in {dialect}"));
        assert_eq!(
            warned,
            client.limits_of(dialect, &[]).next().is_some(),
            "{client}"
        );
    }
    let [tree, served, key] = [tree, served, key].map(|path| path.to_str().unwrap());
    let version = version.to_string();
    python(&["publish", tree, served, form(dialect), key, &version]).unwrap();
}

#[test]
fn every_client_follows_every_root_of_tuf_on_ci_to_the_authorised_file() {
    let failures = followed(Dialect::TufOnCi, ALGORITHMS[0], &OCCASIONS);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_client_follows_every_root_of_tufops_as_the_table_says() {
    let failures = followed(Dialect::Tufops, ALGORITHMS[0], &OCCASIONS);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_client_follows_every_root_of_tuf_ci_as_the_table_says() {
    let failures = followed(Dialect::TufCi, ALGORITHMS[0], &OCCASIONS);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_client_follows_an_online_key_of_every_algorithm_as_the_table_says() {
    let others = Dialect::ALL
        .into_iter()
        .flat_map(|dialect| ALGORITHMS[1..].iter().map(move |of| (dialect, *of)));
    let failures: Vec<_> = others
        .flat_map(|(dialect, algorithm)| followed(dialect, algorithm, &OCCASIONS[..1]))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_table_names_the_versions_that_the_tests_run() {
    let locked = |lock: &str, name: &str| {
        let package = format!("name = \"{name}\"\nversion = \"");
        let (_, rest) = lock.split_once(&package).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let read = |path: &str| fs::read_to_string(workspace(path)).unwrap();
    let package = fs::read(modules().join("tuf-js/package.json")).unwrap();
    let package: serde_json::Value = serde_json::from_slice(&package).unwrap();
    let found = [
        python(&["version"]).unwrap().trim().to_owned(),
        locked(&read("benches/sigstore/Cargo.lock"), "sigstore-tuf"),
        package["version"].as_str().unwrap().to_owned(),
        locked(&read("Cargo.lock"), "tough"),
    ];
    assert_eq!(CLIENTS.map(|client| client.version.to_owned()), found);
}
