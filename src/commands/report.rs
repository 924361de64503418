//! `keymoot report`: the report of a bundle in the words of this program.

use std::{path::PathBuf, process::ExitCode};

use keymoot_attestation::TrustStore;
use keymoot_record::{
    apart::witness::{WitnessKey, Witnessed, expected},
    bundle::{self, Bundle},
    runbook,
};
use keymoot_verify::{apart::witness, output};

use super::{Failure, inputs};
use crate::host::whole;

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
    /// The key of a witness, as the witness says it: one of the statements must be signed with it.
    /// Can be repeated
    #[arg(long, value_name = "NAME=SHA256:…", conflicts_with = "declaration")]
    witness_key: Vec<WitnessKey>,
    /// The bundle is one of a rehearsal
    #[arg(long)]
    rehearsal: bool,
}

/// What witnesses state. A page shows no statement that is refused.
fn witnessed(args: &Args, bundle: &Bundle) -> Result<Vec<Witnessed>, Failure> {
    let heard = witness::hear(&args.witness, bundle, &args.witness_key)?;
    let said = heard.into_iter().map(|heard| heard.said);
    let said = said.collect::<Result<Vec<_>, _>>();
    let said = said.map_err(|violation| Failure::violations(vec![violation]))?;
    let given: Vec<_> = said.iter().collect();
    Failure::of_violated(expected(&args.witness_key, &given))?;
    Ok(said)
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
            let account = account.witnessed(&witnessed(args, &bundle)?);
            match args.markdown {
                true => account.markdown(),
                false => account.html(),
            }
        }
    };
    match &args.out {
        Some(path) => whole::publish_once(path, report.as_bytes(), whole::UNTAKEN)?,
        None => output::text(&report),
    }
    Ok(ExitCode::SUCCESS)
}
