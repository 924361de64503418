//! `keymoot verify`: a whole ceremony checked from its bundle alone, or a published
//! repository.

mod digests;
mod fork;
mod json;
mod judged;
mod text;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use keymoot_attestation::TrustStore;
use keymoot_core::digest::Digest;
use keymoot_record::{
    apart::witness::WitnessKey,
    bundle::{Expectations, ExpectedFiles},
    expectation,
};

use self::{fork::Pair, judged::Judged};
use crate::{
    Failure, attest,
    expected::{digest_of, expectations},
    files, say, tree,
};

/// Check a ceremony's bundle or a published repository, with no device and no network
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle, or the folder of a repository that holds metadata/; with several bundles, also
    /// whether two of one ceremony contradict each other
    #[arg(required = true, value_name = "BUNDLE|TREE")]
    bundles: Vec<PathBuf>,
    /// A root that is trusted already: the bundle's must be it, or follow it
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// The transcript's head as people published it elsewhere right after the ceremony: 64
    /// hexadecimal digits, or its 32 words in quotes
    #[arg(long, value_name = "HEAD", value_parser = head)]
    published: Option<Digest>,
    /// The statement of a witness who was not in the room; its signature is in FILE.sig. Can be
    /// repeated. A false one is refused, and the verdict does not depend on it
    #[arg(long, value_name = "FILE")]
    witness: Vec<PathBuf>,
    /// The key of a witness, as the witness says it: one of the statements must be signed with it.
    /// Can be repeated
    #[arg(long, value_name = "NAME=SHA256:…")]
    witness_key: Vec<WitnessKey>,
    /// The bundle is one of a rehearsal
    #[arg(long)]
    rehearsal: bool,
    /// The bundle is one of a ceremony that ended without its purpose
    #[arg(long)]
    ended: bool,
    /// The minimum strength of the bundle: rfc-3724, project-2026, rehearsal-small, or a file by
    /// a path with a slash
    #[arg(long, value_name = "SET", default_value = expectation::DEFAULT)]
    expect: String,
    /// The policy must be this one: a file, or its SHA-256
    #[arg(long, value_name = "FILE")]
    policy: Option<String>,
    /// The script must be this one: a file, or its SHA-256
    #[arg(long, value_name = "FILE")]
    script: Option<String>,
    /// The roster must be this one: a file, or its SHA-256
    #[arg(long, value_name = "FILE")]
    roster: Option<String>,
    /// Of a repository, trust the certificates that DIR/vendor.toml lists instead of Yubico's
    #[arg(long, value_name = "DIR")]
    vendor_dir: Option<PathBuf>,
    /// List every rule with what it found, and the digests in words too
    #[arg(long)]
    rules: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Args {
    fn hears(&self) -> bool {
        !(self.witness.is_empty() && self.witness_key.is_empty())
    }
}

/// Exit codes: 0 every rule holds, 1 something cannot be read, 2 options that do not fit, 3 a rule
/// is violated.
pub fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let trusted_root = args
        .trusted_root
        .as_deref()
        .map(|path| files::read_trusted_root(path, files::LARGEST_ROOT))
        .transpose()?
        .map(|(bytes, _)| bytes);
    let file = |named: &Option<String>| named.as_deref().map(digest_of).transpose();
    let expected = Expectations {
        rehearsal: args.rehearsal,
        ended: args.ended,
        trusted_root,
        published: args.published,
        plan: Some(expectations(&args.expect)?),
        files: ExpectedFiles {
            script: file(&args.script)?,
            policy: file(&args.policy)?,
            roster: file(&args.roster)?,
        },
    };
    if let [path] = &args.bundles[..]
        && tree::is_tree(path)
    {
        return of_tree(path, args, &expected, vendor);
    }
    if args.vendor_dir.is_some() {
        return Err(Failure::usage(
            "--vendor-dir is for repositories: a rehearsal's bundle carries its own vendor",
            "leave it out",
        ));
    }
    let mut judged = args
        .bundles
        .iter()
        .map(|path| Judged::of(path, &expected, vendor))
        .collect::<Result<Vec<_>, _>>()?;
    match judged.as_mut_slice() {
        [one] => one.hear(&args.witness, &args.witness_key)?,
        _ if !args.hears() => {}
        _ => {
            return Err(Failure::usage(
                "a witness states what one bundle is",
                "name that bundle alone with --witness and --witness-key",
            ));
        }
    }
    let pairs = fork::pairs(&judged);
    let holds = judged.iter().all(Judged::holds) && !pairs.iter().any(Pair::is_fork);
    let text = match (judged.as_slice(), args.json) {
        ([one], true) => json::of_one(one, &expected),
        ([one], false) => text::of_one(one, &expected, args.rules),
        (several, true) => json::of_several(several, pairs, holds, &expected),
        (several, false) => text::of_several(several, &pairs, &expected, args.rules),
    };
    say!("{}", text.trim_end());
    Ok(match holds {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(3),
    })
}

fn of_tree(
    path: &Path,
    args: &Args,
    expected: &Expectations,
    vendor: &TrustStore,
) -> Result<ExitCode, Failure> {
    let ExpectedFiles {
        script,
        policy,
        roster,
    } = expected.files;
    let compared = script.or(policy).or(roster).or(args.published).is_some();
    if compared || args.hears() || args.ended {
        return Err(Failure::usage(
            "a repository has no script, policy, roster or transcript to compare",
            "leave --script, --policy, --roster, --published, --witness, --witness-key and --ended out, or verify the bundle",
        ));
    }
    let own = args.vendor_dir.as_deref().map(attest::read_store);
    let own = own.transpose()?;
    let verified = tree::Verified::of(path, expected, own.as_ref().unwrap_or(vendor))?;
    let verified = match expected.rehearsal && own.is_none() {
        true => verified.without_vendor_dir(),
        false => verified,
    };
    let text = match args.json {
        true => verified.json(expected),
        false => verified.text(expected, args.rules),
    };
    say!("{}", text.trim_end());
    Ok(match verified.holds() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(3),
    })
}

/// The head of a transcript as people write it down.
fn head(text: &str) -> Result<Digest, String> {
    let found = Digest::from_hex(&text.to_ascii_lowercase()).or_else(|| Digest::from_words(text));
    found.ok_or_else(|| {
        "it is neither 64 hexadecimal digits nor 32 words of the word list".to_owned()
    })
}
