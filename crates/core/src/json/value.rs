//! Values, and the members of objects.

use std::collections::BTreeMap;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer between -2^63 and 2^64 - 1; the parser and the conversions
    /// below yield no other.
    Integer(i128),
    /// A string
    String(String),
    /// An array
    Array(Vec<Json>),
    /// An object
    Object(Object),
}

impl Json {
    /// An object of the members given; of two with one name the later stays.
    #[must_use]
    pub fn object<'n>(members: impl IntoIterator<Item = (&'n str, Json)>) -> Self {
        Self::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// How many values there are in it, itself among them.
    #[must_use]
    pub fn count(&self) -> usize {
        let inside: usize = match self {
            Self::Array(items) => items.iter().map(Self::count).sum(),
            Self::Object(members) => members.values().map(Self::count).sum(),
            _ => 0,
        };
        inside + 1
    }

    /// What kind of value this is, in words for an error.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Integer(_) => "an integer",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Self::Integer(value.into())
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Integer(value.into())
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl FromIterator<Json> for Json {
    fn from_iter<I: IntoIterator<Item = Json>>(items: I) -> Self {
        Self::Array(items.into_iter().collect())
    }
}

/// The members of an object in order of their names' code points, which is the
/// order of canonical JSON (Rust compares the UTF-8 bytes, and UTF-8 preserves
/// the order of code points).
///
/// A sorted list and not a tree: a targets file has hundreds of thousands of
/// objects with two members each, and nearly every file is sorted already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object(Vec<(String, Json)>);

impl Object {
    /// No members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0
            .binary_search_by(|(other, _)| other.as_str().cmp(name))
    }

    /// The member of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.entry(name).map(|(_, value)| value)
    }

    /// The member of that name, with the object's own copy of the name.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<(&str, &Json)> {
        let (name, value) = self.0.get(self.place(name).ok()?)?;
        Some((name, value))
    }

    /// The member of that name, to be changed.
    #[must_use]
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        let place = self.place(name).ok()?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    /// Whether there is a member of that name.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    /// Adds a member; the one that had its name before is returned.
    pub fn insert(&mut self, name: String, value: Json) -> Option<Json> {
        match self.place(&name) {
            Ok(place) => self
                .0
                .get_mut(place)
                .map(|(_, old)| std::mem::replace(old, value)),
            Err(place) => {
                self.0.insert(place, (name, value));
                None
            }
        }
    }

    /// Removes a member.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let place = self.place(name).ok()?;
        Some(self.0.remove(place).1)
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The members in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&String, &Json)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// The names in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &String> {
        self.0.iter().map(|(name, _)| name)
    }

    /// The values in the order of their names.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Json> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The names in order.
    pub fn into_keys(self) -> impl ExactSizeIterator<Item = String> {
        self.0.into_iter().map(|(name, _)| name)
    }
}

impl<const N: usize> From<[(String, Json); N]> for Object {
    fn from(members: [(String, Json); N]) -> Self {
        members.into_iter().collect()
    }
}

impl FromIterator<(String, Json)> for Object {
    /// Of two members with one name the later stays.
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(members: I) -> Self {
        let mut builder = Builder::default();
        for (name, value) in members {
            builder.put(name, value);
        }
        builder.finish()
    }
}

impl Extend<(String, Json)> for Object {
    fn extend<I: IntoIterator<Item = (String, Json)>>(&mut self, members: I) {
        *self = std::mem::take(self).into_iter().chain(members).collect();
    }
}

impl IntoIterator for Object {
    type Item = (String, Json);
    type IntoIter = std::vec::IntoIter<(String, Json)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'o> IntoIterator for &'o Object {
    type Item = (&'o String, &'o Json);
    type IntoIter = std::iter::Map<
        std::slice::Iter<'o, (String, Json)>,
        fn(&'o (String, Json)) -> (&'o String, &'o Json),
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

/// An object as its members arrive: a list as long as they are in order, a tree
/// from the first that is not, so that no order makes it slow.
#[derive(Debug)]
pub(super) enum Builder {
    Sorted(Vec<(String, Json)>),
    Tree(BTreeMap<String, Json>),
}

impl Default for Builder {
    fn default() -> Self {
        Self::Sorted(Vec::new())
    }
}

impl Builder {
    pub(super) fn contains(&self, name: &str) -> bool {
        match self {
            // All others are smaller than the last.
            Self::Sorted(members) => match members.last() {
                Some((last, _)) if last.as_str() >= name => members
                    .binary_search_by(|(other, _)| other.as_str().cmp(name))
                    .is_ok(),
                _ => false,
            },
            Self::Tree(members) => members.contains_key(name),
        }
    }

    pub(super) fn put(&mut self, name: String, value: Json) {
        match self {
            Self::Sorted(members) => {
                if members.last().is_none_or(|(last, _)| *last < name) {
                    members.push((name, value));
                } else {
                    let mut tree: BTreeMap<_, _> = std::mem::take(members).into_iter().collect();
                    tree.insert(name, value);
                    *self = Self::Tree(tree);
                }
            }
            Self::Tree(members) => {
                members.insert(name, value);
            }
        }
    }

    pub(super) fn finish(self) -> Object {
        match self {
            Self::Sorted(mut members) => {
                // A list of one has room for four, and a text may hold two million of them.
                members.shrink_to_fit();
                Object(members)
            }
            Self::Tree(members) => Object(members.into_iter().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Builder, Json, Object};
    use std::collections::BTreeMap;

    #[test]
    fn an_object_of_one_member_has_no_room_for_more() {
        let mut builder = Builder::default();
        builder.put(String::new(), Json::Null);
        assert_eq!(builder.finish().0.capacity(), 1);
    }

    proptest! {
        #[test]
        fn whatever_is_done_to_it_it_is_what_a_tree_would_be(
            first in prop::collection::vec(("[a-d]{0,2}", any::<u64>()), 0..20),
            then in prop::collection::vec(("[a-d]{0,2}", any::<Option<u64>>()), 0..20),
        ) {
            let first: Vec<_> = first.into_iter().map(|(n, v)| (n, Json::from(v))).collect();
            let mut tree: BTreeMap<_, _> = first.iter().cloned().collect();
            let mut object: Object = first.into_iter().collect();
            for (name, value) in then {
                match value.map(Json::from) {
                    Some(value) => prop_assert_eq!(
                        object.insert(name.clone(), value.clone()),
                        tree.insert(name, value)
                    ),
                    None => prop_assert_eq!(object.remove(&name), tree.remove(&name)),
                }
            }
            prop_assert!(object.iter().eq(tree.iter()));
            prop_assert!(tree.iter().all(|(name, value)| object.get(name) == Some(value)));
        }
    }
}
