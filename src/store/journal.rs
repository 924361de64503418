//! The transcript on the disk: each event is written and synced before anything
//! else sees it.

use std::{
    fs::{File, OpenOptions},
    io::{Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::host::whole;
use keymoot_core::HostError;
use keymoot_record::transcript::{Chain, Entry, Event, Time};

const NAME: &str = "transcript.jsonl";

/// The largest transcript read, in bytes.
const LARGEST: u64 = 64 << 20;

/// A transcript being written.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    chain: Chain,
    /// Whether the file may contain a line that the chain does not.
    failed: bool,
}

impl Journal {
    /// Opens the transcript in a ceremony's folder, making an empty one if there
    /// is none. Returns how many bytes of a torn last line were cut off.
    ///
    /// # Errors
    /// [`HostError`] when the disk fails or the transcript was altered.
    pub fn open(folder: &Path) -> Result<(Self, u64), HostError> {
        let path = folder.join(NAME);
        let fail = |error: std::io::Error| HostError::file("open", &path, &error);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(fail)?;
        whole::sync(folder).map_err(fail)?;
        let (chain, whole, cut) = recovered(&path)?;
        if cut > 0 {
            file.set_len(whole)
                .and_then(|()| file.sync_all())
                .map_err(fail)?;
        }
        file.seek(SeekFrom::Start(whole)).map_err(fail)?;
        let failed = false;
        Ok((
            Self {
                path,
                file,
                chain,
                failed,
            },
            cut,
        ))
    }

    /// Reads the transcript in a ceremony's folder and changes nothing: empty where there is
    /// none yet, and without a torn last line.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn look(folder: &Path) -> Result<Chain, HostError> {
        let path = folder.join(NAME);
        match path.exists() {
            true => recovered(&path).map(|(chain, ..)| chain),
            false => Ok(Chain::default()),
        }
    }

    /// The chain as it is on the disk.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Makes the entry that would come next, for the state to check before it is
    /// written.
    ///
    /// # Errors
    /// [`HostError`] when the event holds a control character.
    pub fn draft(&self, event: Event, time: Time) -> Result<Entry, HostError> {
        self.chain.next(event, time).map_err(|error| {
            HostError::new(
                error.to_string(),
                "type it again without special characters",
            )
        })
    }

    /// Writes a drafted entry and syncs it.
    ///
    /// # Errors
    /// [`HostError`] when the disk fails. The next opening cuts off a part of a line
    /// that was written; until then every entry is refused, because the next
    /// line would not follow the one in the file.
    pub fn append(&mut self, entry: Entry) -> Result<(), HostError> {
        if self.failed {
            return Err(HostError::new(
                "the transcript could not be written before",
                "resume the ceremony: it is read again from the disk",
            ));
        }
        self.failed = true;
        let line = [entry.line(), b"\n"].concat();
        let fail = |error: std::io::Error| HostError::file("write", &self.path, &error);
        self.file
            .write_all(&line)
            .and_then(|()| self.file.sync_data())
            .map_err(fail)?;
        self.chain
            .push(entry)
            .map_err(|error| HostError::new(error.to_string(), "leave, then resume"))?;
        self.failed = false;
        Ok(())
    }

    /// Whether an entry could not be written: then nothing may follow before it is opened again.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed
    }
}

/// The chain in a file, the length of its whole lines, and that of a torn last one.
fn recovered(path: &Path) -> Result<(Chain, u64, u64), HostError> {
    let bytes = keymoot_verify::files::read_bounded(path, LARGEST)?;
    let (chain, torn) = Chain::recover(&bytes).map_err(|error| {
        HostError::new(
            format!("{}: {error}", keymoot_core::text::escape_path(path)),
            "stop: the transcript was changed. Find out how; if nobody knows, begin a new ceremony",
        )
    })?;
    Ok((chain, (bytes.len() - torn.len()) as u64, torn.len() as u64))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::{self, File, OpenOptions};

    use super::{Event, Journal, NAME, Time};

    #[test]
    fn nothing_is_written_after_an_entry_that_could_not_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(folder.path()).unwrap();
        let path = folder.path().join(NAME);
        let time = Time::parse("2026-11-28T12:00:00Z").unwrap();
        let entry = journal.draft(Event::Left {}, time).unwrap();
        // Opened for reading: each write to it fails.
        journal.file = File::open(&path).unwrap();
        assert!(!journal.has_failed());
        journal.append(entry.clone()).unwrap_err();
        assert!(journal.has_failed());
        journal.file = OpenOptions::new().append(true).open(&path).unwrap();
        let refused = journal.append(entry).unwrap_err();
        assert!(refused.what.contains("could not be written before"));
        assert_eq!(fs::read(&path).unwrap(), b"");
    }
}
