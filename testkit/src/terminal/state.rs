//! The states for which a test waits at a terminal.

use std::{fs, path::Path};

use keymoot_core::digest::Digest;

/// A screen, recognised by words on it and by the kinds of the transcript's newest entry
/// when it is shown.
///
/// The same words can be on two screens, and on one screen before and after an answer.
/// With the newest entry they say where the ceremony is.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// Words on the screen; where lines break does not matter.
    pub words: &'a str,
    /// Kinds of events of which the newest entry is one; any, where there are none.
    pub after: &'a [&'a str],
}

impl<'a> State<'a> {
    /// The screen with these words, after an event of one of these kinds.
    pub const fn new(words: &'a str, after: &'a [&'a str]) -> Self {
        Self { words, after }
    }

    /// The same screen with other words of it.
    pub const fn with<'b>(self, words: &'b str) -> State<'b>
    where
        'a: 'b,
    {
        State {
            words,
            after: self.after,
        }
    }

    /// The same screen after an event of one of these kinds.
    pub const fn following<'b>(self, after: &'b [&'b str]) -> State<'b>
    where
        'a: 'b,
    {
        State {
            words: self.words,
            after,
        }
    }

    /// Whether the screen belongs to this newest entry.
    pub fn is_after(&self, newest: Option<&Newest>) -> bool {
        self.after.is_empty()
            || newest.is_some_and(|newest| self.after.contains(&newest.kind.as_str()))
    }
}

/// More words on the current screen.
impl<'a> From<&'a str> for State<'a> {
    fn from(words: &'a str) -> Self {
        Self::new(words, &[])
    }
}

impl<'a> From<&'a String> for State<'a> {
    fn from(words: &'a String) -> Self {
        Self::new(words, &[])
    }
}

/// The newest entry of a transcript.
#[derive(Debug)]
pub struct Newest {
    /// The kind of the event.
    pub kind: String,
    /// The words of the transcript's head, for reading aloud.
    pub words: String,
}

impl Newest {
    /// The newest entry of the ceremony in this folder; `None` before there is one, and while one
    /// is being written.
    pub fn of(ceremony: &Path) -> Option<Self> {
        let transcript = fs::read(ceremony.join("transcript.jsonl")).ok()?;
        let line = transcript
            .strip_suffix(b"\n")?
            .rsplit(|byte| *byte == b'\n')
            .next()?;
        let entry: serde_json::Value = serde_json::from_slice(line).ok()?;
        Some(Self {
            kind: entry["event"]["kind"].as_str()?.to_owned(),
            words: Digest::of(line).short_words(),
        })
    }
}
