//! `keymoot collect`: takes answers in, in any order and any number.

use std::{path::PathBuf, process::ExitCode};

use super::Held;
use crate::{
    commands::{Failure, arguments},
    frames::{self, Frames},
    host::clock,
};
use keymoot_attestation::TrustStore;
use keymoot_core::{HostError, Rule, Verdict, Violation, text::escape_path};
use keymoot_record::{
    apart::{Answer, Asking, Collected, armour, collect},
    bundle,
    transcript::Event,
};
use keymoot_verify::{files::read_bounded, say};

/// Take in the answers of holders who are apart
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The ceremony's folder
    dir: PathBuf,
    /// The answers: files as `keymoot answer` writes them, texts that contain their text form, or
    /// PNG or JPEG pictures of their QR codes
    #[arg(required = true, value_name = "ANSWER")]
    answers: Vec<PathBuf>,
}

/// The largest file that is read, in bytes. Answers in their text form, in a long mail, are read up
/// to [`armour::LARGEST_TEXT`].
const LARGEST: u64 = frames::LARGEST;

/// Exit codes: 0 every answer is recorded, 1 could not run, 3 an answer was refused.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let dir = arguments::absolute(&args.dir)?;
    let mut held = Held::open(&dir, vendor)?;
    let mut refused = false;
    let mut pictured = Frames::default();
    for path in &args.answers {
        let shown = escape_path(path);
        for file in files(read_bounded(path, LARGEST)?, &shown, &mut pictured) {
            refused |= !take(&mut held, &shown, file)?;
        }
    }
    for (pictures, file) in pictured.answers() {
        refused |= !take(&mut held, &pictures, file)?;
    }
    let open: Vec<_> = held
        .state
        .open_requests()
        .flat_map(|asked| asked.open())
        .collect();
    if !open.is_empty() {
        let names: Vec<_> = open.iter().map(|holder| holder.as_str()).collect();
        say!("Still awaited: {}.", names.join(", "));
    }
    say!("To go on: keymoot resume {}", escape_path(&dir));
    Ok(match refused {
        true => ExitCode::from(3),
        false => ExitCode::SUCCESS,
    })
}

/// The answers in a file, or why there is none. What a picture shows is put to the frames of the
/// other pictures.
fn files(bytes: Vec<u8>, shown: &str, pictured: &mut Frames) -> Vec<Result<Vec<u8>, Violation>> {
    if frames::is_picture(&bytes) {
        let texts = match frames::texts(bytes) {
            Ok(texts) => texts,
            Err(violation) => return vec![Err(violation)],
        };
        let taken = texts.iter().filter(|text| pictured.take(text, shown));
        return match taken.count() {
            0 => vec![Err(Violation::new(
                Rule::AnswerRead,
                "the QR code in the picture is no part of an answer",
                "photograph the codes that `keymoot answer` shows at its end",
            ))],
            _ => Vec::new(),
        };
    }
    match armour::files(&bytes) {
        Ok(files) => files.into_iter().map(Ok).collect(),
        Err(violation) => vec![Err(violation)],
    }
}

/// Takes an answer in and says what came of it. False where it is refused.
fn take(held: &mut Held, shown: &str, file: Result<Vec<u8>, Violation>) -> Result<bool, Failure> {
    let taken = match file {
        Ok(bytes) => one(held, &bytes)?,
        Err(violation) => Err(vec![violation.into()]),
    };
    match taken {
        Ok(said) => {
            say!("{shown}: {said}");
            Ok(true)
        }
        Err(verdicts) => {
            say!("{shown}: REFUSED");
            keymoot_verify::print_violated(&verdicts);
            Ok(false)
        }
    }
}

/// Takes one answer in: what came of it, or why it is refused.
fn one(held: &mut Held, bytes: &[u8]) -> Result<Result<String, Vec<Verdict>>, Failure> {
    let answer = match Answer::read(bytes) {
        Ok(answer) => answer,
        Err(violation) => return Ok(Err(vec![violation.into()])),
    };
    let manifest = manifest(held)?;
    let now = clock::now()?;
    let judged = {
        let asking = Asking {
            state: &held.state,
            chain: held.journal.chain(),
            objects: &|digest| held.object(digest),
            trust: &held.trust,
            manifest,
        };
        collect(&asking, &answer, now)
    };
    let (event, objects) = match judged {
        Ok(Collected::Known) => {
            return Ok(Ok(format!(
                "the answer of {} is recorded already",
                answer.holder
            )));
        }
        Ok(Collected::New { event, objects }) => (event, objects),
        Err(verdicts) => return Ok(Err(verdicts)),
    };
    for bytes in objects {
        held.folder.keep(&bytes)?;
    }
    let said = said(&event);
    held.record(*event)?;
    Ok(Ok(said))
}

fn said(event: &Event) -> String {
    let compared = match event {
        Event::Answered { branch, .. } => {
            branch
                .entries()
                .iter()
                .find_map(|entry| match &entry.event {
                    Event::RequestRead { compared, .. } => Some(compared.clone()),
                    _ => None,
                })
        }
        _ => None,
    };
    match compared.as_deref() {
        Some("") => format!(
            "{}; NOBODY compared the request's words over a second channel",
            event.sentence()
        ),
        Some(channel) => format!(
            "{}; the request's words were compared by {}",
            event.sentence(),
            keymoot_core::text::escape(channel)
        ),
        None => event.sentence(),
    }
}

/// MANIFEST.json, once the ceremony is sealed and it is made.
fn manifest(held: &Held) -> Result<Option<Vec<u8>>, HostError> {
    if held.state.manifest.is_none() {
        return Ok(None);
    }
    let chain = held.journal.chain();
    let made = bundle::contents(
        &held.state,
        chain,
        &|digest| held.object(digest),
        &held.trust,
    )
    .and_then(|files| bundle::manifest(&held.state, &files));
    made.map(Some)
        .map_err(|error| HostError::new(error.to_string(), "resume, then try again"))
}
