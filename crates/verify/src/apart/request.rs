//! `keymoot-verify request`: a request, checked as `keymoot answer` checks it.

use std::{path::PathBuf, process::ExitCode};

use keymoot_attestation::TrustStore;
use keymoot_core::text::{escape, escape_path};
use keymoot_record::{
    apart::{open, request::LARGEST},
    bundle::Expectations,
    expectation,
    rules::roster::Handle,
};

use super::print;
use crate::{
    Failure,
    expected::expectations,
    files::{LARGEST_ROOT, read_bounded, read_trusted_root},
    say,
};

/// Check a request to holders apart, with no device and no network
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The request
    request: PathBuf,
    /// A root that you already trust: the ceremony must start from it, or from one that follows
    /// from it
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// The minimum strength of the ceremony, as for a bundle
    #[arg(long, value_name = "SET", default_value = expectation::DEFAULT)]
    expect: String,
    /// The request is from a rehearsal
    #[arg(long)]
    rehearsal: bool,
    /// List every rule with what it found
    #[arg(long)]
    rules: bool,
}

/// Exit codes: 0 every rule holds, 1 something cannot be read, 3 a rule is violated.
///
/// # Errors
/// [`Failure`] when a file cannot be read.
pub fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let trusted = args.trusted_root.as_deref();
    let expected = Expectations {
        rehearsal: args.rehearsal,
        trusted_root: trusted
            .map(|path| read_trusted_root(path, LARGEST_ROOT))
            .transpose()?
            .map(|(bytes, _)| bytes),
        plan: Some(expectations(&args.expect)?),
        ..Expectations::default()
    };
    let bytes = read_bounded(&args.request, LARGEST as u64)?;
    let (opened, verdicts) = open(&bytes, &expected, vendor);
    let holds = print(&verdicts, args.rules);
    let path = escape_path(&args.request);
    let Some(opened) = opened.filter(|_| holds) else {
        say!("NOT VERIFIED: {path}. Answer nothing.");
        return Ok(ExitCode::from(3));
    };
    let asks = &opened.request.asks;
    say!(
        "VERIFIED: {path} asks {} for step {}{}. Its SHA-256, in words:\n{}",
        Handle::list(&asks.to),
        escape(&asks.step),
        asks.until
            .map_or_else(String::new, |until| format!(", due at {until}")),
        opened.digest.in_words()
    );
    let given = expected.trusted_root.is_some();
    match opened.state.whose_root(given) {
        Some(whose) if given => say!("{whose}"),
        Some(whose) => {
            say!("{whose} To compare it with a root that you trust, add --trusted-root FILE.")
        }
        None => {}
    }
    Ok(ExitCode::SUCCESS)
}
