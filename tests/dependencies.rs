//! The crates in the program: each known, licensed, and with a
//! reason; and no unknown one that could use a network.
//!
//! `make dependencies` writes `docs/dependencies.txt` again. Its diff is what a reviewer
//! of a change reads.

#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::Value;

/// Where the program is released for: the tree of another system is another one.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Crates that open connections, listen for some, or bring a protocol to do so with.
/// None may be in the program or run when it is built, under any version: another
/// program does what needs a network.
const SPEAKERS: [&str; 30] = [
    "actix-web",
    "async-io",
    "async-net",
    "async-std",
    "attohttpc",
    "axum",
    "curl",
    "curl-sys",
    "h2",
    "hickory-resolver",
    "hyper",
    "isahc",
    "minreq",
    "native-tls",
    "openssl",
    "openssl-sys",
    "quinn",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "ssh2",
    "surf",
    "tiny_http",
    "tokio",
    "tonic",
    "tungstenite",
    "ureq",
    "url",
    "webpki-roots",
];

/// The crates whose code names a TCP or UDP socket, and why each may.
const SOCKETS: [(&str, &str); 2] = [
    (
        "mio",
        "crossterm's way of waiting; its sockets are used by nobody here",
    ),
    (
        "yubihsm",
        "speaks to the connector, whose address can only be one on this machine",
    ),
];

/// The names of sockets in code.
const SOCKET_NAMES: [&str; 5] = [
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "libc::connect(",
    "libc::socket(",
];

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap()
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(std::env::var_os("CARGO").unwrap())
        .args(arguments)
        .arg("--locked")
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A crate, as a line of `docs/dependencies.txt` describes it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    /// Whether its code is in the program, or ran when that was built.
    linked: bool,
    sha256: String,
    licence: String,
}

impl Crate {
    fn line(&self) -> String {
        let Self {
            name,
            version,
            sha256,
            licence,
            ..
        } = self;
        let how = if self.linked { "linked" } else { "build" };
        format!("{how} {name} {version} {sha256} {licence}\n")
    }
}

/// Name, version and licence of the crates of a package, as `cargo tree` prints them.
fn tree(package: &str, edges: &str) -> BTreeMap<(String, String), String> {
    let printed = cargo(&[
        "tree",
        "--package",
        package,
        "--edges",
        edges,
        "--target",
        TARGET,
        "--prefix",
        "none",
        "--format",
        "{p}|{l}",
    ]);
    let crates = printed.lines().filter_map(|line| {
        let (package, licence) = line.trim_end_matches(" (*)").split_once('|')?;
        let mut words = package.split(' ');
        let name = words.next()?.to_owned();
        let version = words.next()?.trim_start_matches('v').to_owned();
        // What older crates write between alternatives.
        Some(((name, version), licence.replace('/', " OR ")))
    });
    crates.filter(|((name, _), _)| !is_ours(name)).collect()
}

/// Whether a crate is a member of this workspace.
fn is_ours(name: &str) -> bool {
    ["hsm-sim", "keymoot", "testkit"].contains(&name) || name.starts_with("keymoot-")
}

/// The checksum of every crate in Cargo.lock.
fn checksums() -> BTreeMap<(String, String), String> {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let text = |package: &toml::Value, name: &str| Some(package.get(name)?.as_str()?.to_owned());
    let packages = lock["package"].as_array().unwrap().iter();
    let listed = packages.filter_map(|package| {
        let of = (text(package, "name")?, text(package, "version")?);
        Some((of, text(package, "checksum")?))
    });
    listed.collect()
}

/// The crates of the program, from cargo: asked once for all tests.
fn crates() -> &'static [Crate] {
    static CRATES: OnceLock<Vec<Crate>> = OnceLock::new();
    CRATES.get_or_init(ask_for_crates)
}

fn ask_for_crates() -> Vec<Crate> {
    let (linked, checksums) = (tree("keymoot", "normal,no-proc-macro"), checksums());
    let all = tree("keymoot", "normal,build").into_iter();
    let mut crates: Vec<_> = all
        .map(|(of, licence)| Crate {
            linked: linked.contains_key(&of),
            sha256: checksums[&of].clone(),
            licence,
            name: of.0,
            version: of.1,
        })
        .collect();
    crates.sort();
    crates
}

#[test]
fn the_list_of_dependencies_is_what_the_program_is_made_of() {
    const HEAD: &str = "\
# Every crate of which code is in the program (linked), or ran when it was built (build).
# The SHA-256 is that of the crate as it was published. Written by `make dependencies`.
";
    let lines: String = crates().iter().map(Crate::line).collect();
    let wanted = format!(
        "{HEAD}# In all: keymoot {}, keymoot-verify {}.\n{lines}",
        crates().len(),
        tree("keymoot-verify", "normal,build").len()
    );
    if std::env::var_os("KEYMOOT_DEPENDENCIES").is_some() {
        fs::write(workspace().join("docs/dependencies.txt"), wanted).unwrap();
        return;
    }
    let found = read("docs/dependencies.txt");
    let (found, wanted): (BTreeSet<_>, BTreeSet<_>) =
        (found.lines().collect(), wanted.lines().collect());
    let new: Vec<_> = wanted.difference(&found).collect();
    let gone: Vec<_> = found.difference(&wanted).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "docs/dependencies.txt is out of date: `make dependencies`.\nnew: {new:#?}\ngone: {gone:#?}"
    );
}

#[test]
fn the_verifier_is_made_of_few_crates() {
    let crates = tree("keymoot-verify", "normal,build").len();
    assert!(crates <= 120, "{crates} crates");
}

/// The rows of a table in a section of the decisions: the name in the first column.
fn explained(section: &str) -> BTreeSet<String> {
    let decisions = read("docs/decisions.md");
    let (_, table) = decisions.split_once(&format!("\n## {section}\n")).unwrap();
    let (table, _) = table.split_once("\n## ").unwrap_or((table, ""));
    let rows = table.lines();
    rows.filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn every_dependency_has_its_reason_and_every_reason_its_dependency() {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let dependencies = packages.flat_map(|package| package["dependencies"].as_array().unwrap());
    let mut wanted: BTreeSet<String> = dependencies
        .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
        .collect();
    wanted.retain(|name| !is_ours(name));
    assert_eq!(explained("Dependencies"), wanted);
}

#[test]
fn every_crate_has_a_licence_out_of_those_that_were_considered() {
    let accepted = explained("Licences");
    let mut used = BTreeSet::new();
    for Crate { name, licence, .. } in crates() {
        let expression = spdx::Expression::parse(licence).unwrap();
        let holds = expression.evaluate(|wanted| {
            let wanted = wanted.license.id().map(|id| id.name.to_owned());
            let held = wanted.filter(|wanted| accepted.contains(wanted));
            used.extend(held.clone());
            held.is_some()
        });
        assert!(
            holds,
            "{name} is under {licence}: not a licence of docs/decisions.md"
        );
    }
    assert_eq!(used, accepted, "no crate is under a licence that is listed");
}

#[test]
fn no_crate_that_speaks_to_networks_is_in_the_program_or_builds_it() {
    let found: Vec<_> = crates()
        .iter()
        .filter(|found| SPEAKERS.contains(&found.name.as_str()))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// The Rust files below a folder, except tests, examples and benchmarks, which no
/// program is made from.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !["tests", "examples", "benches", "windows", "wasi"].contains(&name) {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// Whether a crate's code names a socket that reaches other machines.
fn names_a_socket(folder: &Path) -> bool {
    let mut files = Vec::new();
    sources(folder, &mut files);
    files.iter().any(|file| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        code.into_iter()
            .any(|line| SOCKET_NAMES.iter().any(|name| line.contains(name)))
    })
}

#[test]
fn every_crate_that_names_a_socket_is_known() {
    let linked: BTreeSet<_> = crates()
        .iter()
        .filter(|found| found.linked)
        .map(|found| (found.name.clone(), found.version.clone()))
        .collect();
    let metadata = cargo(&[
        "metadata",
        "--filter-platform",
        TARGET,
        "--format-version",
        "1",
    ]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let mut looked_at = 0;
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let [name, version, manifest] = ["name", "version", "manifest_path"]
            .map(|field| package[field].as_str().unwrap().to_owned());
        if linked.contains(&(name.clone(), version)) {
            looked_at += 1;
            if names_a_socket(Path::new(&manifest).parent().unwrap()) {
                found.push(name);
            }
        }
    }
    found.sort();
    assert_eq!(looked_at, linked.len());
    assert_eq!(found, SOCKETS.map(|(name, _)| name));
    for ours in ["src", "crates"] {
        assert!(!names_a_socket(&workspace().join(ours)));
    }
}

#[test]
fn every_command_that_resolves_dependencies_takes_them_from_the_lock() {
    assert!(workspace().join("Cargo.lock").exists());
    for file in ["Makefile", ".ci/run", "README.md"] {
        let text = read(file);
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        for line in lines.filter(|line| line.contains("cargo ")) {
            let resolves = [
                "build", "test", "run", "bench", "clippy", "tree", "fetch", "metadata",
            ]
            .iter()
            .any(|command| line.contains(&format!("cargo {command}")));
            assert!(!resolves || line.contains("--locked"), "{file}: {line}");
        }
    }
}

/// The crates of the pure core. They do no I/O, read no clock and draw no random numbers.
const PURE: [&str; 4] = [
    "keymoot-attestation",
    "keymoot-core",
    "keymoot-record",
    "keymoot-tuf",
];

/// What the pure crates may depend on directly.
const PURE_DEPENDENCIES: [&str; 18] = [
    "base64",
    "bech32",
    "ed25519-dalek",
    "hex",
    "jiff",
    "miniz_oxide",
    "p256",
    "ring",
    "rsa",
    "serde",
    "serde_json",
    "sha2",
    "thiserror",
    "toml",
    "unicode-normalization",
    "unicode-security",
    "x509-parser",
    "zeroize",
];

/// Crates that reach the operating system, where they are below a pure crate nonetheless.
const IMPURE_BELOW: [(&str, &str); 3] = [
    (
        "getrandom",
        "ring and curve25519-dalek bring it for key generation; only verification is called",
    ),
    ("libc", "ring detects the processor with it"),
    (
        "time",
        "x509-parser's dates; its feature that reads the clock is not asked for",
    ),
];

#[test]
fn the_pure_crates_depend_on_nothing_that_does_input_or_output() {
    let mut below = BTreeSet::new();
    for package in PURE {
        let printed = cargo(&[
            "tree",
            "--package",
            package,
            "--edges",
            "normal,no-proc-macro",
            "--target",
            TARGET,
            "--prefix",
            "depth",
            "--format",
            " {p}",
        ]);
        for line in printed.lines() {
            let (depth, name) = line.split_once(' ').unwrap();
            let name = name.split(' ').next().unwrap().to_owned();
            let direct_and_known = is_ours(&name) || PURE_DEPENDENCIES.contains(&name.as_str());
            assert!(
                depth != "1" || direct_and_known,
                "{package} depends on {name}"
            );
            below.insert(name);
        }
    }
    let impure = [
        "async-io",
        "chrono",
        "crossterm",
        "getrandom",
        "libc",
        "libusb1-sys",
        "mio",
        "nix",
        "pcsc",
        "pcsc-sys",
        "rusb",
        "rustix",
        "signal-hook",
        "tempfile",
        "time",
        "tokio",
        "walkdir",
    ];
    let found: Vec<_> = impure
        .into_iter()
        .filter(|name| below.contains(*name))
        .collect();
    assert_eq!(found, IMPURE_BELOW.map(|(name, _)| name));
}
