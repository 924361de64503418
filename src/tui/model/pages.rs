//! The current page, laid out for the terminal's size.

use super::{Model, Page};
use crate::tui::{
    overlay::compare::this_program,
    page::layout::{self, Size},
};
use keymoot_record::ceremony::State;

impl Model {
    /// Makes the page again. Call it before each drawing.
    pub(crate) fn lay_out(&mut self, size: Size) {
        // An answered screen stays as it was until the next question.
        if self.is_answered() && self.overlay.is_none() && self.size == size {
            return;
        }
        if self.size != size && self.scene.is_at_end {
            // The question stays in sight, and so does what it asks about: a digest.
            self.scene.scroll = usize::MAX;
            self.scene.follows = false;
        }
        self.size = size;
        let mut page = self.make_page();
        let mut scroll = self.clamped(&page);
        if self.overlay.is_none() && self.scene.scroll != scroll {
            // What was not shown yet is above or below this row.
            self.scene.scroll = scroll;
            page = self.make_page();
        }
        let room = page.upper_rows();
        if self.overlay.is_none() && size.is_enough() {
            // The prompt at the end may take more rows or fewer, and then other rows are in sight.
            let mut room = room;
            while self.scene.rows.sees(size, scroll, room, page.rows()) {
                let at_end = page.rows().saturating_sub(room) <= scroll && scroll > 0;
                page = self.make_page();
                if at_end {
                    self.scene.scroll = page.rows();
                }
                scroll = self.clamped(&page);
                room = page.upper_rows();
            }
        }
        match self.overlay {
            Some(_) => self.overlay_scroll = scroll,
            None => {
                let ends = scroll + page.upper_rows() >= page.rows();
                self.scene.is_at_end = ends && (scroll > 0 || page.is_long());
                self.scene.scroll = scroll;
            }
        }
        self.scroll = scroll;
        self.page = page;
    }

    fn make_page(&self) -> Page {
        let sight = self.sight();
        let columns = layout::main_columns(self.size, self.panes());
        let mut page = Page::new(columns, self.sheet);
        page.panes = self.panes();
        page.size = self.size;
        page.by_line = self.plain;
        page.in_large_type = self.size.is_projected() && !self.plain && self.overlay.is_none();
        page.fits = layout::pane_rows(self.size, self.panes());
        let unseen = self.scene.rows.unseen(self.scene.scroll);
        page.unseen = unseen.filter(|_| self.overlay.is_none());
        match &self.overlay {
            Some(overlay) => overlay.page(&mut page, &sight),
            None => self.scene.screen.page(&mut page, &sight),
        }
        page.tighten(page.upper_rows());
        let program = sight.state().and_then(State::program);
        let being_read = sight
            .state()
            .is_some_and(|state| state.part_to_read().is_some());
        if let Some(program) = program.filter(|_| {
            self.overlay.is_none() && !self.begun && !being_read && self.may_name_program()
        }) {
            let room = page.upper_rows().saturating_sub(page.rows());
            this_program(&mut page, program, room);
        }
        page
    }

    /// Printed line by line, the program's digest appears once: at the first question.
    fn may_name_program(&self) -> bool {
        !self.plain || self.asks()
    }

    /// The first row of the page in sight: as scrolled, but never past its end, and so that
    /// the chosen row is in sight.
    fn clamped(&self, page: &Page) -> usize {
        let wanted = match self.overlay {
            Some(_) => self.overlay_scroll,
            None => self.scene.scroll,
        };
        let room = page.upper_rows();
        let scroll = wanted.min(page.rows().saturating_sub(room));
        let follows = self.overlay.is_some() || self.scene.follows;
        match page.focus.filter(|_| follows) {
            Some(row) if row < scroll => row,
            Some(row) if row >= scroll + room => row + 1 - room,
            _ => scroll,
        }
    }
}
