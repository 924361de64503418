//! `keymoot report`: the report of a bundle in the words of this program.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use keymoot_attestation::TrustStore;
use keymoot_core::HostError;
use keymoot_record::{
    apart::witness::Witnessed,
    bundle::{self, Bundle},
    runbook,
};
use keymoot_verify::{apart::witness, files::write_new};

use super::{Failure, inputs};

/// Render the report of a bundle again, in the words of this program
///
/// A bundle's own report is in the words of the program that wrote it. keymoot verifies the bundle
/// first, and renders the report from its transcript and evidence.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The bundle
    bundle: PathBuf,
    /// The file to write, which must not exist yet; standard output without it
    #[arg(long, short = 'o', value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write Markdown instead of HTML
    #[arg(long)]
    markdown: bool,
    /// Write the declaration that everybody signs by hand, or does not, instead of the report
    #[arg(long)]
    declaration: bool,
    /// Add the statement of a witness who was not in the room; its signature is in FILE.sig. Can
    /// be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "declaration")]
    witness: Vec<PathBuf>,
    /// The bundle is one of a rehearsal
    #[arg(long)]
    rehearsal: bool,
}

/// What witnesses state in these files of a bundle.
fn witnessed(paths: &[PathBuf], bundle: &Bundle) -> Result<Vec<Witnessed>, Failure> {
    let mut statements = Vec::new();
    for path in paths {
        let (witnessed, verdicts) = witness::check(path, bundle)?;
        Failure::of_violated(verdicts)?;
        statements.extend(witnessed);
    }
    Ok(statements)
}

/// Exit codes: 0 done, 1 something cannot be read or written, 3 a rule is violated.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let bundle = inputs::verified(&args.bundle, args.rehearsal, vendor)?;
    let report = match args.declaration {
        true => {
            let page = bundle::declaration(&bundle, vendor).map_err(Failure::Violated)?;
            match args.markdown {
                true => page,
                false => runbook::html(&page),
            }
        }
        false => {
            let account = bundle::account(&bundle, vendor).map_err(Failure::Violated)?;
            let account = account.witnessed(&witnessed(&args.witness, &bundle)?);
            match args.markdown {
                true => account.markdown(),
                false => account.html(),
            }
        }
    };
    match &args.out {
        Some(path) => write_new(path, report.as_bytes())?,
        None => io::stdout()
            .write_all(report.as_bytes())
            .map_err(|error| HostError::file("write", Path::new("standard output"), &error))?,
    }
    Ok(ExitCode::SUCCESS)
}
