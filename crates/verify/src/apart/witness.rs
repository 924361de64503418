//! `keymoot-verify witness`: what a witness who was not in the room states and signs.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use keymoot_attestation::TrustStore;
use keymoot_core::{
    HostError, Rule, Violation,
    text::{escape_path, quoted_path},
};
use keymoot_record::{
    apart::witness::{self, LARGEST, NAMESPACE, Statement, WitnessKey, Witnessed},
    bundle::{self, Bundle, Expectations},
    expectation,
};
use keymoot_tuf::sshsig;

use super::print;
use crate::{
    Failure,
    expected::expectations,
    files::{read_bounded, write_new},
    say,
};

/// State what you saw of a ceremony, as a witness who was not in the room
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle
    bundle: PathBuf,
    /// Your name, as the roster writes it
    #[arg(long, value_name = "NAME")]
    name: String,
    /// How you followed the ceremony, such as "video link"
    #[arg(long, value_name = "TEXT")]
    by: String,
    /// What you saw, in one line
    #[arg(long, value_name = "TEXT")]
    saw: String,
    /// Where to write the statement, a new file
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// What the bundle must be as strong as
    #[arg(long, value_name = "SET", default_value = expectation::DEFAULT)]
    expect: String,
    /// The bundle is one of a rehearsal
    #[arg(long)]
    rehearsal: bool,
    /// The bundle is one of a ceremony that ended without its purpose
    #[arg(long)]
    ended: bool,
}

/// Exit codes: 0 written, 1 something cannot be read or written, 3 the bundle violates a rule.
///
/// # Errors
/// [`Failure`] when a file cannot be read or written.
pub fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let expected = Expectations {
        rehearsal: args.rehearsal,
        ended: args.ended,
        plan: Some(expectations(&args.expect)?),
        ..Expectations::default()
    };
    let bundle = crate::read(&args.bundle)?;
    let path = escape_path(&args.bundle);
    if !print(&bundle::verify(&bundle, &expected, vendor), false) {
        say!("NOT VERIFIED: {path}. State nothing about it.");
        return Ok(ExitCode::from(3));
    }
    let statement = Statement::of(&bundle, &args.name, &args.by, &args.saw)
        .and_then(|statement| Ok((statement.bytes()?, statement)));
    let (bytes, statement) = statement.map_err(|why| {
        HostError::new(
            format!("the statement cannot be written: {why}"),
            "write name, channel and what you saw in one line each",
        )
    })?;
    write_new(&args.out, &bytes)?;
    let out = quoted_path(&args.out);
    say!(
        "The statement is in {}. It names the head of the transcript:\n{}\n\
         and MANIFEST.json by its SHA-256:\n{}\n\
         If you heard these words in the ceremony, sign with an Ed25519 key of your own:\n\
         ssh-keygen -Y sign -n {NAMESPACE} -f KEY {out}\n\
         Publish both files beside the bundle. Say what `ssh-keygen -lf KEY` prints over another channel.",
        escape_path(&args.out),
        statement.head.in_words(),
        statement.manifest.in_words(),
    );
    Ok(ExitCode::SUCCESS)
}

/// A statement that was given, and what became of it.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Its file, safe to show
    pub path: String,
    /// What a witness states, or the rule that refuses it
    pub said: Result<Witnessed, Violation>,
}

/// Checks the statement in each file, and the signature in the file beside it, against a bundle. A
/// stranger may have put them there, so a file that cannot be used is refused alone.
///
/// # Errors
/// [`HostError`] when there is no such statement.
pub fn hear(
    paths: &[PathBuf],
    bundle: &Bundle,
    keys: &[WitnessKey],
) -> Result<Vec<Heard>, HostError> {
    let one = |path: &PathBuf| {
        let statement = match read_bounded(path, LARGEST as u64) {
            Err(error) if !path.exists() => return Err(error),
            read => read.map_err(|error| unusable(Rule::WitnessRead, error)),
        };
        let mut beside = path.as_os_str().to_owned();
        beside.push(".sig");
        let signature = read_bounded(Path::new(&beside), sshsig::LARGEST as u64)
            .map_err(|error| unusable(Rule::WitnessSigned, error));
        Ok(Heard {
            path: escape_path(path),
            said: statement
                .and_then(|statement| witness::verify(&statement, &signature?, bundle, keys)),
        })
    };
    paths.iter().map(one).collect()
}

fn unusable(rule: Rule, error: HostError) -> Violation {
    Violation::new(rule, error.what, error.next)
}
