//! The JSON that may be signed, and nothing more.
//!
//! Signed JSON must mean one thing to every reader. So there are no floats, no
//! integers beyond 64 bits, no member named twice, no nesting deeper than
//! [`MAX_DEPTH`], and no more values than [`MAX_VALUES`]. Strings are Unicode
//! scalar values, as the text gave them.

mod at;
mod difference;
mod object;
mod parse;
#[cfg(test)]
mod properties;
mod serialize;
mod write;

pub use at::{At, Misfit};
pub use difference::{Place, differences};
pub use object::Object;
pub use parse::{JsonError, MAX_DEPTH, MAX_VALUES, parse};
pub use serialize::pretty_utf8;
pub use write::{canonical, pretty};

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
