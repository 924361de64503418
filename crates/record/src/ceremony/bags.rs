//! The tamper-evident bags in which a ceremony leaves machine and devices.

use std::collections::BTreeMap;

use super::script::Accepts;
use crate::transcript::{Chain, Event};

/// The machine, among the things that go into bags.
pub(super) const MACHINE: &str = "machine";
/// The field of the bag that the machine goes into.
pub(super) const MACHINE_GOES_INTO: &str = "machine-bag";
/// The field of the bag that held the machine.
pub(super) const MACHINE_CAME_IN: &str = "bag";
/// Both. Before the first was there, the other was the bag that the machine stayed in.
pub(super) const MACHINE_FIELDS: [&str; 2] = [MACHINE_GOES_INTO, MACHINE_CAME_IN];
/// The field of the bags that the devices go into.
pub(super) const DEVICES_FIELD: &str = "device-bag";

/// The answer for a thing that was in no bag.
const NONE: &str = "none";

/// Whether this says that a thing was in no bag.
#[must_use]
pub fn is_none(bag: &str) -> bool {
    bag.trim().eq_ignore_ascii_case(NONE)
}

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
            match is_none(bag) {
                true => bags.remove(thing),
                false => bags.insert(thing.to_owned(), bag.clone()),
            };
        }
    }
    bags
}

/// What did not come in the bag in which the last ceremony left it, one sentence for each thing.
/// `fields` is what a step recorded. Safe to show: the numbers of bags are left out, because an
/// older program's report of the same transcript has no such fact.
#[must_use]
pub fn in_another_bag(fields: &BTreeMap<String, String>, last: &Bags) -> Vec<String> {
    let odd = fields.iter().filter_map(|(id, typed)| {
        let (thing, named) = match id.rsplit_once('-') {
            _ if id == MACHINE_CAME_IN => (MACHINE, "the machine".to_owned()),
            Some((field, serial)) if field != DEVICES_FIELD && is_serial(serial) => {
                (serial, format!("device {serial}"))
            }
            _ => return None,
        };
        last.get(thing).filter(|left| *left != typed)?;
        Some(format!(
            "{named} did not come in the bag in which the last ceremony left it"
        ))
    });
    odd.collect()
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::transcript::Time;

    fn named(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(id, bag)| ((*id).to_owned(), (*bag).to_owned()))
            .collect()
    }

    #[test]
    fn what_was_in_no_bag_is_left_in_none() {
        let mut chain = Chain::default();
        let confirmed = [
            named(&[("bag", "A 1"), ("device-bag-123", "A 2")]),
            named(&[("machine-bag", "A 3"), ("device-bag-123", "None")]),
        ];
        for fields in confirmed {
            let step = "custody".to_owned();
            let event = Event::Confirmed { step, fields };
            let time = Time::from_unix(1_790_000_000).unwrap();
            chain.push(chain.next(event, time).unwrap()).unwrap();
        }
        assert_eq!(left_by(&chain), named(&[("machine", "A 3")]));
    }

    #[test]
    fn only_a_thing_that_came_in_another_bag_is_pointed_out() {
        let last = named(&[("machine", "B 1"), ("123", "B 2"), ("124", "B 3")]);
        let typed = named(&[
            ("bag", "X 1"),
            ("device-bag-in-123", "X 2"),
            ("device-bag-in-124", "B 3"),
            ("device-bag-124", "C 1"),
        ]);
        assert_eq!(
            in_another_bag(&typed, &last),
            [
                "the machine did not come in the bag in which the last ceremony left it",
                "device 123 did not come in the bag in which the last ceremony left it",
            ]
        );
    }
}
