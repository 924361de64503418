//! Asks holders apart, in one file.

use std::path::Path;

use super::{Desk, refusal::reason};
use crate::{
    host::{clock, whole},
    store,
};
use keymoot_core::{HostError, digest::Digest, text::quoted_path};
use keymoot_record::{
    apart::Request,
    bundle::Files,
    ceremony::{State, requests::MOST_REQUESTS},
    expectation,
    rules::roster::Handle,
    transcript::{Event, Mode, Time},
};

/// A request that went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    /// The digest of its file.
    pub digest: Digest,
    /// How long the file is, in bytes.
    pub length: usize,
    /// Who is asked.
    pub to: Vec<Handle>,
    /// The command with which each of them answers.
    pub answer: String,
}

/// Writes a request to `out` and records it. It goes to those who are named by handle, or to all
/// who are awaited apart, over the channel `by`.
///
/// # Errors
/// [`HostError`] when nobody can be asked, or the file cannot be written.
pub(crate) fn ask(
    desk: &mut Desk<'_>,
    named: &[String],
    until: Option<Time>,
    by: &str,
    out: &Path,
) -> Result<Sent, HostError> {
    let now = clock::now()?;
    if let Some(past) = until.filter(|until| *until < now) {
        return Err(HostError::new(
            format!(
                "answers cannot be due on {}: the clock shows {now}",
                past.date()
            ),
            "name a later day; if the clock is wrong, set it first",
        ));
    }
    if desk.state.requests.len() >= MOST_REQUESTS {
        return Err(HostError::new(
            format!("this ceremony sent {MOST_REQUESTS} requests, which is the most"),
            "call the holders to the table",
        ));
    }
    let to = whom(desk.state, named)?;
    let opening = desk.state.opening.as_ref();
    let vendor = match opening.map(|opening| opening.mode) {
        Some(Mode::Rehearsal) => store::rehearsal::vendor_files(desk.folder.path())?,
        _ => Files::new(),
    };
    let unfit = |why: String| {
        HostError::new(
            format!("no request can be made: {why}"),
            "resume, then try again",
        )
    };
    let request = Request::of(
        desk.state,
        desk.journal.chain(),
        &|digest| desk.object(digest),
        &vendor,
        (&to, until),
    )
    .and_then(|request| request.bytes())
    .map_err(unfit)?;
    let digest = Digest::of(&request);
    // Written before the event that names it. An interrupted attempt wrote the same bytes.
    whole::publish_once(out, &request, whole::UNTAKEN)?;
    desk.record(Event::Requested {
        request: digest,
        to: to.clone(),
        until,
        by: by.to_owned(),
    })?;
    Ok(Sent {
        digest,
        length: request.len(),
        answer: answering(desk, &to, out),
        to,
    })
}

/// The command with which a holder answers this file.
fn answering(desk: &Desk<'_>, to: &[Handle], file: &Path) -> String {
    let name = file.file_name().map_or(file, Path::new);
    let mut command = format!("keymoot answer {} --out ANSWER", quoted_path(name));
    if to.len() > 1 {
        command += " --as HANDLE";
    }
    if desk.state.plan.previous().is_some() {
        command += " --trusted-root ROOT";
    }
    let opening = desk.state.opening.as_ref();
    let mode = opening.map_or(Mode::Live, |opening| opening.mode);
    command += &expectation::argument(&desk.state.plan, mode);
    if mode == Mode::Rehearsal {
        let devices = quoted_path(desk.folder.path());
        command += &format!(" --rehearsal --devices {devices}");
    }
    command
}

/// Withdraws a request with missing answers, the newest one if none is named: its holders are not
/// awaited any more. Returns which request it was, and these holders.
///
/// # Errors
/// [`HostError`] when there is none, the reason is no line, or the event cannot be written.
pub(crate) fn withdraw(
    desk: &mut Desk<'_>,
    named: Option<Digest>,
    why: &str,
) -> Result<(Digest, Vec<Handle>), HostError> {
    let why = reason(why)?.to_owned();
    let (request, holders) = open_request(desk.state, named)?;
    desk.record(Event::Withdrawn { request, why })?;
    Ok((request, holders))
}

/// A request with missing answers, and who is awaited.
fn open_request(state: &State, named: Option<Digest>) -> Result<(Digest, Vec<Handle>), HostError> {
    let mut open = state.open_requests();
    let asked = match named {
        Some(request) => open.find(|asked| asked.request == request),
        None => open.last(),
    };
    let asked = asked.map(|asked| (asked.request, asked.open().cloned().collect()));
    asked.ok_or_else(|| match named {
        Some(request) if !state.requests.iter().any(|asked| asked.request == request) => {
            HostError::new(
                format!(
                    "this ceremony sent no request {} (SHA-256 {request})",
                    request.short_words()
                ),
                "name the file that `keymoot request` wrote for this ceremony",
            )
        }
        Some(_) => HostError::new(
            "the request is closed: it was withdrawn, or nobody is awaited any more",
            "there is nothing to withdraw; `keymoot request` asks again",
        ),
        None => HostError::new("no request awaits answers", "there is nothing to withdraw"),
    })
}

/// Nobody is asked twice at one time: not those who are named, nor anybody where no other holder is
/// left.
fn asked_before(state: &State, named: &[String], awaited: &[Handle]) -> Result<(), HostError> {
    let asked_again = |holder: &Handle| match named.is_empty() {
        true => awaited.is_empty(),
        false => named.iter().any(|name| name == holder.as_str()),
    };
    let open: Vec<_> = state
        .unanswered()
        .filter(|holder| asked_again(holder))
        .collect();
    match open.is_empty() {
        true => Ok(()),
        false => Err(HostError::new(
            format!(
                "{}: asked already, and the answer is still awaited",
                Handle::list(open)
            ),
            "wait for the answer, or withdraw the request first: keymoot request DIR --withdraw FILE --why TEXT",
        )),
    }
}

/// Why nobody is asked, and who can be, although the roll call marked nobody else as apart.
fn nobody_awaited(state: &State) -> HostError {
    let nobody = "this step awaits no holder who is apart";
    let away = state.away();
    match away.first() {
        Some(first) => HostError::new(
            format!(
                "{nobody}; not in the room, and not marked as apart: {}",
                Handle::list(&away)
            ),
            format!("name one of them with --to, such as --to {first}"),
        ),
        None if state.may_come_and_go() => HostError::new(
            nobody,
            "call those in the room to the table, or wait until the next step with turns begins",
        ),
        None => HostError::new(
            nobody,
            "mark holders as apart in the roll call, or wait until their step begins",
        ),
    }
}

/// Who is asked, in the order of the seats.
///
/// # Errors
/// [`HostError`] when nobody can be asked, or not all who are named.
pub(crate) fn whom(state: &State, named: &[String]) -> Result<Vec<Handle>, HostError> {
    let awaited = match named.is_empty() {
        true => state.to_be_asked(),
        false => state.may_be_asked(),
    };
    if let Some(turn) = &state.turn {
        return Err(HostError::new(
            format!("{} is at the table", turn.holder),
            "resume, and end that turn first",
        ));
    }
    asked_before(state, named, &awaited)?;
    let stranger = named
        .iter()
        .find(|name| !awaited.iter().any(|holder| holder.as_str() == *name));
    let refused = stranger.map(|name| keymoot_core::text::escape(name));
    if awaited.is_empty() {
        return Err(nobody_awaited(state));
    }
    if let Some(name) = refused {
        return Err(HostError::new(
            format!(
                "{name} cannot be asked apart; this step can ask {}",
                Handle::list(&awaited)
            ),
            "name holders who are not in the room and whose part in this step is open",
        ));
    }
    let asked =
        |holder: &Handle| named.is_empty() || named.iter().any(|name| name == holder.as_str());
    let to: Vec<_> = awaited.into_iter().filter(asked).collect();
    match to.iter().find(|holder| !state.can_answer_apart(holder)) {
        Some(holder) => Err(HostError::new(
            format!("{holder} has a YubiHSM 2, and its log is read at the table"),
            "ask the others with --to, and call this holder to the table",
        )),
        None => Ok(to),
    }
}
