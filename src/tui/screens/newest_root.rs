//! Is this the newest root that was published? The previous state may have been rolled back.

use crossterm::event::KeyEvent;

use super::step::opening_of_step;
use crate::tui::{
    input::field::TypedWord,
    link::Heard,
    page::Page,
    screen::{Screen, Sight},
};
use keymoot_core::digest::Digest;
use keymoot_record::ceremony::{Answer, State, previous::Previous};

/// The screen: the newest root, then two of its words, read from another source.
pub(super) struct NewestRoot {
    version: u64,
    root: Digest,
    words: TypedWord,
}

impl NewestRoot {
    /// The screen of this root.
    pub(super) fn new(version: u64, root: Digest) -> Self {
        Self {
            version,
            root,
            words: TypedWord::default(),
        }
    }
}

impl Screen for NewestRoot {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.headline("Is this the newest root that was published?");
        let version = self.version;
        let previous = sight.state().and_then(|state| state.plan.previous());
        let newest = sight.state().and_then(State::compared_root);
        let expires = newest.map(|root| format!(" expires {}", root.root().expires));
        page.text(&format!(
            "Version {version}{}. Its digest{}:",
            expires.unwrap_or_default(),
            page.names().large
        ));
        page.words(&self.root);
        let first = previous.and_then(|previous| previous.roots().first());
        if let Some(first) = first.map(|root| root.root().version) {
            page.text(&match previous.and_then(Previous::trusted) {
                Some(trusted) => format!(
                    "Every root from the trusted one, version {trusted}, is signed by its own quorum and by the quorum of the root before."
                ),
                None => format!(
                    "Every root from version {first} is signed by its own quorum and by the quorum of the root before. No root \
                     was given from another source."
                ),
            });
        }
        page.gap();
        opening_of_step(page, sight);
        self.words.show(
            page,
            "Read the published words aloud, then type the first two of them and press Enter:",
        );
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        let words = self.words.key(key)?;
        Some(Heard::Answer(Answer::Typed(words)))
    }

    fn refuse(&mut self, why: String) {
        self.words.refuse(why);
    }
}
