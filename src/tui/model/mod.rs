//! The state of the screens, and how each message changes it.
//!
//! Nothing here waits, draws or speaks to the terminal: messages come in, acts go
//! out.

mod keys;
mod now;
mod pages;
mod scene;

use std::{collections::VecDeque, sync::Arc, time::Instant};

use self::scene::{Awaits, Scene};
use super::{
    link::{Heard, Request},
    news::news,
    overlay::{Overlay, turn_that_can_end, waits_in_words},
    page::{
        Page,
        frames::Frames,
        layout::{Panes, Size},
        style::Sheet,
    },
    room::{RoomCommand, RoomSeen, hands::Hands},
    screen::{Screen, Sight},
    screens,
    upcoming::upcoming,
};
use crate::{
    device::Cancel,
    driver::{Errand, Interrupt, View, Work},
};
use keymoot_record::{ceremony::Question, rules::roster::Handle, transcript::Mode};

/// How long the screen shows a notice, in seconds.
const NOTICE_IS_SHOWN: u64 = 6;

/// The notice of text that was pasted.
const PASTED: &str = "Pasted text was ignored: type it.";

/// The notice of the end of a turn that came too late.
const NOTHING_TO_STOP: &str = "The turn had reached its end: nothing was left to stop.";

/// The effect of a message.
pub(super) enum Act {
    /// Send this to the driver.
    Tell(Heard),
    /// End the wait.
    EndWait(Cancel),
    /// Move a simulated device.
    Room(RoomCommand),
}

/// The time: by the clock, and since the screens were set up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Now {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub utc: i64,
    /// Seconds since the screens were set up.
    pub up: u64,
}

/// The state of the screens.
pub(super) struct Model {
    pub mode: Mode,
    pub title: String,
    pub sheet: Sheet,
    pub view: Option<View>,
    /// How far a turn outside of a ceremony is.
    pub errand: Option<Errand>,
    pub now: Now,
    pub size: Size,
    /// The simulated devices of a rehearsal.
    pub hands: Option<Hands>,
    /// The rows of the main pane, as they are drawn.
    pub page: Page,
    /// The first row of the page's upper part in sight.
    pub scroll: usize,
    /// Wishes that the driver could not take yet.
    pub owed: VecDeque<(Interrupt, Option<Handle>)>,
    overlay: Option<Overlay>,
    overlay_scroll: usize,
    /// The form of the last wish, until the driver reports what came of it.
    sent: Option<Overlay>,
    /// That form again, because the wish failed: shown when people have read why.
    refilled: Option<Overlay>,
    scene: Scene,
    /// When the present screen or overlay was first visible; `None` before that.
    seen: Option<Instant>,
    /// The current step and when it was first seen, in seconds since 1970.
    step: (usize, i64),
    /// Whether the interface prints rows of text: no side pane, and no frame.
    plain: bool,
    /// Whether somebody has answered something since the program was started.
    begun: bool,
    /// Counts screens and overlays: another number, another question.
    turned: u64,
    /// How many screens, and how many overlays, were shown so far.
    screens: u64,
    overlays: u64,
    /// A notice, while the screens show it, and since when, in seconds since they were set up.
    notice: Option<(&'static str, u64)>,
    /// What happened since the last report, for `--plain` alone.
    pub fresh: Vec<(u64, String)>,
    /// Notices since the last report, for `--plain` alone.
    pub notices: Vec<String>,
}

/// Which screen is shown, and what is over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ScreenNumber(u64, Option<u64>);

impl Model {
    /// The model at the start.
    pub(super) fn new(mode: Mode, title: String, sheet: Sheet, room: bool) -> Self {
        Self {
            mode,
            title,
            sheet,
            view: None,
            errand: None,
            now: Now::default(),
            size: Size::default(),
            hands: room.then(Hands::default),
            page: Page::new(1, sheet),
            scroll: 0,
            owed: VecDeque::new(),
            overlay: None,
            overlay_scroll: 0,
            sent: None,
            refilled: None,
            scene: Scene::starting(),
            seen: None,
            step: (usize::MAX, 0),
            plain: false,
            begun: false,
            turned: 0,
            screens: 0,
            overlays: 0,
            notice: None,
            fresh: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// For the interface that prints rows of text.
    pub(super) fn in_rows(mut self) -> Self {
        self.plain = true;
        self
    }

    /// What is beside the main pane.
    pub(super) fn panes(&self) -> Panes {
        // Outside of a ceremony there are no seats beside it.
        let alone = self.errand.is_some() && self.hands.is_none();
        match &self.overlay {
            _ if self.plain => Panes::One,
            Some(overlay) if overlay.panes() != Panes::Two => overlay.panes(),
            _ if alone => Panes::One,
            None if !self.size.is_wide() && self.scene.screen.is_long_text() => Panes::One,
            _ => Panes::Two,
        }
    }

    /// The page was drawn, at this moment.
    pub(super) fn shown(&mut self, at: Instant) {
        self.seen.get_or_insert(at);
    }

    /// The time is now this.
    pub(super) fn tick(&mut self, now: Now) {
        self.now = now;
        self.notice = self
            .notice
            .filter(|(_, since)| now.up < since + NOTICE_IS_SHOWN);
    }

    /// Text was pasted, which is no input: the screen says so until the next key.
    pub(super) fn pasted(&mut self) {
        self.notice = Some((PASTED, self.now.up));
    }

    /// Takes a look at the simulated devices.
    pub(super) fn room(&mut self, seen: RoomSeen) -> Vec<Act> {
        let state = self.view.as_ref().map(|view| &*view.state);
        let hands = self.hands.as_mut();
        let owed = hands.and_then(|hands| hands.see(seen, state));
        owed.map(Act::Room).into_iter().collect()
    }

    /// Takes a request of the driver.
    pub(super) fn request(&mut self, request: Request) -> Vec<Act> {
        match request {
            Request::Show(view) => {
                let step = view.state.step;
                if self.step.0 != step {
                    self.step = (step, self.now.utc);
                }
                let before = self.view.as_ref().map_or(0, |view| view.entries);
                let fresh = view.last.as_ref().filter(|_| view.entries > before);
                if let Some(entry) = fresh.filter(|_| self.plain) {
                    self.fresh.push((entry.seq, news(entry)));
                }
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
            Request::HandOver(file) => {
                let codes = Frames::of(Arc::clone(&file.sealed));
                let acts = self.stand(Box::new(screens::HandOverScreen::new(file)));
                self.scene.codes = Some(codes);
                acts
            }
            Request::PlanOfDay(plan) => self.stand(Box::new(screens::PlanScreen::new(plan))),
            Request::Trouble(trouble) => self.stand(Box::new(screens::TroubleScreen::new(trouble))),
            Request::Told(told) => {
                let again = self.sent.take().filter(|_| told.failed);
                let acts = self.stand(Box::new(screens::ToldScreen::new(told)));
                self.refilled = again;
                acts
            }
            Request::Finished(farewell) => {
                self.overlay = None;
                let codes = farewell.answer.clone().map(Frames::of);
                let acts = self.stand(Box::new(screens::FarewellScreen::new(farewell)));
                self.scene.codes = codes;
                self.scene.is_last = true;
                acts
            }
            Request::Errand(errand) => {
                self.errand = Some(errand);
                Vec::new()
            }
            Request::Read(page) => self.stand(screens::of_event(page)),
            Request::Working(work, cancel) => self.working(work, cancel),
            Request::Interrupted => {
                let owed = self.owed.pop_front().map(|(interrupt, _)| interrupt);
                vec![Act::Tell(Heard::Interrupt(
                    owed.unwrap_or(Interrupt::Leave),
                ))]
            }
            Request::Waiting => {
                self.forget_ended_turn();
                let owed = self.owed.pop_front();
                let heard = owed.map_or(Heard::Done, |(interrupt, _)| Heard::Interrupt(interrupt));
                vec![Act::Tell(heard)]
            }
        }
    }

    fn ask(&mut self, question: Question, refusal: Option<String>) -> Vec<Act> {
        let step = self.view.as_ref().map_or(0, |view| view.state.step);
        let asked = Some((question, step));
        if self.scene.asked == asked {
            // Shows the same screen again, after a refusal or a note. The input stays.
            if let Some(why) = refusal {
                self.scene.screen.refuse(why);
            }
            self.scene.awaits = Awaits::Answer;
            self.scene.is_answered = false;
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

    /// Shows a new screen, while the driver waits for its answer.
    fn stand(&mut self, screen: Box<dyn Screen>) -> Vec<Act> {
        self.scene = Scene::new(screen, Awaits::Answer);
        // Another screen than the one that said what failed, which a note can end early.
        self.refilled = None;
        self.screens += 1;
        self.seen_anew();
        self.settle()
    }

    /// Another screen takes the keys; an open overlay keeps them.
    fn seen_anew(&mut self) {
        self.turned += 1;
        if self.overlay.is_none() {
            self.seen = None;
        }
    }

    fn open(&mut self, mut overlay: Overlay) {
        if self.scene.screen.asks_for_secret() {
            overlay.opened_over_pin();
        }
        self.overlay = Some(overlay);
        self.overlay_scroll = 0;
        self.turned += 1;
        self.overlays += 1;
        if self.plain {
            // A line that was typed before was meant for what it covers.
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
        let screen = Box::new(screens::WorkScreen::new(work.clone(), since));
        self.scene = Scene::new(screen, awaits);
        if self.scene.work.as_ref() != Some(&(work.clone(), since)) {
            self.turned += 1;
            self.screens += 1;
        }
        self.scene.work = Some((work, since));
        self.settle()
    }

    /// If the turn ended meanwhile, its end is no longer wanted.
    fn forget_ended_turn(&mut self) {
        let at_table = self
            .view
            .as_ref()
            .and_then(|view| turn_that_can_end(&view.state))
            .cloned();
        let before = self.owed.len();
        self.owed.retain(|(interrupt, holder)| {
            let of_this_turn = at_table.is_some() && *holder == at_table;
            !matches!(interrupt, Interrupt::EndTurn(_)) || of_this_turn
        });
        if self.owed.len() < before {
            match self.plain {
                true => self.notices.push(NOTHING_TO_STOP.to_owned()),
                false => self.notice = Some((NOTHING_TO_STOP, self.now.up)),
            }
        }
    }

    /// Says in a line that the last wish waits: no row of a screen says it for as long as it does.
    fn say_what_waits(&mut self) {
        let waits = self.plain && matches!(self.scene.awaits, Awaits::Nothing);
        if let Some((owed, _)) = self.owed.back().filter(|_| waits) {
            self.notices.push(waits_in_words(owed));
        }
    }

    /// Gives the driver the next waiting wish, if it can take one now.
    fn settle(&mut self) -> Vec<Act> {
        self.forget_ended_turn();
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

    fn sight(&self) -> Sight<'_> {
        let shown = (self.view.as_ref(), self.errand.as_ref());
        let hands = self.hands.as_ref();
        let is_read = self.scene.rows.is_read;
        sight(shown, self.now, hands, self.scene.codes.as_ref(), is_read)
    }

    /// What comes next, in words.
    pub(super) fn next(&self) -> Option<String> {
        let asked = self.scene.asked.as_ref().map(|(question, _)| question);
        let errand = self.errand.as_ref().map(|errand| errand.next.clone());
        errand.or_else(|| Some(upcoming(&self.view.as_ref()?.state, asked)))
    }
}

fn sight<'m>(
    (view, errand): (Option<&'m View>, Option<&'m Errand>),
    now: Now,
    hands: Option<&Hands>,
    codes: Option<&'m Frames>,
    is_read: bool,
) -> Sight<'m> {
    let state = view.map(|view| &*view.state);
    let in_hand = hands.and_then(|hands| hands.in_hand(state));
    Sight {
        view,
        errand,
        up: now.up,
        room: hands.is_some(),
        in_hand: in_hand.map(|device| device.serial),
        is_read,
        codes,
    }
}
