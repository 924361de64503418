//! What a line does that is typed into an overlay.

use crossterm::event::KeyCode;

use super::{Overlay, ways::ways};
use crate::tui::{
    input::line::{LineMeaning, keys_to_row, row_number},
    screen::Sight,
};

impl Overlay {
    /// The meaning of a line, without spaces at its ends.
    pub(in crate::tui) fn line(&self, line: &str, sight: &Sight<'_>) -> LineMeaning {
        match self {
            Self::Ways { .. } => {
                let rows = ways(sight).len();
                let Some(number) = row_number(line, rows) else {
                    return LineMeaning::none_of("option", line, &format!("1 to {rows}"));
                };
                let mut keys = keys_to_row(number, rows);
                keys.push(KeyCode::Enter);
                LineMeaning::Keys(keys)
            }
            Self::People(people) => people.line(line, sight),
            Self::Apart(apart) => apart.line(line, sight),
            _ if self.only_shows() => LineMeaning::Keys(Vec::new()),
            _ => self
                .form()
                .map_or(LineMeaning::Text, |form| form.line(line)),
        }
    }
}
