//! The properties of every JSON that may be signed.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::{Json, Object, canonical, differences, parse, pretty, pretty_utf8};

/// Any value: names and strings that meet one another, quotes and controls among them.
fn value() -> impl Strategy<Value = Json> {
    let text = || "[ab.\"\\\\\n\u{0}é\u{ffff}\u{1f511}]{0,3}";
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<u64>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        text().prop_map(Json::String),
    ];
    leaf.prop_recursive(4, 48, 6, move |inside| {
        let named = (text(), inside.clone())
            .prop_map(|(name, item)| Json::object([("name", name.into()), ("x", item)]));
        prop_oneof![
            prop::collection::vec(inside.clone(), 0..4).prop_map(Json::Array),
            prop::collection::vec(named, 0..4).prop_map(Json::Array),
            prop::collection::vec((text(), inside), 0..6)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

/// Whether a canonical form is JSON again: raw controls are none.
fn has_controls(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_control)
}

fn in_order(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.iter().all(in_order),
        Json::Object(members) => {
            let names: Vec<Vec<char>> = members.keys().map(|name| name.chars().collect()).collect();
            names.is_sorted() && members.values().all(in_order)
        }
        _ => true,
    }
}

/// The value at a place; `None` where there is none.
fn at<'j>(value: &'j Json, place: &[String]) -> Option<&'j Json> {
    let Some((name, rest)) = place.split_first() else {
        return Some(value);
    };
    match value {
        Json::Object(members) => at(members.get(name)?, rest),
        Json::Array(items) => at(items.iter().find(|item| is_named(item, name))?, rest),
        _ => None,
    }
}

/// Copies the other value's item to a place.
fn put(value: &mut Json, place: &[String], new: Option<&Json>) {
    let Some((name, rest)) = place.split_first() else {
        *value = new.cloned().unwrap_or(Json::Null);
        return;
    };
    match value {
        Json::Object(members) if rest.is_empty() => put_member(members, name, new),
        Json::Object(members) => {
            if let Some(member) = members.get_mut(name) {
                put(member, rest, new);
            }
        }
        Json::Array(items) => {
            if let Some(item) = items.iter_mut().find(|item| is_named(item, name)) {
                put(item, rest, new);
            }
        }
        _ => {}
    }
}

fn put_member(members: &mut Object, name: &str, new: Option<&Json>) {
    match new {
        Some(new) => drop(members.insert(name.to_owned(), new.clone())),
        None => drop(members.remove(name)),
    }
}

fn is_named(item: &Json, name: &str) -> bool {
    matches!(item, Json::Object(members) if members.get("name") == Some(&name.into()))
}

proptest! {
    #[test]
    fn what_is_written_in_any_form_is_read_back_the_same(value in value()) {
        for text in [pretty(&value, 1).into_bytes(), pretty_utf8(&value)] {
            prop_assert_eq!(&parse(&text, text.len()).unwrap(), &value);
        }
    }

    #[test]
    fn the_canonical_form_is_its_own_canonical_form(value in value()) {
        let text = canonical(&value);
        if !has_controls(&text) {
            let again = parse(&text, text.len()).unwrap();
            prop_assert_eq!(&again, &value);
            prop_assert_eq!(canonical(&again), text);
        }
    }

    #[test]
    fn names_are_in_the_order_of_their_code_points(value in value()) {
        let read = parse(pretty(&value, 0).as_bytes(), 1 << 20).unwrap();
        prop_assert!(in_order(&read));
    }

    #[test]
    fn two_values_with_one_canonical_form_are_one_value(one in value(), other in value()) {
        prop_assert_eq!(canonical(&one) == canonical(&other), one == other);
    }

    #[test]
    fn what_differs_put_into_the_old_value_makes_the_new_one(old in value(), new in value()) {
        let mut made = old.clone();
        for place in differences(&old, &new) {
            put(&mut made, &place, at(&new, &place));
        }
        prop_assert_eq!(made, new);
    }

    #[test]
    fn a_change_at_one_place_is_a_difference_there_or_above(
        old in prop::collection::vec(("[a-c.]{1,2}", value()), 1..6),
        new in value(),
        choice: prop::sample::Index,
    ) {
        let old: Object = old.into_iter().collect();
        let name = choice.get(&old.keys().cloned().collect::<Vec<_>>()).clone();
        let mut changed = old.clone();
        changed.insert(name.clone(), new);
        for place in differences(&Json::Object(old), &Json::Object(changed)) {
            prop_assert_eq!(&place[0], &name);
        }
    }
}
