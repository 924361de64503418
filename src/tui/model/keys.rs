//! The effect of a key: it opens an overlay, moves a device of a rehearsal, scrolls, or
//! goes to the screen.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use super::{Act, Awaits, Model, sight};
use crate::tui::{
    input::line::LineMeaning,
    overlay::{Overlay, Turned, keys::opened_by, turn_that_can_end},
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
        self.pasted = None;
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
                    return self.settle();
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

    /// The keys that work here.
    pub(crate) fn keys(&self) -> String {
        let everywhere = match &self.overlay {
            Some(overlay) if overlay.ends_by_word() => "",
            Some(_) => "Esc back",
            None if self.scene.is_last => "F1 help  F8 digest",
            // Here Esc leads back, and the keys above say so.
            None if self.scene.screen.takes_escape() => "F1 help",
            None if self.errand.is_some() => "Esc options  F1 help  F4 leave",
            None => "Esc options  F1 help  F2 note  F3 exception  F4 leave",
        };
        let has_codes = self.overlay.is_none() && self.sight().codes_for(&self.page).is_some();
        let codes = if has_codes { "F10 codes" } else { "" };
        let keys = [self.page.keys.as_str(), codes, everywhere];
        let keys: Vec<_> = keys.into_iter().filter(|keys| !keys.is_empty()).collect();
        keys.join("  ")
    }
}
