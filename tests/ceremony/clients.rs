//! Complete clients, from 1.root.json through every root to the authorised file: what a
//! ceremony exports, with a snapshot and a timestamp by a test key, served on loopback.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use keymoot::rehearsal::cast::Cast;
use keymoot_core::digest::Digest;
use keymoot_tuf::Dialect;
use tough::{FilesystemTransport, IntoVec as _, RepositoryLoader, TargetName};

use testkit::stage::{Stage, keymoot, said};

const POLICY: &str = include_str!("../../ceremony-scripts/policy.toml");
const TARGET: &str = "crates/root.json";

/// The occasions that change what clients follow.
const OCCASIONS: [&str; 4] = [
    "initial-root",
    "annual-resign",
    "change-policy",
    "emergency-revocation",
];

/// A client, and what it followed to: the root's version, and the file's SHA-256.
type Answer = Result<(u64, String), String>;

/// A dialect that a client cannot read: why, and words of the client's own error.
type Limit = (Dialect, &'static str, &'static str);

/// A client, how it is run, and its limits.
type Client = (&'static str, fn(&Path, Dialect) -> Answer, &'static [Limit]);

const CLIENTS: [Client; 3] = [
    ("python-tuf 7.0", python_tuf, &[]),
    (
        "tuf-js 3.1",
        tuf_js,
        &[(Dialect::TufCi, "reads no DSSE", "signed is not defined")],
    ),
    (
        "tough 0.24",
        tough_client,
        &[
            (Dialect::TufCi, "reads no DSSE", "Invalid hex string"),
            (
                Dialect::Tufops,
                "refuses key ids of SubjectPublicKeyInfo",
                "Invalid key ID",
            ),
        ],
    ),
];

fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn python(arguments: &[&str]) -> Result<String, String> {
    let python = std::env::var_os("KEYMOOT_PYTHON")
        .map_or_else(|| workspace("target/test-venv/bin/python"), PathBuf::from);
    printed(
        Command::new(python)
            .arg(workspace("tests/python/clients.py"))
            .args(arguments),
    )
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

fn tuf_js(served: &Path, _: Dialect) -> Answer {
    let modules = std::env::var_os("KEYMOOT_NODE_MODULES")
        .map_or_else(|| workspace("target/test-node/node_modules"), PathBuf::from);
    let mut command = Command::new("node");
    command
        .env("NODE_PATH", modules)
        .arg(workspace("tests/node/client.js"));
    printed(command.arg(served)).map(|line| answer(&line))
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

/// The ceremonies of three holders; each bundle's path. The change of the policy replaces
/// the first online key by the second.
fn ceremonies(stage: &Stage, dialect: Dialect, [first, second]: &[String; 2]) -> Vec<PathBuf> {
    let policy = POLICY
        .replace("holders = 9", "holders = 3")
        .replace("threshold = 5", "threshold = 2")
        .replace("\"tuf-on-ci\"", &format!("\"{dialect}\""));
    let mut policy = format!(
        "{policy}\n[online]\nuri = \"gcpkms:test\"\npublic_key = \"\"\"\n{first}\"\"\"\n\
         snapshot = {{ expiry_days = 21, signing_days = 7 }}\n\
         timestamp = {{ expiry_days = 7, signing_days = 3 }}\n"
    );
    let mut cast = Cast::of(3);
    let mut bundles: Vec<PathBuf> = Vec::new();
    for script in OCCASIONS {
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
        assert!(
            output.status.success(),
            "{dialect} {script}: {}",
            said(&output)
        );
        bundles.push(out);
    }
    bundles
}

#[test]
fn every_client_follows_every_root_to_the_authorised_file() {
    let mut failures = Vec::new();
    println!(
        "| dialect | occasion | {} |",
        CLIENTS.map(|(name, ..)| name).join(" | ")
    );
    for dialect in Dialect::ALL {
        let stage = Stage::new();
        let keys = ["first.pem", "second.pem"].map(|name| stage.path(name));
        let online =
            [&keys[0], &keys[1]].map(|key| python(&["key", key.to_str().unwrap()]).unwrap());
        let tree = stage.path("tree");
        fs::create_dir(&tree).unwrap();
        for (bundle, version) in ceremonies(&stage, dialect, &online).iter().zip(1_u64..) {
            let mut export = keymoot();
            export.args([
                "export",
                "--rehearsal",
                "--dialect",
                dialect.name(),
                "--into",
            ]);
            let output = export.arg(&tree).arg(bundle).output().unwrap();
            assert!(output.status.success(), "{}", said(&output));
            let served = stage.path("served");
            let key = &keys[usize::from(version >= 3)];
            let [tree, out, key] = [&tree, &served, key].map(|path| path.to_str().unwrap());
            python(&[
                "publish",
                tree,
                out,
                form(dialect),
                key,
                &version.to_string(),
            ])
            .unwrap();
            let file = fs::read(Path::new(tree).join("targets").join(TARGET)).unwrap();
            let wanted = (version, Digest::of(&file).to_string());
            let mut cells = Vec::new();
            for (name, client, limits) in CLIENTS {
                let limit = limits.iter().find(|(limited, ..)| *limited == dialect);
                let found = client(&served, dialect);
                cells.push(match (&found, limit) {
                    (Ok(found), None) if *found == wanted => "pass".to_owned(),
                    (Err(error), Some((_, why, words))) if error.contains(words) => {
                        (*why).to_owned()
                    }
                    (found, _) => {
                        failures.push(format!("{dialect}, root {version}, {name}: {found:?}"));
                        "FAIL".to_owned()
                    }
                });
            }
            let occasion = OCCASIONS[usize::try_from(version).unwrap() - 1];
            println!("| {dialect} | {occasion} | {} |", cells.join(" | "));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
