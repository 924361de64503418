//! The input that a step asks for: its fields, some of which repeat for each device or holder.

use std::collections::BTreeSet;

use super::{
    bags::{DEVICES_FIELD, MACHINE, MACHINE_FIELDS, MACHINE_GOES_INTO},
    script::{Accepts, Field, Kind},
    seat::Seat,
    state::State,
};
use keymoot_core::text::escape;

/// The answer for a bag that is still the one from the last ceremony.
pub const SAME: &str = "same";

/// A field of the current step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedField {
    /// Its name in the transcript.
    pub id: String,
    /// The prompt. Safe to show.
    pub label: String,
    /// The valid answers.
    pub accepts: Accepts,
    /// The bag in which it comes from the last ceremony: its number, not safe to show.
    pub last: Option<String>,
    /// Whether it asks for a new bag, into which something goes.
    pub is_new: bool,
    /// Where it asks for a new bag: the one in which the last ceremony left it. Not safe to show.
    pub opened: Option<String>,
    /// Where it asks for a new bag: the bags that were opened in this ceremony. Not safe to show.
    pub opened_today: BTreeSet<String>,
}

impl AskedField {
    /// Whether it asks for the number of a bag.
    #[must_use]
    pub fn is_bag(&self) -> bool {
        self.accepts == Accepts::DeviceBags || MACHINE_FIELDS.contains(&self.id.as_str())
    }

    /// Whether people can type this. [`SAME`] needs a bag that the last ceremony left.
    ///
    /// # Errors
    /// The expected answer, in words.
    pub fn accept(&self, typed: &str) -> Result<(), &'static str> {
        let same = typed.trim().eq_ignore_ascii_case(SAME);
        match same && self.is_bag() && self.last.is_none() {
            true => Err(
                "the number on the bag: keymoot knows no earlier bag of this, so \"same\" names none",
            ),
            false => self.accepts.accept(typed),
        }
    }
}

impl State {
    /// The fields of the current step, in order.
    #[must_use]
    pub fn asked_fields(&self) -> Vec<AskedField> {
        let step = self.current().filter(|step| step.kind == Kind::Confirm);
        let fields = step.map(|step| step.fields.as_slice());
        let fields = fields.unwrap_or_default().iter();
        fields.flat_map(|field| self.asked_by(field)).collect()
    }

    fn asked_by(&self, field: &Field) -> Vec<AskedField> {
        let label = escape(&field.label);
        let is_new = field.id == DEVICES_FIELD || field.id == MACHINE_GOES_INTO;
        let one = |part: &str, label: String, bag: Option<String>| AskedField {
            id: match part {
                "" => field.id.clone(),
                part => format!("{}-{part}", field.id),
            },
            label,
            accepts: field.accepts,
            last: bag.clone().filter(|_| !is_new),
            is_new,
            opened: bag.filter(|_| is_new),
            opened_today: match is_new {
                true => self.opened_bags.clone(),
                false => BTreeSet::new(),
            },
        };
        let here = self.seats.iter().filter(|seat| seat.present);
        match field.accepts {
            Accepts::DeviceBags => here
                .flat_map(|seat| devices(seat).map(move |serial| (seat, serial)))
                .map(|(seat, serial)| {
                    let serial = serial.to_string();
                    let label = format!("{label}: {}, device {serial}", seat.handle);
                    one(&serial, label, self.last_bag(&serial))
                })
                .collect(),
            Accepts::EachHolder => here
                .map(|seat| {
                    let label = format!("{label}: {}", seat.handle);
                    one(seat.handle.as_str(), label, None)
                })
                .collect(),
            Accepts::Text | Accepts::Digits | Accepts::Time | Accepts::ValueOfTheDay => {
                let bag = self.last_bag(MACHINE);
                let bag = bag.filter(|_| MACHINE_FIELDS.contains(&field.id.as_str()));
                vec![one("", label, bag)]
            }
        }
    }

    fn last_bag(&self, thing: &str) -> Option<String> {
        self.opening.as_ref()?.bags.get(thing).cloned()
    }
}

/// The devices whose keys are in a root and that this person brings.
fn devices(seat: &Seat) -> impl Iterator<Item = u32> {
    let keys = seat.enrolled().into_iter().chain(&seat.outgoing);
    keys.map(|enrolment| enrolment.serial)
}
