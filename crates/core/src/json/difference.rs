//! The differences between two values.

use std::collections::BTreeSet;

use super::{Json, Object};

/// A place in a value: the names on the way to it. They are foreign text and not safe
/// to show. They are not joined, because a name may contain any separator.
pub type Place = Vec<String>;

/// The places of the members that differ between two values. An array is one member. The exception
/// is an array of objects that each have a `name` of their own (the delegated roles of TUF). There
/// the name identifies the item, and a changed order is a difference of the array itself.
///
/// Copying the items at these places from the one to the other makes them equal.
#[must_use]
pub fn differences(from: &Json, to: &Json) -> Vec<Place> {
    let mut found = Vec::new();
    compare(&mut Place::new(), from, to, &mut found);
    found
}

fn compare(place: &mut Place, from: &Json, to: &Json, found: &mut Vec<Place>) {
    if from == to {
        return;
    }
    match (from, to) {
        (Json::Object(from), Json::Object(to)) => members(place, from, to, found),
        (Json::Array(from), Json::Array(to)) => match (named(from), named(to)) {
            (Some(before), Some(after)) => {
                if !before.keys().eq(after.keys()) || order(from) != order(to) {
                    found.push(place.clone());
                }
                members(place, &before, &after, found);
            }
            _ => found.push(place.clone()),
        },
        _ => found.push(place.clone()),
    }
}

fn members(place: &mut Place, from: &Object, to: &Object, found: &mut Vec<Place>) {
    let names: BTreeSet<_> = from.keys().chain(to.keys()).collect();
    for name in names {
        place.push(name.clone());
        match (from.get(name), to.get(name)) {
            (Some(before), Some(after)) => compare(place, before, after, found),
            _ => found.push(place.clone()),
        }
        place.pop();
    }
}

fn name(item: &Json) -> Option<&str> {
    match item {
        Json::Object(members) => match members.get("name") {
            Some(Json::String(name)) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

fn order(items: &[Json]) -> Vec<Option<&str>> {
    items.iter().map(name).collect()
}

/// The items by their names, if every one has a name of its own.
fn named(items: &[Json]) -> Option<Object> {
    let named: Object = items
        .iter()
        .map(|item| Some((name(item)?.to_owned(), item.clone())))
        .collect::<Option<_>>()?;
    (named.len() == items.len()).then_some(named)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::differences;
    use crate::json::parse;

    fn between(from: &str, to: &str) -> Vec<String> {
        let read = |text: &str| parse(text.as_bytes(), text.len()).unwrap();
        let places = differences(&read(from), &read(to));
        places.iter().map(|place| place.join(".")).collect()
    }

    #[test]
    fn members_that_changed_came_or_went_are_named_by_their_path() {
        let from = r#"{"a":1,"b":{"c":[1,2],"d":"x"},"e":null}"#;
        let to = r#"{"a":1,"b":{"c":[2,1],"f":"x"}}"#;
        assert_eq!(between(from, to), ["b.c", "b.d", "b.f", "e"]);
    }

    #[test]
    fn delegated_roles_are_followed_by_their_names() {
        let from = r#"{"roles":[{"name":"one","threshold":2},{"name":"two","threshold":1}]}"#;
        let to = r#"{"roles":[{"name":"one","threshold":1},{"name":"two","threshold":1}]}"#;
        assert_eq!(between(from, to), ["roles.one.threshold"]);
    }

    #[test]
    fn the_order_of_delegated_roles_counts() {
        let from = r#"{"roles":[{"name":"one"},{"name":"two"}]}"#;
        let to = r#"{"roles":[{"name":"two"},{"name":"one"}]}"#;
        assert_eq!(between(from, to), ["roles"]);
    }

    #[test]
    fn what_is_the_same_differs_nowhere() {
        let text = r#"{"roles":[{"name":"one"}],"n":1}"#;
        assert!(between(text, text).is_empty());
    }
}
