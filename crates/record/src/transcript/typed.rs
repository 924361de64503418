//! Text that people typed into a transcript, which may contain a secret by mistake.

use super::{Chain, Event};

impl Event {
    /// The lines that people typed.
    #[must_use]
    pub fn typed(&self) -> Vec<&str> {
        match self {
            Self::Note { text } => vec![text],
            Self::Exception {
                expected,
                happened,
                decided,
            } => vec![expected, happened, decided],
            Self::Confirmed { fields, .. } => fields.values().map(String::as_str).collect(),
            Self::EndedWithout { reason, .. } => vec![reason],
            Self::TurnEnded {
                unfinished: Some(reason),
                ..
            } => vec![reason],
            _ => Vec::new(),
        }
    }
}

impl Chain {
    /// Whether somebody typed this into the transcript, where everybody can read it.
    #[must_use]
    pub fn shows(&self, secret: &str) -> bool {
        let entries = self.entries().iter();
        entries
            .flat_map(|entry| entry.event.typed())
            .any(|line| line.contains(secret))
    }
}
