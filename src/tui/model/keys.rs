//! The effect of a key: it opens an overlay, moves a device of a rehearsal, scrolls, or
//! goes to the screen.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use super::{Act, Awaits, Model, sight};
use crate::tui::{
    input::line::LineMeaning,
    overlay::{Overlay, Turned, compare::Compare, keys::opened_by, turn_that_can_end},
    page::words::width,
};

impl Model {
    /// Whether what was typed at this moment was meant for the present screen.
    pub(crate) fn is_meant(&self, at: Instant) -> bool {
        self.seen.is_some_and(|seen| seen <= at)
    }

    /// The meaning of a line, without spaces at its ends.
    pub(crate) fn line(&self, line: &str) -> LineMeaning {
        match &self.overlay {
            Some(overlay) => overlay.line(line, &self.sight()),
            None if self.asks() => self.scene.screen.line(line, &self.sight()),
            None => LineMeaning::Keys(Vec::new()),
        }
    }

    /// A key was pressed at this moment. A key pressed before the present screen
    /// was visible is dropped.
    pub(crate) fn key(&mut self, key: &KeyEvent, at: Instant) -> Vec<Act> {
        if !self.is_meant(at) || key.kind == KeyEventKind::Release || !self.size.is_enough() {
            return Vec::new();
        }
        self.notice = None;
        if let Some(overlay) = opened_by(key, &self.sight()) {
            let gives_way = self.overlay.as_ref().is_none_or(Overlay::gives_way);
            if gives_way && (!self.scene.is_last || overlay.only_shows()) {
                // The rest of a PIN would be typed into a text that is published.
                match overlay.is_published() && self.scene.screen.asks_for_secret() {
                    true => self.open_ways(),
                    false => self.open(overlay),
                }
            }
            return Vec::new();
        }
        let asked = matches!(self.scene.awaits, Awaits::Answer);
        let state = self.view.as_ref().map(|view| &*view.state);
        if let Some(hands) = &mut self.hands
            && let Some(command) = hands.key(key, state, asked)
        {
            return command.map(Act::Room).into_iter().collect();
        }
        if self.scrolls(key) {
            return Vec::new();
        }
        let shown = (self.view.as_ref(), self.errand.as_ref());
        let hands = self.hands.as_ref();
        let sight = sight(
            shown,
            self.now,
            hands,
            self.scene.codes.as_ref(),
            self.scene.rows.is_read,
        );
        if let Some(overlay) = &mut self.overlay {
            match overlay.key(key, &sight) {
                Turned::Stays => {}
                Turned::Closed => self.close_overlay(),
                Turned::To(other) => self.open(other),
                Turned::Wants(interrupt, after) => {
                    let holder = sight.state().and_then(turn_that_can_end).cloned();
                    self.sent = self.overlay.take().and_then(Overlay::again);
                    match after {
                        Some(after) => self.open(*after),
                        None => self.close_overlay(),
                    }
                    self.owed.push_back((interrupt, holder));
                    let acts = self.settle();
                    self.say_what_waits();
                    return acts;
                }
            }
            return Vec::new();
        }
        let taken = self.scene.screen.takes_escape();
        if key.code == KeyCode::Esc && !taken {
            if !self.scene.is_last {
                self.open_ways();
            }
            return Vec::new();
        }
        if !matches!(self.scene.awaits, Awaits::Answer) {
            return Vec::new();
        }
        self.scene.follows = true;
        match self.scene.screen.key(key, &sight) {
            Some(heard) => {
                self.scene.awaits = Awaits::Nothing;
                self.scene.is_answered = true;
                self.begun = true;
                if let Some(form) = self.refilled.take() {
                    self.open(form);
                    // Keys that were pressed before it is visible are not for it.
                    self.seen = None;
                }
                vec![Act::Tell(heard)]
            }
            None => Vec::new(),
        }
    }

    fn open_ways(&mut self) {
        let numbered = self.plain || !self.scene.screen.asks_for_secret();
        let ways = Overlay::ways(&self.sight(), numbered);
        self.open(ways);
    }

    /// Takes a key that scrolls; whether it was one.
    fn scrolls(&mut self, key: &KeyEvent) -> bool {
        let arrows = match &self.overlay {
            Some(overlay) => overlay.scrolls(),
            None => !self.scene.screen.takes_arrows(),
        };
        let room = self.page.upper_rows();
        // Not the last row that fits now: at the end, the prompt may take more rows.
        let last = self.page.rows();
        let scroll = match key.code {
            KeyCode::PageUp => self.scroll.saturating_sub(room.saturating_sub(1)),
            KeyCode::PageDown => self.scroll + room.saturating_sub(1).max(1),
            // Printed rows are not printed again.
            KeyCode::Home if self.plain => self.page.unseen.as_ref().map_or(0, |u| u.rows.start),
            KeyCode::Home => 0,
            KeyCode::End => last,
            KeyCode::Up if arrows => self.scroll.saturating_sub(1),
            KeyCode::Down if arrows => self.scroll + 1,
            _ => return false,
        };
        match self.overlay {
            Some(_) => self.overlay_scroll = scroll.min(last),
            None => {
                self.scene.scroll = scroll.min(last);
                self.scene.follows = false;
            }
        }
        true
    }

    /// Whether the page has rows above those in sight, and below them.
    pub(crate) fn out_of_sight(&self) -> (bool, bool) {
        let last = self.scroll + self.page.upper_rows();
        (self.scroll > 0, last < self.page.rows())
    }

    /// The keys that work here, as a row of the terminal's width.
    pub(crate) fn keys(&self) -> String {
        let columns = usize::from(self.size.columns);
        let mut keys = self.all_keys();
        // The row above the prompt names PgUp, too, and the options have the others.
        for (long, short) in [
            (BOTH_WAYS, FORWARD),
            (EXCEPTION, ""),
            (NOTE, ""),
            (LEAVE, ""),
        ] {
            if width(&in_a_row(&keys)) <= columns {
                break;
            }
            for key in keys.iter_mut().filter(|key| **key == long) {
                *key = short;
            }
        }
        in_a_row(&keys)
    }

    /// The keys that work here, those of the page before those that work everywhere.
    fn all_keys(&self) -> Vec<&str> {
        let scrolls = match self.out_of_sight() {
            (false, false) => "",
            (false, true) => FORWARD,
            (true, false) => BACK,
            (true, true) => BOTH_WAYS,
        };
        let everywhere: &[&str] = match &self.overlay {
            Some(overlay) if overlay.ends_by_word() => &[],
            Some(_) => &["Esc back"],
            None if self.scene.is_last => &["F1 help", "F8 digest"],
            // Here Esc leads back, and the keys above say so.
            None if self.scene.screen.takes_escape() => &["F1 help"],
            None if self.errand.is_some() => &["Esc options", "F1 help", LEAVE],
            None => &["Esc options", "F1 help", NOTE, EXCEPTION, LEAVE],
        };
        let has_codes = self.overlay.is_none() && self.sight().codes_for(&self.page).is_some();
        let codes = if has_codes { "F10 codes" } else { "" };
        let digest = if self.names_digest() { "F8 digest" } else { "" };
        let mut keys = vec![scrolls, self.page.keys.as_str(), digest, codes];
        keys.extend(everywhere);
        keys
    }

    /// Whether the text of the page names the key of the digests, which works here, and its own
    /// keys do not.
    fn names_digest(&self) -> bool {
        let works = match &self.overlay {
            Some(overlay) => overlay.gives_way() && !overlay.only_shows(),
            None => !self.scene.is_last,
        };
        works
            && !self.page.keys.contains("F8")
            && Compare::is_possible(&self.sight())
            && self.page.names_key("F8")
    }
}

const BACK: &str = "PgUp";
const FORWARD: &str = "PgDn";
const BOTH_WAYS: &str = "PgUp PgDn";
const NOTE: &str = "F2 note";
const EXCEPTION: &str = "F3 exception";
const LEAVE: &str = "F4 leave";

fn in_a_row(keys: &[&str]) -> String {
    let keys = keys.iter().copied().filter(|keys| !keys.is_empty());
    keys.collect::<Vec<_>>().join("  ")
}
