//! `tufops.toml`, which every command of tufops begins by loading.
//!
//! Documents of tufops do not say who holds a key or how long a role lasts. A bundle
//! says both: its enrolments name the holders, its policy the services and the periods.

use std::collections::BTreeMap;

use keymoot_core::{Rule, Violation, text::escape};
use keymoot_record::{
    bundle::{ATTESTATIONS, Bundle, Files},
    rules::policy::{CRATES, Policy},
};
use keymoot_tuf::dialect::tufops::{Config, FILE};
use keymoot_tuf::{Dialect, Document, Holder, PublicKey, Root, Signer, Targets};

/// The place to which tufops publishes, in a tree without one: people replace it.
pub const STORAGE: &str = "gs://BUCKET/PREFIX";

/// The file beside the documents of a bundle. Values that only the tree's own file has, the
/// storage and the names of keys, stays.
///
/// # Errors
/// A [`Violation`] of EXPORT-TREE: the tree's file cannot be read, so that exporting over
/// it would lose what it says.
pub fn file(bundle: &Bundle, policy: &Policy, tree: &Files) -> Result<Option<Vec<u8>>, Violation> {
    let there = match tree.get(FILE) {
        None => None,
        Some(bytes) => {
            let read = std::str::from_utf8(bytes).map_err(|error| error.to_string());
            let read = read.and_then(|text| Config::parse(text).map_err(|error| error.to_string()));
            Some(read.map_err(|why| {
                Violation::new(
                    Rule::ExportTree,
                    format!("{FILE} in the tree: {}", escape(&why)),
                    "correct the file, or remove it from the tree; then export again",
                )
            })?)
        }
    };
    let config = of_bundle(bundle, policy, there.as_ref());
    Ok(config.map(|config| config.to_toml().into_bytes()))
}

/// The content of the file beside the documents of a bundle. `None` where the bundle has no
/// documents of tufops.
#[must_use]
pub fn of_bundle(bundle: &Bundle, policy: &Policy, there: Option<&Config>) -> Option<Config> {
    let files = bundle.files();
    let repository = format!("{}/", keymoot_record::bundle::TUF_ROOT);
    let read = |role: &str| -> Option<Document> {
        let file = |path: &str| files.get(&format!("{repository}{path}")).cloned();
        Dialect::Tufops.read(role, None, &file).ok()?
    };
    let root = Root::read(&read("root")?).ok()?;
    let targets = read("targets").and_then(|document| Targets::read(&document).ok());
    known(files, policy, there).beside(&root, targets.as_ref())
}

/// The keys and periods in the bundle, also those that no role uses.
fn known(files: &Files, policy: &Policy, there: Option<&Config>) -> Config {
    let services = policy.online.iter().filter_map(|online| online.key().ok());
    let delegated = policy.delegations.iter();
    let signers = enrolled(files)
        .chain(services.map(Signer::Online))
        .chain(delegated.filter_map(|d| d.signers().ok()).flatten());
    let mut config = Config {
        storage: there.map_or(STORAGE, |there| &there.storage).to_owned(),
        keys: BTreeMap::new(),
        roles: BTreeMap::new(),
    };
    let names = there.iter().flat_map(|there| &there.keys);
    let names: BTreeMap<_, _> = names
        .map(|(name, signer)| (signer.key().fingerprint(), name))
        .collect();
    let mut unnamed = Vec::new();
    for signer in signers {
        match names.get(&signer.key().fingerprint()) {
            Some(name) => drop(config.keys.insert((*name).clone(), signer)),
            None => unnamed.push(signer),
        }
    }
    for signer in &unnamed {
        config.add_key(signer);
    }
    let online = policy.online.iter();
    let services = online.flat_map(|online| {
        [
            ("snapshot", online.snapshot),
            ("timestamp", online.timestamp),
        ]
    });
    let own = [
        ("root", policy.root),
        ("targets", policy.targets),
        (CRATES, policy.targets),
    ];
    let delegated = policy.delegations.iter();
    let delegated = delegated.map(|delegation| (delegation.role.as_str(), delegation.periods));
    for (role, periods) in own.into_iter().chain(services).chain(delegated) {
        config.add_periods(role, periods.into());
    }
    config
}

/// The holders of the keys that a bundle's enrolments prove, by their paths
/// `attestations/HANDLE/SERIAL/key.pem`.
fn enrolled(files: &Files) -> impl Iterator<Item = Signer> {
    files.iter().filter_map(|(path, bytes)| {
        let path = path.strip_prefix(ATTESTATIONS)?.strip_prefix('/')?;
        let (handle, _) = path.strip_suffix("/key.pem")?.split_once('/')?;
        let key = PublicKey::from_pem(std::str::from_utf8(bytes).ok()?).ok()?;
        Some(Signer::Holder(Holder {
            handle: handle.to_owned(),
            key,
        }))
    })
}
