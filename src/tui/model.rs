//! What the screens know, and what they make of everything that they hear.
//!
//! Nothing here waits, draws or speaks to the terminal: messages come in, acts go
//! out.

use std::{collections::VecDeque, time::Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{
    hands::Hands,
    layout::{self, Size},
    link::{Heard, Request},
    overlay::{Overlay, Turned, turn_that_can_end},
    page::Page,
    room::{RoomCommand, RoomSeen},
    screens::{self, Screen, Sight, Starting},
    style::Sheet,
};
use crate::{
    ceremony::Question,
    device::Cancel,
    driver::{Interrupt, View, Work},
    rules::roster::Handle,
    transcript::Mode,
};

/// What is to be done about something heard.
pub(super) enum Act {
    /// Tell the driver.
    Tell(Heard),
    /// End the wait.
    EndWait(Cancel),
    /// Move a simulated device.
    Room(RoomCommand),
}

/// The time, twice: by the clock, and since the screens were set up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Now {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub utc: i64,
    /// Seconds since the screens were set up.
    pub up: u64,
}

/// What the driver is waiting for.
enum Awaits {
    /// An answer that the screen will give.
    Answer,
    /// The end of a wait, which can be ended.
    Wait(Cancel),
    /// Nothing that anybody here could give.
    Nothing,
}

/// The screen that stands, and what the driver waits for meanwhile.
struct Scene {
    screen: Box<dyn Screen>,
    awaits: Awaits,
    /// The question and its step, by which it is known when it is asked again.
    asked: Option<(Question, usize)>,
    /// The work and when it began, by which it is known when it is told again.
    work: Option<(Work, u64)>,
    /// The first row of the upper part in sight.
    scroll: usize,
}

/// All that the screens know.
pub(super) struct Model {
    pub mode: Mode,
    pub title: String,
    pub sheet: Sheet,
    pub view: Option<View>,
    pub now: Now,
    pub size: Size,
    /// The simulated devices of a rehearsal.
    pub hands: Option<Hands>,
    /// The rows of the main pane, as they stand.
    pub page: Page,
    /// The first row of the page's upper part in sight.
    pub scroll: usize,
    /// What was wanted while nobody could be told.
    pub owed: VecDeque<(Interrupt, Option<Handle>)>,
    overlay: Option<Overlay>,
    overlay_scroll: usize,
    scene: Scene,
    /// When what takes the keys now was first seen; `None` before that.
    seen: Option<Instant>,
}

impl Model {
    /// Nothing is known yet but this.
    pub fn new(mode: Mode, title: String, sheet: Sheet, room: bool) -> Self {
        Self {
            mode,
            title,
            sheet,
            view: None,
            now: Now::default(),
            size: Size::default(),
            hands: room.then(Hands::default),
            page: Page::new(1, sheet),
            scroll: 0,
            owed: VecDeque::new(),
            overlay: None,
            overlay_scroll: 0,
            scene: Scene {
                screen: Box::new(Starting),
                awaits: Awaits::Nothing,
                asked: None,
                work: None,
                scroll: 0,
            },
            seen: None,
        }
    }

    /// What was laid out was drawn, at this moment.
    pub fn shown(&mut self, at: Instant) {
        self.seen.get_or_insert(at);
    }

    /// The time is now this.
    pub fn tick(&mut self, now: Now) {
        self.now = now;
    }

    /// The room was seen like this.
    pub fn room(&mut self, seen: RoomSeen) {
        if let Some(hands) = &mut self.hands {
            hands.see(seen);
        }
    }

    /// The driver wants something.
    pub fn request(&mut self, request: Request) -> Vec<Act> {
        match request {
            Request::Show(view) => {
                self.view = Some(*view);
                Vec::new()
            }
            Request::Ask(question, refusal) => self.ask(question, refusal.map(|r| r.0)),
            Request::Pin(prompt) => self.stand(Box::new(screens::Pin::new(prompt))),
            Request::Once {
                holder,
                serial,
                puk,
                management,
            } => self.stand(Box::new(screens::Once::new(
                holder, serial, puk, management,
            ))),
            Request::Trouble(trouble) => self.stand(Box::new(screens::TroubleScreen::new(trouble))),
            Request::Working(work, cancel) => self.working(work, cancel),
            Request::Interrupted => {
                let owed = self.owed.pop_front().map(|(interrupt, _)| interrupt);
                vec![Act::Tell(Heard::Interrupt(
                    owed.unwrap_or(Interrupt::Leave),
                ))]
            }
        }
    }

    fn ask(&mut self, question: Question, refusal: Option<String>) -> Vec<Act> {
        let step = self.view.as_ref().map_or(0, |view| view.state.step);
        let asked = Some((question, step));
        if self.scene.asked == asked {
            // The same again, after a refusal or a note: what was typed stays.
            if let Some(why) = refusal {
                self.scene.screen.refuse(why);
            }
            self.scene.awaits = Awaits::Answer;
            self.seen_anew();
            return self.settle();
        }
        let Some((question, step)) = asked else {
            return Vec::new();
        };
        let screen = screens::of_question(question.clone(), &self.sight());
        let acts = self.stand(screen);
        self.scene.asked = Some((question, step));
        acts
    }

    /// A new screen stands, and the driver waits for its answer.
    fn stand(&mut self, screen: Box<dyn Screen>) -> Vec<Act> {
        self.scene = Scene {
            screen,
            awaits: Awaits::Answer,
            asked: None,
            work: None,
            scroll: 0,
        };
        self.seen_anew();
        self.settle()
    }

    /// What takes the keys is another; an overlay that is open keeps them.
    fn seen_anew(&mut self) {
        if self.overlay.is_none() {
            self.seen = None;
        }
    }

    fn close_overlay(&mut self) {
        self.overlay = None;
        self.seen_anew();
    }

    fn working(&mut self, work: Work, cancel: Option<Cancel>) -> Vec<Act> {
        let same = |before: &Work| match (before, &work) {
            (Work::Insert { holder: a, .. }, Work::Insert { holder: b, .. }) => a == b,
            (before, work) => before == work,
        };
        let awaits = cancel.map_or(Awaits::Nothing, Awaits::Wait);
        let since = match &self.scene.work {
            Some((before, since)) if same(before) => *since,
            _ => self.now.up,
        };
        self.scene = Scene {
            screen: Box::new(screens::WorkScreen::new(work.clone(), since)),
            awaits,
            asked: None,
            work: Some((work, since)),
            scroll: 0,
        };
        self.settle()
    }

    /// Tells the driver what is owed, if it can be told now.
    fn settle(&mut self) -> Vec<Act> {
        // The end of a turn that has ended meanwhile is owed to nobody.
        let at_table = self
            .view
            .as_ref()
            .and_then(|view| turn_that_can_end(&view.state))
            .cloned();
        self.owed.retain(|(interrupt, holder)| {
            !matches!(interrupt, Interrupt::EndTurn(_)) || *holder == at_table
        });
        if self.owed.is_empty() {
            return Vec::new();
        }
        match &self.scene.awaits {
            Awaits::Nothing => Vec::new(),
            Awaits::Wait(cancel) => vec![Act::EndWait(cancel.clone())],
            Awaits::Answer => {
                self.scene.awaits = Awaits::Nothing;
                let owed = self.owed.pop_front();
                owed.map(|(interrupt, _)| Act::Tell(Heard::Interrupt(interrupt)))
                    .into_iter()
                    .collect()
            }
        }
    }

    /// A key was pressed, at this moment. One pressed before what takes the keys
    /// now was seen was not meant for it, and is dropped.
    pub fn key(&mut self, key: &KeyEvent, at: Instant) -> Vec<Act> {
        let meant = self.seen.is_some_and(|seen| seen <= at);
        if !meant || key.kind == KeyEventKind::Release || !self.size.is_enough() {
            return Vec::new();
        }
        if let Some(overlay) = opened_by(key) {
            if self.overlay.as_ref().is_none_or(Overlay::gives_way) {
                self.overlay = Some(overlay);
                self.overlay_scroll = 0;
            }
            return Vec::new();
        }
        if let Some(hands) = &mut self.hands
            && let Some(command) = hands.key(key, self.view.as_ref().map(|view| &*view.state))
        {
            return command.map(Act::Room).into_iter().collect();
        }
        if self.scrolls(key) {
            return Vec::new();
        }
        let sight = sight(self.view.as_ref(), self.now, self.hands.is_some());
        if let Some(overlay) = &mut self.overlay {
            match overlay.key(key, &sight) {
                Turned::Stays => {}
                Turned::Closed => self.close_overlay(),
                Turned::To(other) => {
                    self.overlay = Some(other);
                    self.overlay_scroll = 0;
                }
                Turned::Wants(interrupt) => {
                    let holder = sight.state().and_then(turn_that_can_end).cloned();
                    self.close_overlay();
                    self.owed.push_back((interrupt, holder));
                    return self.settle();
                }
            }
            return Vec::new();
        }
        if key.code == KeyCode::Esc {
            self.overlay = Some(Overlay::Ways(0));
            self.overlay_scroll = 0;
            return Vec::new();
        }
        if !matches!(self.scene.awaits, Awaits::Answer) {
            return Vec::new();
        }
        match self.scene.screen.key(key, &sight) {
            Some(heard) => {
                self.scene.awaits = Awaits::Nothing;
                vec![Act::Tell(heard)]
            }
            None => Vec::new(),
        }
    }

    /// Takes a key that scrolls; whether it was one.
    fn scrolls(&mut self, key: &KeyEvent) -> bool {
        let arrows = match &self.overlay {
            Some(overlay) => matches!(overlay, Overlay::Help),
            None => !self.scene.screen.takes_arrows(),
        };
        let room = layout::upper_rows(self.size, &self.page);
        let last = self.page.top.len().saturating_sub(room);
        let scroll = match key.code {
            KeyCode::PageUp => self.scroll.saturating_sub(room.saturating_sub(1)),
            KeyCode::PageDown => self.scroll + room.saturating_sub(1).max(1),
            KeyCode::Home => 0,
            KeyCode::End => last,
            KeyCode::Up if arrows => self.scroll.saturating_sub(1),
            KeyCode::Down if arrows => self.scroll + 1,
            _ => return false,
        };
        match self.overlay {
            Some(_) => self.overlay_scroll = scroll.min(last),
            None => self.scene.scroll = scroll.min(last),
        }
        true
    }

    /// The keys that work here.
    pub fn keys(&self) -> String {
        let everywhere = match self.overlay {
            Some(_) => "Esc back",
            None => "Esc ways on  F1 help  F2 note  F3 exception  F4 leave",
        };
        match self.page.keys.as_str() {
            "" => everywhere.to_owned(),
            here => format!("{here}  {everywhere}"),
        }
    }

    /// Makes the page anew; to be called before drawing, whatever has changed.
    pub fn lay_out(&mut self, size: Size) {
        self.size = size;
        let mut page = self.make_page();
        let mut scroll = self.clamped(&page);
        let room = layout::upper_rows(size, &page);
        if self.overlay.is_none() && size.is_enough() && scroll + room >= page.top.len() {
            self.scene.screen.reached_end();
            let at_end = page.top.len().saturating_sub(room) <= scroll && scroll > 0;
            page = self.make_page();
            if at_end {
                self.scene.scroll = page.top.len();
            }
            scroll = self.clamped(&page);
        }
        match self.overlay {
            Some(_) => self.overlay_scroll = scroll,
            None => self.scene.scroll = scroll,
        }
        self.scroll = scroll;
        self.page = page;
    }

    fn make_page(&self) -> Page {
        let sight = self.sight();
        let mut page = Page::new(layout::main_columns(self.size), self.sheet);
        match &self.overlay {
            Some(overlay) => overlay.page(&mut page, &sight),
            None => self.scene.screen.page(&mut page, &sight),
        }
        page
    }

    /// Where the page stands: as scrolled, but never past its end, and so that
    /// the chosen row is in sight.
    fn clamped(&self, page: &Page) -> usize {
        let wanted = match self.overlay {
            Some(_) => self.overlay_scroll,
            None => self.scene.scroll,
        };
        let room = layout::upper_rows(self.size, page);
        let scroll = wanted.min(page.top.len().saturating_sub(room));
        match page.focus {
            Some(row) if row < scroll => row,
            Some(row) if row >= scroll + room => row + 1 - room,
            _ => scroll,
        }
    }

    fn sight(&self) -> Sight<'_> {
        sight(self.view.as_ref(), self.now, self.hands.is_some())
    }
}

fn sight(view: Option<&View>, now: Now, room: bool) -> Sight<'_> {
    Sight {
        view,
        up: now.up,
        room,
    }
}

/// What a key opens over every screen.
fn opened_by(key: &KeyEvent) -> Option<Overlay> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::F(1) => Some(Overlay::Help),
        KeyCode::F(2) => Some(Overlay::note()),
        KeyCode::F(3) => Some(Overlay::exception()),
        KeyCode::F(4) => Some(Overlay::leave()),
        KeyCode::Char('g') if control => Some(Overlay::Help),
        KeyCode::Char('o') if control => Some(Overlay::note()),
        KeyCode::Char('e') if control => Some(Overlay::exception()),
        KeyCode::Char('l' | 'c') if control => Some(Overlay::leave()),
        _ => None,
    }
}
