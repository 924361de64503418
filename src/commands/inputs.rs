//! The inputs of a ceremony, read from the paths on the command line.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use keymoot_attestation::TrustStore;
use keymoot_core::{
    HostError,
    text::{escape_path, excerpt},
};
use keymoot_record::{
    bundle::{self, Bundle, Expectations},
    ceremony::{
        bags::{self, Bags},
        previous::{AUTHORISED, INCOMING, Inputs, PREVIOUS, TRUSTED_ROOT, judged},
    },
    expectation::ExpectationSet,
    rules::policy::Policy,
    transcript::Chain,
};
use keymoot_tuf::{Dialect, Document};
use keymoot_verify::{expected::expectations, say};

use super::Failure;
use crate::store::inputs::LARGEST_INPUT;

/// Where previous state and new roots are named on the command line.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Sources {
    /// The previous state: the last bundle, or a working tree of tuf-root
    #[arg(long, value_name = "BUNDLE|REPO")]
    pub previous: Option<PathBuf>,
    /// The newest published root, from another source than --previous; a live ceremony needs it
    #[arg(long, value_name = "FILE")]
    pub trusted_root: Option<PathBuf>,
    /// A new root of tuf-crates, which the quorum signs; give every version since the last one
    #[arg(long, value_name = "FILE")]
    pub crates_root: Vec<PathBuf>,
    /// A new or changed file that the quorum signs by the policy
    #[arg(long, value_name = "PATH=FILE")]
    pub authorised: Vec<String>,
    /// Refuse a plan, and a previous state, that is weaker than this set of expectations, or than a
    /// file by its path
    #[arg(long, value_name = "SET")]
    pub expect: Option<String>,
    /// The set for the previous state alone, where the ceremony makes the policy stricter
    #[arg(long, value_name = "SET", requires = "previous")]
    pub expect_previous: Option<String>,
}

impl Sources {
    /// Looks the named sets of expectations up, before anything is done for a long time.
    ///
    /// # Errors
    /// [`Failure`] when there is no such set, or its file cannot be read.
    pub(crate) fn sets_are_there(&self) -> Result<(), Failure> {
        let mut named = self.expect.iter().chain(&self.expect_previous);
        named.try_for_each(|name| expectations(name).map(drop))
    }

    /// The previous bundle, verified and closed by a quorum, where the previous state is one. It is
    /// as strong as the set that the administrator named, if any.
    pub(crate) fn bundle(
        &self,
        rehearsal: bool,
        vendor: &TrustStore,
    ) -> Result<Option<Bundle>, Failure> {
        let Some(path) = &self.previous else {
            return Ok(None);
        };
        let set = self.expect_previous.as_ref().or(self.expect.as_ref());
        let set = set.map(|name| expectations(name)).transpose()?;
        if is_tree(path)? {
            if let Some(set) = set {
                Failure::of_violated(keymoot_verify::weaker_tree(path, set, rehearsal, vendor)?)?;
            }
            return Ok(None);
        }
        let bundle = as_strong(path, rehearsal, set, vendor)?;
        let verdict = bundle::previous_state(&bundle);
        match verdict.is_violated() {
            false => Ok(Some(bundle)),
            true => Err(Failure::Violated(vec![verdict])),
        }
    }

    /// All inputs.
    pub(crate) fn read(&self, bundle: Option<&Bundle>) -> Result<Inputs, Failure> {
        let mut inputs = match (bundle, &self.previous) {
            (Some(bundle), _) => bundle::of_bundle(bundle),
            (None, Some(tree)) => {
                let files = keymoot_verify::read_tree(tree)?;
                if files.is_empty() {
                    return Err(HostError::new(
                        format!("{} is neither a bundle nor a repository", escape_path(tree)),
                        "name the last bundle, or the folder that holds metadata/",
                    )
                    .into());
                }
                bundle::of_tree(&files)
            }
            (None, None) => Inputs::new(),
        };
        inputs = without_unjudged(inputs);
        if let Some(path) = &self.trusted_root {
            let read = keymoot_verify::files::read_trusted_root(path, LARGEST_INPUT);
            let (root, _) = read?;
            inputs.insert(TRUSTED_ROOT.to_owned(), root);
        }
        for path in &self.crates_root {
            let bytes = keymoot_verify::files::read_root(path, LARGEST_INPUT)?;
            // A file that is no root keeps its place in the order, and the rule names it.
            let name = match Document::parse(&bytes, bytes.len()) {
                Ok(document) => document.version().to_string(),
                Err(_) => format!("unreadable-{}", inputs.len()),
            };
            inputs.insert(format!("{INCOMING}/{name}.root.json"), bytes);
        }
        for given in &self.authorised {
            let (path, file) = given.split_once('=').ok_or_else(|| {
                HostError::new(
                    format!("--authorised \"{}\" is not PATH=FILE", excerpt(given)),
                    "write the path as the policy has it, then = and the file",
                )
            })?;
            let bytes = keymoot_verify::files::read_bounded(Path::new(file), LARGEST_INPUT)?;
            inputs.insert(format!("{AUTHORISED}/{path}"), bytes);
        }
        Ok(inputs)
    }
}

/// The bags in which the last ceremony left machine and devices, where its bundle is given.
pub(crate) fn bags(bundle: Option<&Bundle>) -> Bags {
    let chain = bundle.and_then(|bundle| bundle.files().get("transcript.jsonl"));
    let chain = chain.and_then(|bytes| Chain::read(bytes).ok());
    chain.map_or_else(Bags::new, |chain| bags::left_by(&chain))
}

/// Whether it is the working tree of a repository, which has a root where a tree has it, and
/// nothing that only a bundle has; or else a bundle.
///
/// # Errors
/// [`HostError`] when it is neither, or cannot be looked at.
pub(crate) fn is_tree(path: &Path) -> Result<bool, HostError> {
    let meta = fs::metadata(path).map_err(|error| HostError::file("read", path, &error))?;
    let neither = |what: &str| {
        HostError::new(
            format!("{} is {what}", escape_path(path)),
            "name the last bundle, or the folder that holds metadata/",
        )
    };
    if !meta.is_dir() {
        return Err(neither("no folder, so neither a bundle nor a repository"));
    }
    let of_bundles = [
        bundle::MANIFEST,
        bundle::SIGNATURES,
        bundle::REPOSITORIES,
        "transcript.jsonl",
    ];
    for name in of_bundles {
        if is_there(&path.join(name))? {
            return Ok(false);
        }
    }
    match is_there(&path.join("metadata/root.json"))? {
        true => Ok(true),
        false => Err(neither("neither a bundle nor a repository")),
    }
}

/// Whether there is anything at this path. What may not be looked at is an error.
fn is_there(path: &Path) -> Result<bool, HostError> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(false),
            _ => Err(HostError::file("read", path, &error)),
        },
    }
}

/// The inputs that some rule checks. keymoot names the others, and leaves them out.
fn without_unjudged(inputs: Inputs) -> Inputs {
    let file = |path: &str| inputs.get(&format!("{PREVIOUS}/tuf-root/{path}")).cloned();
    let Some(dialect) = Dialect::detect(&file) else {
        return inputs;
    };
    let (inputs, unjudged) = judged(inputs, dialect);
    if !unjudged.is_empty() {
        let names = unjudged.iter().map(|path| excerpt(path));
        say!(
            "Left out of the previous state, because no rule checks these files:\n  {}",
            names.collect::<Vec<_>>().join("\n  ")
        );
    }
    inputs
}

/// A bundle in which every rule holds.
pub(crate) fn verified(
    path: &Path,
    rehearsal: bool,
    vendor: &TrustStore,
) -> Result<Bundle, Failure> {
    as_strong(path, rehearsal, None, vendor)
}

/// [`verified`], with a plan that is as strong as the set `plan`.
fn as_strong(
    path: &Path,
    rehearsal: bool,
    plan: Option<ExpectationSet>,
    vendor: &TrustStore,
) -> Result<Bundle, Failure> {
    let expected = Expectations {
        rehearsal,
        plan,
        ..Expectations::default()
    };
    let bundle = keymoot_verify::read(path)?;
    Failure::of_violated(bundle::verify(&bundle, &expected, vendor))?;
    Ok(bundle)
}

/// The dialect that a policy names. One that cannot be read names none: the plan says
/// so, together with everything else that is wrong.
pub(crate) fn dialect(policy: &str) -> Dialect {
    Policy::parse(policy).map_or(Dialect::TufOnCi, |policy| policy.dialect)
}
