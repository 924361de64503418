//! What the screens do now, for the interfaces.

use super::{Awaits, Model, ScreenNumber};
use crate::tui::overlay::Overlay;

impl Model {
    /// Whether the terminal must not show what is typed. People type a PIN a moment early or
    /// late, so a turn shows only what is typed for a question that asks for no secret.
    pub(in crate::tui) fn hides_typing(&self) -> bool {
        match &self.overlay {
            // The rest of a PIN may follow Ctrl-C.
            Some(Overlay::Leave(_)) => self.scene.screen.asks_for_secret(),
            Some(overlay) => !overlay.is_typed_into() && self.has_turn(),
            None => !matches!(self.scene.awaits, Awaits::Answer) || self.takes_secret(),
        }
    }

    /// Whether the keys are part of a secret.
    pub(in crate::tui) fn takes_secret(&self) -> bool {
        self.overlay.is_none()
            && matches!(self.scene.awaits, Awaits::Answer)
            && self.scene.screen.asks_for_secret()
    }

    /// Whether a holder's device is at work, and so its PIN may be asked.
    fn has_turn(&self) -> bool {
        let turn = self.view.as_ref().and_then(|view| view.state.turn.as_ref());
        turn.is_some() || self.errand.is_some() || self.scene.screen.asks_for_secret()
    }

    /// Whether the screen awaits input.
    pub(in crate::tui) fn asks(&self) -> bool {
        self.overlay.is_some() || matches!(self.scene.awaits, Awaits::Answer)
    }

    /// Whether somebody answered, and the next screen has not come yet.
    pub(in crate::tui) fn is_answered(&self) -> bool {
        self.scene.is_answered
    }

    /// Another number each time another screen or overlay takes the keys.
    pub(in crate::tui) fn turned(&self) -> u64 {
        self.turned
    }

    /// Which screen is shown, and what is over it.
    pub(in crate::tui) fn screen_number(&self) -> ScreenNumber {
        ScreenNumber(self.screens, self.overlay.as_ref().map(|_| self.overlays))
    }

    /// Whether the overlay only shows or offers something.
    pub(in crate::tui) fn only_shows(&self) -> bool {
        self.overlay.as_ref().is_some_and(Overlay::gives_way)
    }

    /// Whether the overlay is a form, in which Enter alone changes nothing.
    pub(in crate::tui) fn is_form(&self) -> bool {
        self.overlay.as_ref().is_some_and(Overlay::is_form)
    }

    /// Whether Enter alone takes the text that a line has from before.
    pub(in crate::tui) fn is_filled(&self) -> bool {
        match &self.overlay {
            Some(overlay) => overlay.is_filled(),
            None => self.scene.screen.is_filled(),
        }
    }

    /// How long the work under way has taken, in seconds.
    pub(in crate::tui) fn waited(&self) -> Option<u64> {
        let (_, since) = self.scene.work.as_ref()?;
        Some(self.now.up.saturating_sub(*since))
    }

    /// Whether something is over the screen.
    pub(in crate::tui) fn is_covered(&self) -> bool {
        self.overlay.is_some()
    }

    /// Minutes spent in the current step since it began, also by an earlier process.
    pub(in crate::tui) fn minutes_in_step(&self) -> i64 {
        let view = self.view.as_ref();
        let since = view.and_then(|view| view.state.step_since);
        let since = since.map_or(self.step.1, |since| since.unix());
        self.now.utc.saturating_sub(since).max(0) / 60
    }

    /// What the screen says for a few seconds, or until the next key.
    pub(in crate::tui) fn notice(&self) -> Option<&'static str> {
        self.notice.map(|(notice, _)| notice)
    }
}
