//! The folder of a holder's turn apart: laid out like a ceremony's folder, with the request instead of the plan's files.
//!
//! ```text
//! request.json          the request, byte for byte
//! transcript.jsonl      the request's transcript, and after it the branch
//! objects/<sha256>      the files that events name
//! escrow/               secrets sealed to the holder
//! lock                  held while a keymoot works here
//! ```

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Folder, Journal, Occupant};
use crate::host::whole;
use keymoot_core::{
    HostError,
    digest::Digest,
    text::{escape_path, quoted_path},
};
use keymoot_record::{
    apart::{Answer, Opened, request::LARGEST},
    ceremony::State,
    rules::roster::Handle,
    transcript::Event,
};
use keymoot_verify::files::read_bounded;

const REQUEST: &str = "request.json";

/// What to do about a folder of a turn that does not fit its request.
const CHANGED: &str = "stop: the folder of the turn was changed. Find out who changed it";

/// A turn apart in its folder, held by this process alone.
#[derive(Debug)]
pub(crate) struct Turn {
    /// The folder.
    pub(crate) folder: Folder,
    /// Its transcript.
    pub(crate) journal: Journal,
    /// Bytes of a torn last line that were removed.
    pub(crate) cut: u64,
    /// The result of the transcript.
    pub(crate) state: State,
}

/// The folder of the turn whose answer is written here, where none is named.
pub(crate) fn beside(answer: &Path) -> PathBuf {
    let mut name = answer.file_name().unwrap_or_default().to_owned();
    name.push(".turn");
    answer.with_file_name(name)
}

/// Whether a turn is in this folder already.
pub(crate) fn is_laid_out(dir: &Path) -> bool {
    dir.join("objects").is_dir()
}

/// Whether the turn in this folder is for this request.
pub(crate) fn is_for(dir: &Path, request: &[u8]) -> bool {
    read_bounded(&dir.join(REQUEST), LARGEST as u64).is_ok_and(|there| there == request)
}

/// What to do where a file is in the way of the answer of the turn in this folder. Without `--dir`,
/// another file has another turn, and the device would sign again.
pub(crate) fn elsewhere(dir: &Path) -> String {
    format!(
        "move it away, or run the same command with -o OTHER --dir {}: nothing is signed twice",
        quoted_path(dir)
    )
}

/// The answer that the turn in this folder signed, and `None` before that. Changes nothing.
///
/// # Errors
/// [`HostError`] when the transcript cannot be read, or a file that it names is missing.
pub(crate) fn signed_answer(dir: &Path) -> Result<Option<Vec<u8>>, HostError> {
    let chain = Journal::look(dir)?;
    let mut events = chain.entries().iter().map(|entry| &entry.event);
    if !events.any(|event| matches!(event, Event::AnswerSigned { .. })) {
        return Ok(None);
    }
    let kept = |digest: &Digest| Folder::kept_in(dir, digest).ok();
    let answer = Answer::of(&chain, &kept).and_then(|answer| answer.bytes());
    answer.map(Some).map_err(|why| {
        HostError::new(
            format!("the answer in {} cannot be read: {why}", escape_path(dir)),
            CHANGED,
        )
    })
}

/// A folder beside the answer in which this holder's turn for this request has begun. A second turn
/// would sign a second answer, and reset the device of an enrolment again.
///
/// # Errors
/// [`HostError`] when the folder of the answer cannot be listed, or the transcript of such a turn
/// cannot be read.
pub(crate) fn begun_beside(
    answer: &Path,
    request: &[u8],
    holder: &Handle,
) -> Result<Option<PathBuf>, HostError> {
    let folder = whole::parent(answer);
    let failed = |error| HostError::file("list", folder, &error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let dir = entry.map_err(failed)?.path();
        if is_for(&dir, request) && has_begun(&dir, holder)? {
            return Ok(Some(dir));
        }
    }
    Ok(None)
}

fn has_begun(dir: &Path, holder: &Handle) -> Result<bool, HostError> {
    let chain = Journal::look(dir)?;
    let mut events = chain.entries().iter().map(|entry| &entry.event);
    Ok(events
        .any(|event| matches!(event, Event::AnswerBegun { holder: begun, .. } if begun == holder)))
}

/// Lays out the folder of the turn, or opens that of an interrupted turn.
///
/// # Errors
/// [`HostError`] when it is the turn of another request or holder, or another process has it.
pub(crate) fn open(
    dir: &Path,
    opened: &Opened,
    request: &[u8],
    holder: &Handle,
) -> Result<Turn, HostError> {
    if !is_laid_out(dir) {
        Folder::create(dir, |dir| {
            let base = opened.request.files.get("transcript.jsonl");
            let base = base.map(Vec::as_slice).unwrap_or_default();
            whole::write_durably(&dir.join("transcript.jsonl"), base)?;
            for (digest, bytes) in &opened.request.objects {
                whole::write_durably(&dir.join("objects").join(digest.to_string()), bytes)?;
            }
            whole::write_durably(&dir.join(REQUEST), request)
        })?;
    }
    let folder = Folder::open(dir, &Occupant::new(holder.as_str())?)?;
    let other = |whose: String| {
        HostError::new(
            format!("{} is the turn of {whose}", escape_path(dir)),
            "name another folder with --dir",
        )
    };
    if !is_for(dir, request) {
        return Err(other("another request".to_owned()));
    }
    let (journal, cut) = Journal::open(dir)?;
    let state = State::fold(opened.state.origin().clone(), journal.chain())
        .map_err(|illegal| HostError::new(illegal.to_string(), CHANGED))?;
    match &state.apart {
        Some(apart) if apart.holder != *holder => Err(other(apart.holder.to_string())),
        _ => Ok(Turn {
            folder,
            journal,
            cut,
            state,
        }),
    }
}
