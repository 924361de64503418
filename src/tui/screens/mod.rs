//! The screens: one for each kind of request of the driver.

mod confirm;
mod device;
mod event_device;
mod farewell;
mod handing;
mod newest_root;
mod once;
mod pin;
mod plan_of_day;
mod plan_part;
mod request;
mod review;
mod roll_call;
mod told;
mod trouble;
mod violations;
mod whose_turn;
mod work;

use crossterm::event::KeyEvent;

pub(super) use self::{
    farewell::FarewellScreen,
    handing::HandOverScreen,
    once::Once,
    pin::Pin,
    plan_of_day::PlanScreen,
    told::ToldScreen,
    trouble::TroubleScreen,
    work::{Starting, WorkScreen},
};
use super::{
    frames::Frames,
    link::Heard,
    page::{Page, hex_groups},
};
use crate::driver::{Errand, EventPage, View};
use keymoot_record::{
    ceremony::{
        Question, State,
        script::{Kind, Role},
        why::AuthorisedRoot,
    },
    transcript::event::Person,
};

/// What a screen may read.
#[derive(Clone, Copy)]
pub(super) struct Sight<'m> {
    /// The view of the ceremony, once the driver has shown it.
    pub view: Option<&'m View>,
    /// How far a turn outside of a ceremony is.
    pub errand: Option<&'m Errand>,
    /// Seconds since the screens were set up.
    pub up: u64,
    /// Whether there are simulated devices.
    pub room: bool,
    /// The serial number on the case of the simulated device in hand.
    pub in_hand: Option<u32>,
    /// Whether every row of the screen has been in sight.
    pub is_read: bool,
    /// The file of this screen as QR codes: an answer, or what was sealed to the holder.
    pub codes: Option<&'m Frames>,
}

impl<'m> Sight<'m> {
    /// The state of the ceremony.
    pub(super) fn state(&self) -> Option<&'m State> {
        self.view.map(|view| &*view.state)
    }

    /// A holder by name and handle, or a witness by name.
    pub(super) fn named(&self, person: &Person) -> String {
        match person {
            Person::Holder(handle) => {
                let seats = self.state().map(|state| state.seats.as_slice());
                let mut seats = seats.unwrap_or_default().iter();
                let seat = seats.find(|seat| seat.handle.as_str() == handle);
                seat.map_or_else(|| person.name(), |seat| self.person(&seat.handle))
            }
            Person::Witness(_) => person.name(),
        }
    }

    /// A holder by name and handle.
    pub(super) fn person(&self, handle: &keymoot_record::rules::roster::Handle) -> String {
        let name = self.state().and_then(|state| state.plan.name(handle));
        match name {
            Some(name) if name != handle.as_str() => {
                format!("{} ({handle})", keymoot_core::text::escape(name))
            }
            _ => handle.to_string(),
        }
    }
}

/// One screen: its page, and the effect of keys.
pub(super) trait Screen {
    /// Draws the page.
    fn page(&self, page: &mut Page, sight: &Sight<'_>);

    /// Takes a key. Returns the answer, once somebody has given one.
    fn key(&mut self, key: &KeyEvent, sight: &Sight<'_>) -> Option<Heard>;

    /// Refuses the last answer, for this reason.
    fn refuse(&mut self, _why: String) {}

    /// Whether the input must stay hidden.
    fn hides_typing(&self) -> bool {
        false
    }

    /// Whether Esc goes back within the screen; otherwise it shows the options.
    fn takes_escape(&self) -> bool {
        false
    }

    /// Whether the arrows move a choice; otherwise they scroll.
    fn takes_arrows(&self) -> bool {
        false
    }

    /// Whether it is a long text, whose rows fill a narrow terminal: nothing stands beside it there.
    fn is_long_text(&self) -> bool {
        false
    }
}

/// The screen of a question.
pub(super) fn of_question(question: Question, sight: &Sight<'_>) -> Box<dyn Screen> {
    match question {
        Question::Confirm => Box::new(confirm::Confirm::new(sight)),
        Question::NewestRoot { version, root } => {
            Box::new(newest_root::NewestRoot::new(version, root))
        }
        Question::RollCall => Box::new(roll_call::RollCall::new(sight)),
        Question::WhoseTurn {
            purpose,
            waiting,
            can_stop,
        } => Box::new(whose_turn::WhoseTurn::new(purpose, waiting, can_stop)),
        Question::IsThisYours { holder, device } => Box::new(device::Identify::new(holder, device)),
        Question::MayErase { holder, device } => Box::new(device::Erase::new(holder, device)),
        Question::AdoptOrReplace {
            holder,
            serial,
            key,
            brought,
        } => Box::new(device::Found::new(holder, serial, key, brought)),
        Question::DeviceRefused {
            holder,
            serial,
            violated,
            another,
        } => Box::new(device::Refused::new(holder, serial, violated, another)),
        Question::HaveYouReadPlan { part, digest } => {
            Box::new(plan_part::ReadPart::new(part, digest))
        }
        Question::HaveYouRead { document, signed } => {
            Box::new(review::Review::new(document, signed))
        }
        Question::ReadRequest { holder, request } => {
            Box::new(request::Request::new(holder, request))
        }
        Question::Violations { violated } => Box::new(violations::Violations::new(violated)),
    }
}

/// The screen of a page of a signing event.
pub(super) fn of_event(page: EventPage) -> Box<dyn Screen> {
    match page {
        EventPage::Document(reading, above) => Box::new(review::Review::of_event(*reading, above)),
        EventPage::Device(about) => Box::new(event_device::EventDevice::new(*about)),
    }
}

/// Who confirms a step, as the first words on its screen.
fn confirmed_by(sight: &Sight<'_>) -> String {
    let Some(step) = sight.state().and_then(State::current) else {
        return String::new();
    };
    // A check of the machine after `resumed` is no part of the step.
    let by = match sight.state().is_some_and(State::awaits_examination) {
        true => Role::Administrator,
        false => step.by,
    };
    match by {
        Role::Administrator => {
            let name = sight
                .state()
                .map(|state| state.plan.roster.administrator.as_str());
            format!(
                "The administrator, {}",
                keymoot_core::text::escape(name.unwrap_or_default())
            )
        }
        Role::Holders => "The holders".to_owned(),
        Role::Witness => "A witness, with the administrator at the keyboard".to_owned(),
    }
}

/// The root of tuf-crates that the quorum authorises, to compare with what its team reads aloud.
fn authorised_root(page: &mut Page, root: &AuthorisedRoot) {
    page.text("SHA-256 of the new root of tuf-crates, targets/crates/root.json:");
    page.words(&root.digest);
    for said in &root.says {
        page.item("* ", said, ratatui::style::Style::new());
    }
    for row in hex_groups(&root.digest) {
        page.item("  ", &row, ratatui::style::Style::new());
    }
}

/// Whose keys signed a presence proof and who was absent, where everybody is asked.
fn whose_keys_are_there(page: &mut Page, sight: &Sight<'_>) {
    let state = sight.state();
    let begun = state.filter(|state| state.seats.iter().any(|seat| state.has_shown(seat)));
    if let Some(presence) = begun.and_then(State::presence) {
        page.gap();
        page.headline("Whose keys are there");
        for part in &presence.parts {
            page.item("* ", part, ratatui::style::Style::new());
        }
    }
}

/// The steps just before this one that asked no question: people have not seen them.
fn done_by_itself(page: &mut Page, sight: &Sight<'_>) {
    let Some(state) = sight.state().filter(|_| !page.by_line) else {
        return;
    };
    let asks_nobody = |kind| {
        matches!(
            kind,
            Kind::Preflight | Kind::Load | Kind::Propose | Kind::Verify
        )
    };
    let before = (0..state.step)
        .rev()
        .map_while(|at| state.plan.script.step(at))
        .take_while(|step| asks_nobody(step.kind));
    let mut titles: Vec<_> = before
        .map(|step| keymoot_core::text::escape(&step.title))
        .collect();
    titles.reverse();
    if !titles.is_empty() {
        let done = format!("Done, no rule violated: {}.", titles.join("; "));
        page.item("", &done, page.sheet.quiet());
    }
}

/// Who confirms a step, and its title.
fn title_of_step(page: &mut Page, sight: &Sight<'_>) {
    page.who(&confirmed_by(sight));
    if let Some(step) = sight.state().and_then(State::current) {
        page.headline(&keymoot_core::text::escape(&step.title));
    }
    page.gap();
}

/// The beginning of a step's screen: who, what, and the words to read aloud.
fn opening_of_step(page: &mut Page, sight: &Sight<'_>) {
    page.who(&confirmed_by(sight));
    if let Some(step) = sight.state().and_then(State::current) {
        page.headline(&keymoot_core::text::escape(&step.title));
        done_by_itself(page, sight);
        page.aloud(&keymoot_core::text::escape(&step.words));
    }
    page.gap();
}
