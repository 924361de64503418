//! `keymoot status`: the state of the quorum, and which ceremony is next.

mod text;

use keymoot_verify::{Tree, say};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{export::tufops, host::clock};
use keymoot_attestation::TrustStore;
use keymoot_core::{HostError, text::escape_path};
use keymoot_record::{
    bundle::{self, MANIFEST, Manifest},
    ceremony::{
        previous::{Inputs, Previous},
        status::{History, Standing, Status},
    },
    published::BelowRoot,
    rules::policy::Policy,
    transcript::{Mode, Time},
};
use keymoot_tuf::{Dialect, dialect::tufops::Config};

use super::{Failure, inputs, script};

/// Say how long the documents last, who can still sign, and what to do next
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The last bundle, or a working tree of tuf-root, or its folder as a server publishes it
    #[arg(value_name = "BUNDLE|REPO")]
    source: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The moment to ask about, YYYY-MM-DDTHH:MM:SSZ, instead of now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Time>,
}

fn moment(text: &str) -> Result<Time, &'static str> {
    Time::try_from(text.to_owned())
}

/// The subject of a status: files, and their policy.
struct Source {
    inputs: Inputs,
    policy: Policy,
    /// How its documents are written.
    dialect: Dialect,
    /// The `tufops.toml` that belongs to a bundle's documents.
    unsigned: Option<Config>,
    /// The transcript of a bundle.
    history: Option<History>,
    /// The files of a repository.
    tree: Option<Tree>,
}

/// Exit codes: 0 printed, 1 something cannot be read, 3 the chain of roots, or the
/// bundle, does not verify.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let now = args.at.map_or_else(clock::now, Ok)?;
    let status = status(&args.source, now, vendor)?;
    let said = match args.json {
        true => keymoot_verify::json::printed(&status),
        false => text::page(&status),
    };
    say!("{}", said.trim_end());
    Ok(ExitCode::SUCCESS)
}

fn status(path: &Path, now: Time, vendor: &TrustStore) -> Result<Status, Failure> {
    // A server has no root.json.
    let source = match keymoot_verify::is_tree(path) || inputs::is_tree(path)? {
        true => of_tree(path)?,
        false => of_bundle(path, vendor)?,
    };
    let nothing = || {
        HostError::new(
            format!("{} is neither a bundle nor a repository", escape_path(path)),
            "name the last bundle, or the folder that holds metadata/",
        )
    };
    let previous = Previous::read(&source.inputs, source.dialect)
        .map_err(Failure::violations)?
        .ok_or_else(nothing)?;
    let tree = source
        .tree
        .map(|tree| BelowRoot::read(&tree.files, source.dialect, previous.root(), &tree.served));
    let standing = Standing {
        previous: &previous,
        unsigned: source.unsigned.as_ref().or(previous.unsigned()),
        tree,
        history: source.history,
        bounds: &source.policy.device,
        vendor,
        now,
    };
    standing.status().map_err(|error| {
        HostError::new(
            format!("a document has no expiry: {error}"),
            "look at it with keymoot tuf show",
        )
        .into()
    })
}

/// A bundle, in which every rule holds. Other documents in its repositories
/// were out of date when it was made.
fn of_bundle(path: &Path, vendor: &TrustStore) -> Result<Source, Failure> {
    let read = keymoot_verify::read(path)?;
    let manifest = read
        .files()
        .get(MANIFEST)
        .map(|bytes| Manifest::read(bytes));
    let rehearsal = matches!(manifest, Some(Ok(manifest)) if manifest.mode == Mode::Rehearsal);
    let verified = inputs::verified(path, rehearsal, vendor)?;
    let policy = verified.files().get("policy.toml");
    let policy = String::from_utf8_lossy(policy.map(Vec::as_slice).unwrap_or_default());
    let policy = Policy::parse(&policy).map_err(Failure::violations)?;
    Ok(Source {
        unsigned: (policy.dialect == Dialect::Tufops)
            .then(|| tufops::of_bundle(&verified, &policy, None))
            .flatten(),
        inputs: bundle::of_bundle(&verified),
        dialect: policy.dialect,
        policy,
        history: Some(bundle::history(&verified, vendor).map_err(Failure::Violated)?),
        tree: None,
    })
}

/// A repository has no policy: it is compared with the shipped one.
fn of_tree(path: &Path) -> Result<Source, Failure> {
    let policy = Policy::parse(script::POLICY).map_err(Failure::violations)?;
    let tree = Tree::read(path)?;
    Ok(Source {
        unsigned: None,
        history: None,
        inputs: bundle::of_tree(&tree.files),
        dialect: tree.dialect.unwrap_or(policy.dialect),
        tree: Some(tree),
        policy,
    })
}
