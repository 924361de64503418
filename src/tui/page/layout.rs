//! The regions of the screen. The same things are always in the same places.
//!
//! ```text
//! mode, title                                  time
//! act, step, minutes
//! ──────────────────────────────────────────────────
//! the one thing to do now            │ seats
//!                                    │ quorum
//! where somebody types               │ simulated devices
//! ──────────────────────────────────────────────────
//! what comes next                  expected end
//! the transcript's head
//! the keys that work here
//! ```
//!
//! A code that fills the screen is between the first row and the last one alone.

use ratatui::layout::Rect;

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::tui) struct Size {
    pub columns: u16,
    pub rows: u16,
}

/// The least that the screens need.
pub(in crate::tui) const LEAST: Size = Size {
    columns: 80,
    rows: 24,
};

/// Rows above the panes.
const HEAD: u16 = 3;
/// Rows below the panes.
const FOOT: u16 = 4;
/// Rows above and below a bare pane.
const BARE: u16 = 2;

/// The columns from which on there is room for more words.
const WIDE: u16 = 110;

impl Size {
    /// Whether the screens fit.
    pub(in crate::tui) fn is_enough(self) -> bool {
        self.columns >= LEAST.columns && self.rows >= LEAST.rows
    }

    /// Whether the one thing to do is shown in large type.
    pub(in crate::tui) fn is_projected(self) -> bool {
        self.columns >= PROJECTED.columns && self.rows >= PROJECTED.rows
    }

    /// Whether there is room for more words.
    pub(in crate::tui) fn is_wide(self) -> bool {
        self.columns >= WIDE
    }
}

/// What is beside the main pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Panes {
    /// The seats.
    Two,
    /// Nothing: the main pane is as wide as the screen.
    One,
    /// Nothing, and the main pane fills everything between the first row and the keys.
    Bare,
}

/// From this size on, as on a projector with small type, there is room for large type.
const PROJECTED: Size = Size {
    columns: 160,
    rows: 48,
};

/// The place of each part.
pub(in crate::tui) struct Regions {
    pub mode: Rect,
    pub step: Rect,
    pub upper_line: Rect,
    pub main: Rect,
    pub divider: Rect,
    pub side: Rect,
    pub lower_line: Rect,
    pub next: Rect,
    pub head: Rect,
    pub keys: Rect,
}

impl Regions {
    /// The places on a screen of this size, which [`Size::is_enough`].
    pub(in crate::tui) fn of(size: Size, panes: Panes) -> Self {
        let Size { columns, rows } = size;
        let row = |y| Rect::new(0, y, columns, 1);
        if panes == Panes::Bare {
            let nowhere = Rect::default();
            return Self {
                mode: row(0),
                step: nowhere,
                upper_line: nowhere,
                main: Rect::new(0, 1, columns, rows.saturating_sub(BARE)),
                divider: nowhere,
                side: nowhere,
                lower_line: nowhere,
                next: nowhere,
                head: nowhere,
                keys: row(rows.saturating_sub(1)),
            };
        }
        let wide = panes == Panes::One;
        let panes = rows.saturating_sub(HEAD + FOOT);
        let side = if size.is_wide() { 40 } else { 26 };
        let main = if wide {
            columns
        } else {
            columns.saturating_sub(side + 2)
        };
        let beside = u16::from(!wide);
        Self {
            mode: row(0),
            step: row(1),
            upper_line: row(2),
            main: Rect::new(0, HEAD, main, panes),
            divider: Rect::new(main, HEAD, beside, panes),
            side: Rect::new(main + beside, HEAD, (side + 1) * beside, panes),
            lower_line: row(HEAD + panes),
            next: row(HEAD + panes + 1),
            head: row(HEAD + panes + 2),
            keys: row(HEAD + panes + 3),
        }
    }
}

/// The columns of the main pane.
pub(in crate::tui) fn main_columns(size: Size, panes: Panes) -> usize {
    // One is left free before the divider.
    usize::from(Regions::of(size, panes).main.width).saturating_sub(1)
}

/// The rows of the main pane.
pub(in crate::tui) fn pane_rows(size: Size, panes: Panes) -> usize {
    usize::from(Regions::of(size, panes).main.height)
}
