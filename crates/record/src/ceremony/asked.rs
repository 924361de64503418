//! The input that a step asks for: its fields, some of which repeat for each device or holder.

use std::collections::BTreeMap;

use super::{
    script::{Accepts, Field, Kind},
    state::{Seat, State},
};
use crate::transcript::{Chain, Event};
use keymoot_core::text::escape;

/// The machine, among the things that go into bags.
const MACHINE: &str = "machine";
/// The field of the bag that held the machine.
const MACHINE_CAME_IN: &str = "bag";
/// The field of the bag that the machine goes into; before there was one, of the bag that held it.
const MACHINE_FIELDS: [&str; 2] = ["machine-bag", MACHINE_CAME_IN];
/// The field of the bags that the devices go into.
const DEVICES_FIELD: &str = "device-bag";

/// The tamper-evident bags in which the last ceremony left things: `machine` or a device's serial
/// number, and the number of the bag.
pub type Bags = BTreeMap<String, String>;

/// A field of the current step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedField {
    /// Its name in the transcript.
    pub id: String,
    /// The prompt. Safe to show.
    pub label: String,
    /// The valid answers.
    pub accepts: Accepts,
    /// The bag from the last ceremony: its number, not safe to show.
    pub last: Option<String>,
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
        let one = |part: &str, label: String, last: Option<String>| AskedField {
            id: match part {
                "" => field.id.clone(),
                part => format!("{}-{part}", field.id),
            },
            label,
            accepts: field.accepts,
            last,
        };
        let here = self.seats.iter().filter(|seat| seat.present);
        match field.accepts {
            Accepts::DeviceBags => here
                .flat_map(|seat| devices(seat).map(move |serial| (seat, serial)))
                .map(|(seat, serial)| {
                    let serial = serial.to_string();
                    let label = format!("{label}: {}, device {serial}", seat.handle);
                    let last = self.last_bag(&serial);
                    one(&serial, label, last.filter(|_| field.id != DEVICES_FIELD))
                })
                .collect(),
            Accepts::EachHolder => here
                .map(|seat| {
                    let label = format!("{label}: {}", seat.handle);
                    one(seat.handle.as_str(), label, None)
                })
                .collect(),
            Accepts::Text | Accepts::Digits | Accepts::Time | Accepts::ValueOfTheDay => {
                let last = self.last_bag(MACHINE);
                let last = last.filter(|_| field.id == MACHINE_CAME_IN);
                vec![one("", label, last)]
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

/// The bags in which a ceremony left machine and devices, by its transcript.
#[must_use]
pub fn bags(chain: &Chain) -> Bags {
    let mut bags = Bags::new();
    for entry in chain.entries() {
        let Event::Confirmed { fields, .. } = &entry.event else {
            continue;
        };
        for (id, bag) in fields {
            let device = id
                .strip_prefix(DEVICES_FIELD)
                .and_then(|serial| serial.strip_prefix('-'));
            let thing = match device {
                Some(serial) if is_serial(serial) => serial,
                _ if MACHINE_FIELDS.contains(&id.as_str()) => MACHINE,
                _ => continue,
            };
            bags.insert(thing.to_owned(), bag.clone());
        }
    }
    bags
}

/// Whether an opening may contain these.
pub(super) fn are_bags(bags: &Bags) -> bool {
    bags.iter().all(|(thing, bag)| {
        (thing == MACHINE || is_serial(thing)) && Accepts::Text.accept(bag).is_ok()
    })
}

fn is_serial(text: &str) -> bool {
    text.parse::<u32>()
        .is_ok_and(|serial| serial.to_string() == text)
}
