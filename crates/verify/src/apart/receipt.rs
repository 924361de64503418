//! `keymoot-verify receipt`: the receipt of a signing event of another tool's repository.

use std::{path::PathBuf, process::ExitCode};

use keymoot_attestation::TrustStore;
use keymoot_core::text::{escape, escape_path};
use keymoot_record::{
    expectation,
    signing_event::receipt::{LARGEST, Receipt},
    transcript::Mode,
};

use super::print;
use crate::{
    Failure, attest::read_store, checkout, expected::expectations, files::read_bounded, say,
};

/// Check the receipt of a holder who signed in a signing event
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The receipt, as `keymoot answer --tree` wrote it
    receipt: PathBuf,
    /// The checkout with the holder's signatures: its documents must be the receipt's
    #[arg(long, value_name = "DIR")]
    tree: Option<PathBuf>,
    /// The minimum strength of the device
    #[arg(long, value_name = "SET", default_value = expectation::DEFAULT)]
    expect: String,
    /// The receipt is one of a rehearsal
    #[arg(long)]
    rehearsal: bool,
    /// In a rehearsal: the simulated vendor's certificates, in the form of attestations/
    #[arg(long, value_name = "DIR", requires = "rehearsal")]
    vendor_dir: Option<PathBuf>,
    /// List every rule with what it found
    #[arg(long)]
    rules: bool,
}

/// Exit codes: 0 every rule holds, 1 something cannot be read, 3 a rule is violated.
///
/// # Errors
/// [`Failure`] when a file cannot be read.
pub fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let bytes = read_bounded(&args.receipt, LARGEST as u64)?;
    let set = expectations(&args.expect)?;
    let own = args.vendor_dir.as_deref().map(read_store).transpose()?;
    let mode = Mode::of(args.rehearsal);
    let path = escape_path(&args.receipt);
    let read = Receipt::read(&bytes, mode);
    let mut verdicts = match &read {
        Ok(receipt) => receipt.verify(own.as_ref().unwrap_or(vendor), &set),
        Err(violation) => vec![violation.clone().into()],
    };
    if let (Ok(receipt), Some(tree)) = (&read, &args.tree) {
        verdicts.push(receipt.compare(&checkout::read(tree)?));
    }
    let holds = print(&verdicts, args.rules);
    let Some(receipt) = read.ok().filter(|_| holds) else {
        say!("NOT VERIFIED: {path}.");
        return Ok(ExitCode::from(3));
    };
    let documents: Vec<_> = receipt
        .documents
        .iter()
        .map(|one| {
            format!(
                "{}.json version {} ({})",
                escape(&one.role),
                one.version,
                one.signed.short_words()
            )
        })
        .collect();
    say!(
        "VERIFIED: {path}: {} signed {}{} on {}, with the key of YubiKey {}, from root version {} ({}).",
        receipt.handle,
        documents.join(", "),
        match receipt.branch.as_str() {
            "" => String::new(),
            branch => format!(" on branch {}", escape(branch)),
        },
        receipt.time,
        receipt.serial,
        receipt.base.version,
        receipt.base.signed.short_words()
    );
    if args.tree.is_none() {
        say!("Without --tree DIR nobody compares the documents with a repository.");
    }
    if args.rehearsal {
        say!("It is a REHEARSAL: do not trust or publish anything from it.");
    }
    Ok(ExitCode::SUCCESS)
}
