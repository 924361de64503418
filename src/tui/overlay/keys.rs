//! The effect of a key: on an open overlay, or over every screen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{
    Overlay, Turned,
    compare::Compare,
    end_without, leave,
    ways::{Way, may_pause, ways},
};
use crate::{
    driver::Interrupt,
    tui::{input::field::is_word, page::frames, screen::Sight},
};

impl Overlay {
    /// Takes a key.
    pub(in crate::tui) fn key(&mut self, key: &KeyEvent, sight: &Sight<'_>) -> Turned {
        // A stray key does not end a break.
        if key.code == KeyCode::Esc && !self.ends_by_word() {
            return Turned::Closed;
        }
        let completed = match self {
            Self::Note(form)
            | Self::Exception(form)
            | Self::EndTurn(_, form)
            | Self::EndWithout(form)
            | Self::Decline(form) => form.key(key),
            _ => false,
        };
        match self {
            Self::Ways { at, numbered } => Self::choose(at, *numbered, key, sight),
            Self::Compare(compare) => {
                compare.key(key, sight);
                Turned::Stays
            }
            Self::Frames(frames) => {
                frames.key(key);
                Turned::Stays
            }
            Self::Intermission(pause) => match pause.key(key, sight.up) {
                Some((note, goes_on)) => {
                    let open = goes_on.map(|pause| Box::new(Self::Intermission(pause)));
                    Turned::Wants(note, open)
                }
                None => Turned::Stays,
            },
            Self::Note(form) if completed => {
                let [text, _] = form.take();
                Turned::Wants(Interrupt::Note(text), None)
            }
            Self::Exception(form) if completed => {
                let [expected, happened, decided, _] = form.take();
                let interrupt = Interrupt::Exception {
                    expected,
                    happened,
                    decided,
                };
                Turned::Wants(interrupt, None)
            }
            Self::EndTurn(_, form) if completed => {
                let [reason, _] = form.take();
                Turned::Wants(Interrupt::EndTurn(reason), None)
            }
            Self::People(people) => match people.key(key, sight) {
                Some(person) => Turned::Wants(Interrupt::Attend(person), None),
                None => Turned::Stays,
            },
            Self::Apart(apart) => match apart.chosen(key, sight) {
                Some(chosen) => Turned::To(Self::Apart(chosen)),
                None => match apart.key(key) {
                    Some(wanted) => Turned::Wants(wanted, None),
                    None => Turned::Stays,
                },
            },
            Self::Decline(form) if completed => {
                let [reason, _] = form.take();
                Turned::Wants(Interrupt::Decline(reason), None)
            }
            Self::EndWithout(form) if completed => {
                let [cause, reason, _] = form.take();
                match end_without::cause(&cause) {
                    Some(cause) => Turned::Wants(Interrupt::EndWithout(cause, reason), None),
                    None => Turned::To(Self::EndWithout(end_without::form())),
                }
            }
            Self::Leave(word) => match word.key(key) {
                Some(typed) if is_word(&typed, leave::LEAVE) => {
                    Turned::Wants(Interrupt::Leave, None)
                }
                Some(_) => {
                    word.refuse(format!("Type the word {}, or go back.", leave::LEAVE));
                    Turned::Stays
                }
                None => Turned::Stays,
            },
            _ => Turned::Stays,
        }
    }

    /// The options. Over a PIN, whose rest may follow, Enter goes back.
    pub(in crate::tui) fn ways(sight: &Sight<'_>, numbered: bool) -> Self {
        let at = match numbered {
            true => 0,
            false => ways(sight).len().saturating_sub(1),
        };
        Self::Ways { at, numbered }
    }

    fn choose(at: &mut usize, numbered: bool, key: &KeyEvent, sight: &Sight<'_>) -> Turned {
        let ways = ways(sight);
        match key.code {
            KeyCode::Up => *at = at.saturating_sub(1),
            KeyCode::Down => *at = (*at + 1).min(ways.len().saturating_sub(1)),
            KeyCode::Enter => return ways.get(*at).map_or(Turned::Closed, |way| way.open(sight)),
            KeyCode::Char(c) if numbered => {
                // 0 is the tenth.
                let at = c.to_digit(10).map(|digit| (digit + 9) % 10);
                if let Some(way) = at.and_then(|at| ways.get(at as usize)) {
                    return way.open(sight);
                }
            }
            _ => {}
        }
        Turned::Stays
    }
}

/// The overlay that a key opens over every screen, if any.
pub(in crate::tui) fn opened_by(key: &KeyEvent, sight: &Sight<'_>) -> Option<Overlay> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if key.code == KeyCode::F(10) || (control && key.code == KeyCode::Char('k')) {
        return sight
            .codes
            .map(|_| Overlay::Frames(frames::Shown::default()));
    }
    let way = match key.code {
        KeyCode::F(1) => Way::Help,
        KeyCode::F(2) => Way::Note,
        KeyCode::F(3) => Way::Exception,
        KeyCode::F(4) => Way::Leave,
        KeyCode::F(8) => Way::Compare,
        KeyCode::F(9) => Way::Pause,
        KeyCode::Char('g') if control => Way::Help,
        KeyCode::Char('o') if control => Way::Note,
        KeyCode::Char('e') if control => Way::Exception,
        KeyCode::Char('l' | 'c') if control => Way::Leave,
        KeyCode::Char('d') if control => Way::Compare,
        KeyCode::Char('b') if control => Way::Pause,
        _ => return None,
    };
    let offered = match way {
        Way::Compare => Compare::is_possible(sight),
        Way::Pause => may_pause(sight),
        Way::Note | Way::Exception => sight.errand.is_none(),
        _ => true,
    };
    match way.open(sight) {
        Turned::To(overlay) if offered => Some(overlay),
        _ => None,
    }
}
