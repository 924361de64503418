//! Has everybody read the digest of the program, or of a part of the plan?

use crossterm::event::KeyEvent;

use crate::tui::{
    input::field::TypedWord,
    link::Heard,
    page::{Page, hex_groups},
    screen::{Screen, Sight},
};
use keymoot_core::{digest::Digest, text::escape};
use keymoot_record::{
    ceremony::{Answer, State},
    transcript::PlanPart,
};

/// The screen: one digest, whole. It fits the smallest terminal: nothing is typed unseen.
pub(super) struct ReadPart {
    part: PlanPart,
    digest: Digest,
    words: TypedWord,
}

impl ReadPart {
    /// The screen of this part.
    pub(super) fn new(part: PlanPart, digest: Digest) -> Self {
        Self {
            part,
            digest,
            words: TypedWord::default(),
        }
    }

    /// The name of the part, and the thing to compare it with.
    fn about(&self, sight: &Sight<'_>) -> String {
        let program = sight.state().and_then(State::program);
        let program = program.map_or_else(String::new, |program| escape(&program.name));
        match self.part {
            PlanPart::Program => {
                format!("{program}. Compare it with your build or the published release")
            }
            PlanPart::Policy => {
                "The policy says what is allowed. Compare it with the agreed policy".to_owned()
            }
            PlanPart::Roster => {
                "The roster says who takes part. Compare it with the roster that you got".to_owned()
            }
            PlanPart::Script => {
                "The script has the steps of today. Compare it with the agreed script".to_owned()
            }
        }
    }
}

impl Screen for ReadPart {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        let place = PlanPart::ALL.iter().position(|part| *part == self.part);
        page.who("Everybody in the room");
        page.headline(&format!(
            "Compare the digest of the {} ({} of {})",
            self.part.name(),
            place.map_or(0, |place| place + 1),
            PlanPart::ALL.len()
        ));
        page.text(&format!("{}{}.", self.about(sight), page.names().large));
        page.gap();
        for row in hex_groups(&self.digest) {
            page.item("  ", &row, ratatui::style::Style::new());
        }
        page.words(&self.digest);
        self.words
            .show(page, "Agreed? Type the first two words, 3 letters each:");
        page.keys = "F8 large".to_owned();
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        Some(Heard::Answer(Answer::Typed(self.words.key(key)?)))
    }

    fn refuse(&mut self, why: String) {
        self.words.refuse(why);
    }
}
