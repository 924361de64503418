//! `keymoot request`: asks holders apart, in one file.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::Held;
use crate::{
    apart,
    commands::{Failure, arguments},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{digest::Digest, text::escape_path};
use keymoot_record::{rules::roster::Handle, transcript::Time};
use keymoot_verify::{files::read_bounded, say};

/// Ask holders who are apart, in one file
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The ceremony's folder
    dir: PathBuf,
    /// Whom to ask, by handle, separated by commas; all who are awaited if not given
    #[arg(long, value_name = "HANDLES", value_delimiter = ',')]
    to: Vec<String>,
    /// The day on which the answers are due, like 2026-12-24
    #[arg(long, value_name = "DATE", value_parser = apart::end_of_day)]
    until: Option<Time>,
    /// The channel by which the request goes out, for the record, such as "mail"
    #[arg(long, value_name = "TEXT", default_value = "")]
    by: String,
    /// Where the request is written
    #[arg(short, long, value_name = "FILE", required_unless_present = "withdraw")]
    out: Option<PathBuf>,
    /// Withdraw a request instead: its file, or its SHA-256
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to", "until", "by", "out"], requires = "why")]
    withdraw: Option<String>,
    /// Why it is withdrawn, for the record
    #[arg(long, value_name = "TEXT", requires = "withdraw")]
    why: Option<String>,
}

/// Exit codes: 0 done, 1 could not run, 3 a rule was violated.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let dir = arguments::absolute(&args.dir)?;
    let mut held = Held::open(&dir, vendor)?;
    if let Some(named) = &args.withdraw {
        let request = match Digest::from_hex(named) {
            Some(digest) => digest,
            None => Digest::of(&read_bounded(Path::new(named), LARGEST)?),
        };
        let why = args.why.as_deref().unwrap_or_default();
        let (request, holders) = apart::withdraw(&mut held.desk(), Some(request), why)?;
        say!(
            "The request {} is withdrawn. No longer awaited: {}.",
            request.short_words(),
            Handle::list(&holders)
        );
        return Ok(ExitCode::SUCCESS);
    }
    let Some(out) = &args.out else {
        return Ok(ExitCode::from(2));
    };
    let sent = apart::ask(&mut held.desk(), &args.to, args.until, &args.by, out)?;
    say!(
        "{} asks {} in {} bytes. Its SHA-256 is {}, in words:\n{}\n\
         Read the words to each holder over a second channel. Each holder runs:\n  {}",
        escape_path(out),
        Handle::list(&sent.to),
        sent.length,
        sent.digest,
        sent.digest.in_words(),
        sent.answer
    );
    Ok(ExitCode::SUCCESS)
}

/// The largest request that is read, in bytes.
const LARGEST: u64 = keymoot_record::apart::request::LARGEST as u64;
