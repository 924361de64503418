//! The folder of a holder's turn apart: laid out like a ceremony's folder, with the request instead of the plan's files.
//!
//! ```text
//! request.json          the request, byte for byte
//! transcript.jsonl      the request's transcript, and after it the branch
//! objects/<sha256>      the files that events name
//! escrow/               secrets sealed to the holder
//! lock                  held while a keymoot works here
//! ```

use std::path::{Path, PathBuf};

use super::{Folder, Journal, Occupant};
use crate::host::whole;
use keymoot_core::{HostError, text::escape_path};
use keymoot_record::{
    apart::{Opened, request::LARGEST},
    ceremony::State,
    rules::roster::Handle,
};
use keymoot_verify::files::read_bounded;

const REQUEST: &str = "request.json";

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
    if !dir.join("objects").is_dir() {
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
    if read_bounded(&dir.join(REQUEST), LARGEST as u64)? != request {
        return Err(other("another request".to_owned()));
    }
    let (journal, cut) = Journal::open(dir)?;
    let state = State::fold(opened.state.origin().clone(), journal.chain()).map_err(|illegal| {
        HostError::new(
            illegal.to_string(),
            "stop: the folder of the turn was changed. Find out who changed it",
        )
    })?;
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
