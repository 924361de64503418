//! `keymoot request`: asks holders apart, in one file.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::{Held, UNTAKEN};
use crate::{
    commands::{Failure, arguments},
    host::whole,
    store,
};
use keymoot_attestation::TrustStore;
use keymoot_core::{HostError, digest::Digest, text::escape_path};
use keymoot_record::{
    apart::Request,
    bundle::Files,
    rules::roster::Handle,
    transcript::{Event, Mode, Time},
};
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
    #[arg(long, value_name = "DATE", value_parser = end_of)]
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

/// The last second of a day.
fn end_of(day: &str) -> Result<Time, &'static str> {
    Time::parse(&format!("{day}T23:59:59Z")).ok_or("a day is written like 2026-12-24")
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
        held.record(Event::Withdrawn {
            request,
            why: keymoot_core::text::escape(args.why.as_deref().unwrap_or_default()),
        })?;
        say!("Withdrawn: {request}. Who has not answered it is not awaited any more.");
        return Ok(ExitCode::SUCCESS);
    }
    let Some(out) = &args.out else {
        return Ok(ExitCode::from(2));
    };
    let to = whom(&held, &args.to)?;
    let opening = held.state.opening.as_ref();
    let vendor = match opening.map(|opening| opening.mode) {
        Some(Mode::Rehearsal) => store::rehearsal::vendor_files(&dir)?,
        _ => Files::new(),
    };
    let unfit = |why: String| {
        HostError::new(
            format!("no request can be made: {why}"),
            "resume, then try again",
        )
    };
    let request = Request::of(
        &held.state,
        held.journal.chain(),
        &|digest| held.object(digest),
        &vendor,
        (&to, args.until),
    )
    .and_then(|request| request.bytes())
    .map_err(unfit)?;
    let digest = Digest::of(&request);
    // Before the event that names it. What an interrupted attempt wrote is the same.
    whole::publish_once(out, &request, UNTAKEN)?;
    held.record(Event::Requested {
        request: digest,
        to: to.iter().map(ToString::to_string).collect(),
        until: args.until,
        by: keymoot_core::text::escape(&args.by),
    })?;
    let names: Vec<_> = to.iter().map(Handle::as_str).collect();
    say!(
        "{} asks {} in {} bytes. Its SHA-256 is {digest}, in words:\n{}\n\
         Read the words to each holder over a second channel. Each holder runs: keymoot answer {}",
        escape_path(out),
        names.join(", "),
        request.len(),
        digest.in_words(),
        out.file_name()
            .map_or_else(String::new, |name| escape_path(Path::new(name)))
    );
    Ok(ExitCode::SUCCESS)
}

/// The largest request that is read, in bytes.
const LARGEST: u64 = keymoot_record::apart::request::LARGEST as u64;

/// Who is asked, in the order of the seats.
fn whom(held: &Held, named: &[String]) -> Result<Vec<Handle>, HostError> {
    let awaited = match named.is_empty() {
        true => held.state.to_be_asked(),
        false => held.state.may_be_asked(),
    };
    let list = |holders: &[Handle]| {
        let names: Vec<_> = holders.iter().map(Handle::as_str).collect();
        match names.is_empty() {
            true => "nobody".to_owned(),
            false => names.join(", "),
        }
    };
    if let Some(turn) = &held.state.turn {
        return Err(HostError::new(
            format!("{} is at the table", turn.holder),
            "resume, and end that turn first",
        ));
    }
    let stranger = named
        .iter()
        .find(|name| !awaited.iter().any(|holder| holder.as_str() == *name));
    let refused = stranger.map(|name| keymoot_core::text::escape(name));
    if let Some(name) = refused.or_else(|| awaited.is_empty().then(|| "nobody".to_owned())) {
        return Err(HostError::new(
            format!(
                "{name} is not awaited apart; the step awaits {} apart",
                list(&awaited)
            ),
            "name holders whom the roll call marked as apart and who have not answered",
        ));
    }
    let asked =
        |holder: &Handle| named.is_empty() || named.iter().any(|name| name == holder.as_str());
    let to: Vec<_> = awaited.into_iter().filter(asked).collect();
    match to
        .iter()
        .find(|holder| !held.state.can_answer_apart(holder))
    {
        Some(holder) => Err(HostError::new(
            format!("{holder} has a YubiHSM 2, and its log is read at the table"),
            "ask the others with --to, and call this holder to the table",
        )),
        None => Ok(to),
    }
}
