//! A break: the devices are bagged and their numbers noted; on return the
//! roll is called. The transcript records it as two notes.

use crossterm::event::{KeyCode, KeyEvent};

use crate::{
    driver::Interrupt,
    tui::{input::form::Form, page::Page},
};

/// The words that begin and end it.
const PAUSE: &str = "pause";
const RETURN: &str = "return";

/// A break: about to begin, or under way.
pub(in crate::tui) enum Intermission {
    /// The notes that are taken before people leave.
    Going(Form),
    /// People are away.
    Away {
        /// Since this second of [`Sight::up`](crate::tui::screen::Sight::up).
        since: u64,
        /// The note that was recorded when they left: bags and seals are compared with it.
        note: String,
        /// The result.
        form: Form,
    },
}

impl Intermission {
    /// About to begin.
    pub(in crate::tui) fn new() -> Self {
        let labels = [
            "Numbers of the bags with the devices, seat by seat:",
            "Who stays with the machine and the bags:",
            "Until when (UTC):",
            "Type pause and press Enter:",
        ];
        Self::Going(Form::new(&labels, Some(PAUSE)))
    }

    /// Whether people are away: it ends only when they are back.
    pub(in crate::tui) fn is_under_way(&self) -> bool {
        matches!(self, Self::Away { .. })
    }

    /// The form of the present part.
    pub(super) fn form(&self) -> &Form {
        match self {
            Self::Going(form) | Self::Away { form, .. } => form,
        }
    }

    /// Takes a key. Returns the note once a part is complete, and whether it continues.
    pub(in crate::tui) fn key(
        &mut self,
        key: &KeyEvent,
        up: u64,
    ) -> Option<(Interrupt, Option<Self>)> {
        match self {
            Self::Going(form) => form.key(key).then(|| {
                let [bags, keeper, until, _] = form.take();
                let note = format!(
                    "Break until {until}. Devices in bags: {bags}. With the machine and the bags: {keeper}."
                );
                let labels = [
                    "Who answered the roll call, by seat:",
                    "Bag numbers and seals, compared with the note:",
                    "Type return and press Enter:",
                ];
                let away = Self::Away {
                    since: up,
                    note: note.clone(),
                    form: Form::new(&labels, Some(RETURN)).without_way_back(),
                };
                (Interrupt::Note(note), Some(away))
            }),
            Self::Away { .. } if key.code == KeyCode::Esc => None,
            Self::Away { since, form, .. } => form.key(key).then(|| {
                let [present, bags, _] = form.take();
                let minutes = match up.saturating_sub(*since).div_ceil(60) {
                    1 => "1 minute".to_owned(),
                    minutes => format!("{minutes} minutes"),
                };
                let note = format!(
                    "Back from the break after {minutes}. Answered: {present}. Bags and seals: {bags}."
                );
                (Interrupt::Note(note), None)
            }),
        }
    }

    /// Draws the page.
    pub(in crate::tui) fn page(&self, page: &mut Page, up: u64) {
        match self {
            Self::Going(form) => {
                page.who("The administrator");
                page.headline("A break.");
                page.gap();
                page.text("Each holder puts the device into a bag and seals it. Read the numbers aloud, and note them here. Somebody stays.");
                form.show(page);
                page.keys = "Enter next  Up before".to_owned();
            }
            Self::Away { since, note, form } => {
                let away = up.saturating_sub(*since);
                page.who("Nobody needs to do anything");
                page.headline("Break. The ceremony waits.");
                page.item(
                    "",
                    &format!("for {}:{:02}", away / 60, away % 60),
                    page.sheet.notice(),
                );
                page.gap();
                page.text("When all are back: call the roll, compare the bags' numbers and seals with the note, and write the result here. The note:");
                page.item("  ", note, page.sheet.typed());
                form.show(page);
                page.keys = "Enter next  Up before  Ctrl-U empties".to_owned();
            }
        }
    }
}
