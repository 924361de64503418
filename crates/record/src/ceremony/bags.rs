//! The tamper-evident bags in which a ceremony leaves machine and devices.

use std::collections::BTreeMap;

use super::script::Accepts;
use crate::transcript::{Chain, Event};

/// The machine, among the things that go into bags.
pub(super) const MACHINE: &str = "machine";
/// The field of the bag that held the machine.
pub(super) const MACHINE_CAME_IN: &str = "bag";
/// The field of the bag that the machine goes into; before there was one, of the bag that held it.
pub(super) const MACHINE_FIELDS: [&str; 2] = ["machine-bag", MACHINE_CAME_IN];
/// The field of the bags that the devices go into.
pub(super) const DEVICES_FIELD: &str = "device-bag";

/// The tamper-evident bags in which the last ceremony left things: `machine` or a device's serial
/// number, and the number of the bag.
pub type Bags = BTreeMap<String, String>;

/// The bags in which a ceremony left machine and devices, by its transcript.
#[must_use]
pub fn left_by(chain: &Chain) -> Bags {
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
