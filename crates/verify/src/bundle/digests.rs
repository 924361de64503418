//! The four digests that identify a ceremony to people.

use keymoot_core::digest::Digest;
use keymoot_record::{
    bundle::Bundle,
    transcript::{Chain, Event},
};
use serde::Serialize;

/// The digests of the program that recorded the end of a transcript, and of the plan's files.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Digests {
    pub(super) program: Digest,
    pub(super) policy: Digest,
    pub(super) roster: Digest,
    pub(super) script: Digest,
}

impl Digests {
    /// `None` where the bundle lacks one of them.
    pub(super) fn of(bundle: &Bundle) -> Option<Self> {
        let file = |name: &str| Some(Digest::of(bundle.files().get(name)?));
        let chain = Chain::read(bundle.files().get("transcript.jsonl")?).ok()?;
        let mut entries = chain.entries().iter().rev();
        let program = entries.find_map(|entry| match &entry.event {
            Event::Opened { program, .. } | Event::Resumed { program, .. } => Some(program.sha256),
            _ => None,
        })?;
        Some(Self {
            program,
            policy: file("policy.toml")?,
            roster: file("roster.toml")?,
            script: file("script.toml")?,
        })
    }

    /// A line for each, and its words where they are asked for: 16 rows of words would push a
    /// verdict off a screen of 24.
    pub(super) fn in_text(&self, words: bool) -> String {
        let lines = self.named().into_iter().map(|(name, digest)| match words {
            true => format!("{name:<9}{digest}\n{}\n", digest.in_words()),
            false => format!("{name:<9}{digest}\n"),
        });
        let hint = match words {
            true => "",
            false => "; --rules adds the words",
        };
        let lines: String = lines.collect();
        format!("SHA-256 of the program and of the plan's files{hint}:\n{lines}")
    }

    /// Each with its name.
    fn named(&self) -> [(&'static str, Digest); 4] {
        [
            ("program", self.program),
            ("policy", self.policy),
            ("roster", self.roster),
            ("script", self.script),
        ]
    }
}
