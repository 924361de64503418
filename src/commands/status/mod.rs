//! `keymoot status`: how the quorum stands, and which ceremony is next.

mod text;

use keymoot_verify::say;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::host::clock;
use keymoot_attestation::TrustStore;
use keymoot_core::{HostError, text::escape_path};
use keymoot_record::{
    bundle::{self, Files, MANIFEST, Manifest},
    ceremony::{
        previous::{Inputs, Previous},
        script::Document,
        status::{Standing, Status},
    },
    rules::policy::Policy,
    transcript::{Mode, Time},
};
use keymoot_tuf as tuf;
use keymoot_tuf::Dialect;

use super::{Failure, inputs, script};

/// Say how long the documents last, who can still sign, and what to do next
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The last bundle, or a working tree of tuf-root
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

/// What is asked about: files, and by which policy.
struct Source {
    inputs: Inputs,
    policy: Policy,
    /// Documents that others sign, by role.
    others: BTreeMap<String, tuf::Document>,
}

/// Exit codes: 0 it is said, 1 something cannot be read, 3 the chain of roots, or the
/// bundle, does not verify.
pub fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let now = args.at.map_or_else(clock::now, Ok)?;
    let status = status(&args.source, now, vendor)?;
    let said = match args.json {
        // Strings, numbers and lists of them always serialise.
        true => serde_json::to_string_pretty(&status).unwrap_or_default(),
        false => text::page(&status),
    };
    say!("{}", said.trim_end());
    Ok(ExitCode::SUCCESS)
}

fn status(path: &Path, now: Time, vendor: &TrustStore) -> Result<Status, Failure> {
    let source = match path.join(MANIFEST).is_file() {
        true => of_bundle(path, vendor)?,
        false => of_tree(path)?,
    };
    let nothing = || {
        HostError::new(
            format!("{} is neither a bundle nor a repository", escape_path(path)),
            "name the last bundle, or the folder that holds metadata/",
        )
    };
    let previous = Previous::read(&source.inputs, source.policy.dialect)
        .map_err(Failure::violations)?
        .ok_or_else(nothing)?;
    let standing = Standing {
        previous: &previous,
        others: source.others,
        bounds: &source.policy.device,
        vendor,
        now,
    };
    standing.status().map_err(|error| {
        HostError::new(
            format!("a document says no end: {error}"),
            "look at it with keymoot tuf show",
        )
        .into()
    })
}

/// A bundle, in which every rule holds. What its repositories hold beside the
/// documents of the quorum was out of date when it was made.
fn of_bundle(path: &Path, vendor: &TrustStore) -> Result<Source, Failure> {
    let read = keymoot_verify::read(path).map_err(inputs::unread)?;
    let manifest = read
        .files()
        .get(MANIFEST)
        .map(|bytes| Manifest::read(bytes));
    let rehearsal = matches!(manifest, Some(Ok(manifest)) if manifest.mode == Mode::Rehearsal);
    let verified = inputs::verified(path, rehearsal, vendor)?;
    let policy = verified.files().get("policy.toml");
    let policy = String::from_utf8_lossy(policy.map(Vec::as_slice).unwrap_or_default());
    Ok(Source {
        inputs: bundle::of_bundle(&verified),
        policy: Policy::parse(&policy).map_err(Failure::violations)?,
        others: BTreeMap::new(),
    })
}

/// A working tree, which has no policy: it is held against the shipped one.
fn of_tree(path: &Path) -> Result<Source, Failure> {
    let policy = Policy::parse(script::POLICY).map_err(Failure::violations)?;
    let files = keymoot_verify::read_tree(path).map_err(inputs::unread)?;
    Ok(Source {
        others: others(&files, policy.dialect),
        inputs: bundle::of_tree(&files),
        policy,
    })
}

/// The documents of a tree that services and teams sign. One that cannot be read says
/// nothing here.
fn others(files: &Files, dialect: Dialect) -> BTreeMap<String, tuf::Document> {
    let read = |role: &str| {
        let file = |path: &str| files.get(path).cloned();
        dialect.read(role, None, &file).ok().flatten()
    };
    let targets = read(Document::Targets.role())
        .and_then(|targets| tuf::Targets::read(&targets).ok())
        .and_then(|targets| targets.delegations);
    let delegated = targets
        .into_iter()
        .flat_map(|delegations| delegations.roles);
    ["snapshot", "timestamp"]
        .map(str::to_owned)
        .into_iter()
        .chain(delegated.map(|role| role.name))
        .filter(|role| Document::ALL.iter().all(|ours| ours.role() != role))
        .filter_map(|role| read(&role).map(|document| (role, document)))
        .collect()
}
