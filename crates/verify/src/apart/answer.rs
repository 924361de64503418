//! `keymoot-verify answer`: compares an answer with its request, and answers with
//! each other.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use keymoot_attestation::TrustStore;
use keymoot_core::{HostError, Verdict, digest::Digest, text::escape_path};
use keymoot_record::{
    apart::{Answer, Asking, armour, collect, fork::compare, open, request::LARGEST},
    bundle::Expectations,
    expectation,
    transcript::Event,
};

use super::print;
use crate::{Failure, bundle::expectations, files::read_bounded, now, say};

/// Check answers of holders apart, with no device and no network
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The answers; of several, also whether two contradict each other
    #[arg(required = true, value_name = "ANSWER")]
    answers: Vec<PathBuf>,
    /// The request that they answer
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
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
    let mut answers = Vec::new();
    let mut verdicts = Vec::new();
    for path in &args.answers {
        let bytes = read_bounded(path, armour::LARGEST_TEXT as u64)?;
        let read = armour::files(&bytes).and_then(|files| {
            let files = files.iter().map(|file| Answer::read(file));
            files.collect::<Result<Vec<_>, _>>()
        });
        match read {
            Ok(read) => answers.extend(read.into_iter().map(|answer| (escape_path(path), answer))),
            Err(violation) => verdicts.push(violation.into()),
        }
    }
    for (at, (name, answer)) in answers.iter().enumerate() {
        let others = answers.iter().skip(at + 1);
        verdicts
            .extend(others.map(|(other_name, other)| compare((name, answer), (other_name, other))));
    }
    match &args.request {
        Some(request) => verdicts.extend(against(request, &answers, args, vendor)?),
        None => {
            say!("Without --request FILE nobody checks whether a holder's key signed an answer.")
        }
    }
    let holds = print(&verdicts, args.rules);
    for (name, answer) in answers.iter().filter(|_| holds) {
        let words = answer.request.short_words();
        say!(
            "VERIFIED: {name}: {} answers request {words}",
            answer.holder
        );
    }
    Ok(match holds {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(3),
    })
}

/// Checks each answer as the ceremony would check its first one.
fn against(
    request: &Path,
    answers: &[(String, Answer)],
    args: &Args,
    vendor: &TrustStore,
) -> Result<Vec<Verdict>, Failure> {
    let bytes = read_bounded(request, LARGEST as u64)?;
    let expected = Expectations {
        rehearsal: args.rehearsal,
        plan: Some(expectations(&args.expect)?),
        ..Expectations::default()
    };
    let (opened, mut verdicts) = open(&bytes, &expected, vendor);
    let Some(mut opened) = opened.filter(|_| !verdicts.iter().any(Verdict::is_violated)) else {
        return Ok(verdicts);
    };
    let requested = Event::Requested {
        request: Digest::of(&bytes),
        to: opened
            .request
            .asks
            .to
            .iter()
            .map(ToString::to_string)
            .collect(),
        until: opened.request.asks.until,
        by: String::new(),
    };
    let at = now()?;
    let unfit = |why: String| HostError::new(why, "get the request again");
    let entry = opened
        .chain
        .next(requested, at)
        .map_err(|error| unfit(error.to_string()))?;
    opened.state = opened
        .state
        .after(&entry)
        .map_err(|illegal| unfit(illegal.to_string()))?;
    opened
        .chain
        .push(entry)
        .map_err(|error| unfit(error.to_string()))?;
    let manifest = keymoot_record::apart::verify::manifest(&opened);
    let asking = Asking {
        state: &opened.state,
        chain: &opened.chain,
        objects: &|digest| opened.object(digest),
        trust: &opened.trust,
        manifest,
    };
    for (_, answer) in answers {
        if let Err(violated) = collect(&asking, answer, at) {
            verdicts.extend(violated);
        }
    }
    Ok(verdicts)
}
