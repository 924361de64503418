//! The options: what each says, when there is one, and what it opens.

use super::{
    Overlay, Turned, apart::Apart, compare::Compare, decline, end_without,
    intermission::Intermission, people::People, turn_that_can_end,
};
use crate::tui::{page::Page, screen::Sight, seats};
use keymoot_record::{ceremony::State, rules::roster::Handle};

/// Whether people may go now: not while a device is at the table. A holder at home just leaves.
pub(super) fn may_pause(sight: &Sight<'_>) -> bool {
    let state = sight.state();
    state.is_some_and(|state| state.turn.is_none() && state.apart.is_none())
}

/// An option.
#[derive(Clone, Copy)]
pub(super) enum Way {
    Note,
    Exception,
    EndTurn,
    People,
    Apart,
    EndWithout,
    Decline,
    Compare,
    Pause,
    Leave,
    Help,
    Back,
}

/// The options that there are now, in their order.
pub(super) fn ways(sight: &Sight<'_>) -> Vec<Way> {
    // Outside of a ceremony there is no transcript for notes.
    let mut ways = match sight.errand {
        None => vec![Way::Note, Way::Exception],
        Some(_) => Vec::new(),
    };
    if sight.state().and_then(turn_that_can_end).is_some() {
        ways.push(Way::EndTurn);
    }
    if People::is_possible(sight) {
        ways.push(Way::People);
    }
    if Apart::of(sight).is_some() {
        ways.push(Way::Apart);
    }
    if Compare::is_possible(sight) {
        ways.push(Way::Compare);
    }
    if sight.state().is_some_and(State::may_end_without) {
        ways.push(Way::EndWithout);
    }
    if decline::is_possible(sight) {
        ways.push(Way::Decline);
    }
    if may_pause(sight) {
        ways.push(Way::Pause);
    }
    ways.extend([Way::Leave, Way::Help, Way::Back]);
    ways
}

/// Draws the page.
pub(super) fn page(page: &mut Page, sight: &Sight<'_>, at: usize, numbered: bool) {
    page.who(&sight.typist());
    page.headline("Options. Nothing happens before you type it out.");
    page.gap();
    if let (true, Some(state)) = (page.by_line, sight.state()) {
        // The side pane of a screen.
        for seat in seats::each_in_words(state) {
            page.text(&seat);
        }
        page.text(&seats::in_words(state));
        page.gap();
    }
    if page.by_line {
        page.ask("Type the number of an option; Enter alone goes back.");
    }
    for (number, way) in ways(sight).iter().enumerate() {
        let says = way.says(sight, page.by_line);
        let says = match numbered {
            // One key chooses an option, so the tenth has the digit 0.
            true if !page.by_line => format!("{} {says}", (number + 1) % 10),
            true => format!("{} {says}", number + 1),
            false => says,
        };
        page.choice(&says, number == at);
    }
    page.keys = match (numbered, ways(sight).len()) {
        (true, count @ ..=9) => format!("Up Down Enter 1-{count}"),
        (true, _) => "Up Down Enter 0-9".to_owned(),
        (false, _) => "Up Down Enter".to_owned(),
    };
}

impl Way {
    /// Its row.
    fn says(self, sight: &Sight<'_>, by_line: bool) -> String {
        match self {
            Self::Note => "record a note".to_owned(),
            Self::Exception => "record an exception".to_owned(),
            Self::EndTurn => {
                let holder = sight.state().and_then(turn_that_can_end);
                format!(
                    "end the turn of {}",
                    holder.map(Handle::as_str).unwrap_or_default()
                )
            }
            Self::People => "somebody arrives or leaves the room".to_owned(),
            Self::Apart => "holders apart: requests and answers".to_owned(),
            Self::Compare if by_line => "compare a digest: hexadecimal and words".to_owned(),
            Self::Compare => "compare a digest: words, large type, code".to_owned(),
            Self::EndWithout => "we do not agree, or there is no quorum".to_owned(),
            Self::Decline => "decline, and say why".to_owned(),
            Self::Pause => "a break".to_owned(),
            Self::Leave if sight.errand.is_some() => "leave, and sign nothing".to_owned(),
            Self::Leave => "leave, and resume later".to_owned(),
            Self::Help => "help: what the keys do".to_owned(),
            Self::Back => "go back".to_owned(),
        }
    }

    /// Its effect.
    pub(super) fn open(self, sight: &Sight<'_>) -> Turned {
        match self {
            Self::Note => Turned::To(Overlay::note()),
            Self::Exception => Turned::To(Overlay::exception()),
            Self::EndTurn => Overlay::end_turn(sight).map_or(Turned::Closed, Turned::To),
            Self::People => Turned::To(Overlay::People(People::default())),
            Self::Apart => {
                Apart::of(sight).map_or(Turned::Closed, |apart| Turned::To(Overlay::Apart(apart)))
            }
            Self::Compare => Turned::To(Overlay::Compare(Compare::of(sight))),
            Self::EndWithout => Turned::To(Overlay::EndWithout(end_without::form())),
            Self::Decline => Turned::To(Overlay::Decline(decline::form())),
            Self::Pause => Turned::To(Overlay::Intermission(Intermission::new())),
            Self::Leave => Turned::To(Overlay::leave()),
            Self::Help => Turned::To(Overlay::Help),
            Self::Back => Turned::Closed,
        }
    }
}
