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
use crate::{Failure, expected::expectations, files::read_bounded, now, say};

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

/// An answer that was read: its file, safe to show, and the rules that it violates.
struct Given {
    path: String,
    answer: Answer,
    violated: Vec<Verdict>,
}

/// Exit codes: 0 every rule holds, 1 something cannot be read, 3 a rule is violated.
///
/// # Errors
/// [`Failure`] when a file cannot be read.
pub fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let mut given = Vec::new();
    let mut verdicts = Vec::new();
    for path in &args.answers {
        let bytes = read_bounded(path, armour::LARGEST_TEXT as u64)?;
        for file in armour::files(&bytes) {
            match file.and_then(|file| Answer::read(&file)) {
                Ok(answer) => given.push(Given {
                    path: escape_path(path),
                    answer,
                    violated: Vec::new(),
                }),
                Err(violation) => verdicts.push(violation.into()),
            }
        }
    }
    let of_request = match &args.request {
        Some(request) => against(request, &mut given, args, vendor)?,
        None => {
            say!("Without --request FILE nobody checks whether a holder's key signed an answer.");
            Vec::new()
        }
    };
    let checked = args.request.is_some() && !of_request.iter().any(Verdict::is_violated);
    verdicts.extend(of_request);
    verdicts.extend(given.iter().flat_map(|one| one.violated.clone()));
    given.retain(|one| one.violated.is_empty());
    // What no key signed contradicts nobody.
    let pairs: Vec<_> = given
        .iter()
        .enumerate()
        .flat_map(|(at, one)| given.iter().skip(at + 1).map(move |other| (one, other)))
        .map(|(one, other)| compare((&one.path, &one.answer), (&other.path, &other.answer)))
        .collect();
    let forked = pairs.iter().any(Verdict::is_violated);
    verdicts.extend(pairs);
    let holds = print(&verdicts, args.rules);
    for Given { path, answer, .. } in given.iter().filter(|_| !forked) {
        let (holder, words) = (&answer.holder, answer.request.short_words());
        match checked {
            true => say!("VERIFIED: {path}: {holder} answers request {words}"),
            false => say!("NOT CHECKED: {path}: it says that {holder} answers request {words}"),
        }
    }
    Ok(match holds {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(3),
    })
}

/// Checks each answer as the ceremony would check its first one. Returns the verdicts on the
/// request.
fn against(
    request: &Path,
    given: &mut [Given],
    args: &Args,
    vendor: &TrustStore,
) -> Result<Vec<Verdict>, Failure> {
    let bytes = read_bounded(request, LARGEST as u64)?;
    let expected = Expectations {
        rehearsal: args.rehearsal,
        plan: Some(expectations(&args.expect)?),
        ..Expectations::default()
    };
    let (opened, verdicts) = open(&bytes, &expected, vendor);
    let Some(mut opened) = opened.filter(|_| !verdicts.iter().any(Verdict::is_violated)) else {
        return Ok(verdicts);
    };
    let requested = Event::Requested {
        request: Digest::of(&bytes),
        to: opened.request.asks.to.clone(),
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
        manifest: manifest.as_deref(),
        declined: &[],
        command: "keymoot collect DIR REFUSAL",
    };
    for one in given {
        if let Err(violated) = collect(&asking, &one.answer, at) {
            one.violated = violated;
        }
    }
    Ok(verdicts)
}
