//! The screens: one for each kind of request of the driver.

mod closing;
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
mod step;
mod told;
mod trouble;
mod violations;
mod whose_turn;
mod work;

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
use super::screen::{Screen, Sight};
use crate::driver::EventPage;
use keymoot_record::ceremony::Question;

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
