//! The style sheet: every colour, weight and glyph of the screens.
//!
//! Nothing is ever said by colour alone: each style goes with a word or a mark.
//! Only the 16 colours of a Linux console are used. No text is dim: a projector cannot show it. The
//! tests measure the contrast of every cell of every picture with the console's colours.

use std::borrow::Cow;

use ratatui::style::{Color, Modifier, Style};

use super::words::{cut, safe};
use keymoot_record::transcript::Mode;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Sheet {
    /// Whether colours are wanted.
    pub colour: bool,
    /// Whether anything but ASCII can be shown.
    pub unicode: bool,
    /// Whether half blocks can be shown: the fonts of the Linux console hold them.
    pub blocks: bool,
    /// Whether it is the Linux console, whose yellow is brown.
    pub console: bool,
}

impl Sheet {
    /// What this terminal can show, by its environment: `NO_COLOR`
    /// (no-color.org), the locale, and that the fonts of the Linux console hold
    /// few glyphs.
    pub(in crate::tui) fn of_environment() -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let locale = locale.unwrap_or_default().to_lowercase();
        let terminal = set("TERM").unwrap_or_default();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        Self {
            colour: set("NO_COLOR").is_none(),
            unicode: utf8 && terminal != "linux",
            blocks: utf8,
            console: terminal == "linux",
        }
    }

    /// The same for rows of text that are one below the other.
    pub(in crate::tui) fn for_lines(self) -> Self {
        Self {
            colour: false,
            blocks: false,
            ..self
        }
    }

    /// Foreign or long text, as this terminal shows it, in at most so many columns.
    pub(in crate::tui) fn fit(self, text: &str, columns: usize) -> String {
        cut(&self.show(&safe(text)), columns, self.ellipsis())
    }

    fn coloured(self, colour: Color) -> Style {
        if self.colour {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    /// The block with LIVE or REHEARSAL.
    pub(in crate::tui) fn mode(self, mode: Mode) -> Style {
        let bold_white = Style::new().fg(Color::White).add_modifier(Modifier::BOLD);
        match (self.colour, mode) {
            // Not bold: the console makes bold reversed text grey on grey.
            (false, _) => Style::new().add_modifier(Modifier::REVERSED),
            (true, Mode::Live) => bold_white.bg(Color::Red),
            (true, Mode::Rehearsal) if self.console => bold_white.bg(Color::Yellow),
            (true, Mode::Rehearsal) => Style::new().fg(Color::Black).bg(Color::Yellow),
        }
    }

    /// The one thing to do now.
    pub(in crate::tui) fn headline(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The person who does it.
    pub(in crate::tui) fn who(self) -> Style {
        let coloured = self.coloured(Color::Cyan);
        match self.colour && self.console {
            // The console's dark colours end what bold began, also for the text after them.
            true => coloured,
            false => coloured.add_modifier(Modifier::BOLD),
        }
    }

    /// Words to read aloud.
    pub(in crate::tui) fn aloud(self) -> Style {
        self.coloured(Color::Green)
    }

    /// Text for looking up, not for reading first: as the terminal shows all text,
    /// because dark grey cannot be read on a projector.
    pub(in crate::tui) fn quiet(self) -> Style {
        Style::new()
    }

    /// A refusal or an error.
    pub(in crate::tui) fn alarm(self) -> Style {
        self.coloured(Color::LightRed).add_modifier(Modifier::BOLD)
    }

    /// What to do about an error, or what a person must do now.
    pub(in crate::tui) fn notice(self) -> Style {
        let colour = match self.console {
            true => Color::LightYellow,
            false => Color::Yellow,
        };
        self.coloured(colour).add_modifier(Modifier::BOLD)
    }

    /// The chosen row of a list.
    pub(in crate::tui) fn chosen(self) -> Style {
        // The console turns bold or coloured text that is reversed into dark on dark.
        Style::new()
            .fg(Color::Reset)
            .remove_modifier(Modifier::BOLD)
            .add_modifier(Modifier::REVERSED)
    }

    /// The text being typed.
    pub(in crate::tui) fn typed(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// A match of a search in a document.
    pub(in crate::tui) fn found(self) -> Style {
        self.chosen()
    }

    /// Dark on light on every terminal: a code that is scanned.
    pub(in crate::tui) fn code(self) -> Style {
        if self.colour {
            Style::new().fg(Color::Black).bg(Color::White)
        } else {
            Style::new()
        }
    }

    /// The separator within a row.
    pub(in crate::tui) fn between(self) -> &'static str {
        if self.unicode { " · " } else { " - " }
    }

    /// The mark of cut text.
    pub(in crate::tui) fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// A horizontal line.
    pub(in crate::tui) fn horizontal(self) -> &'static str {
        if self.unicode { "─" } else { "-" }
    }

    /// A vertical line.
    pub(in crate::tui) fn vertical(self) -> &'static str {
        if self.unicode { "│" } else { "|" }
    }

    /// Text for this terminal: where only ASCII can be shown,
    /// similar ASCII replaces punctuation, and visible escapes replace all else.
    pub(in crate::tui) fn show(self, text: &str) -> Cow<'_, str> {
        if self.unicode || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let mut shown = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                c if c.is_ascii() => shown.push(c),
                '—' | '–' | '·' => shown.push('-'),
                '…' => shown.push_str("..."),
                '“' | '”' => shown.push('"'),
                '‘' | '’' => shown.push('\''),
                c => shown.extend(c.escape_unicode()),
            }
        }
        Cow::Owned(shown)
    }
}
