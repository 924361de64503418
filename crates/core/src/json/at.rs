//! Reading members of a value, with errors that name the place.

use std::fmt::Write as _;
use std::rc::Rc;

use super::{Json, Object};
use crate::text::excerpt;

/// A member that is missing or of the wrong kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct Misfit {
    /// The place, such as `signed.roles.root`, safe to show
    pub path: String,
    /// The fault there, safe to show
    pub problem: String,
}

/// A value and its place.
///
/// The place is only put into words for an error: nearly every
/// document has none, and a root has a hundred places.
#[derive(Clone, Debug)]
pub struct At<'j> {
    value: &'j Json,
    way: Rc<Way<'j>>,
}

#[derive(Debug)]
enum Way<'j> {
    /// Where one began, by the name that errors give it
    Top(String),
    /// From an object to its member
    Member(Rc<Way<'j>>, &'j str),
    /// From an array to its item
    Item(Rc<Way<'j>>, usize),
}

impl Way<'_> {
    /// In words, such as `signed.roles.root.keyids[1]`.
    fn path(&self) -> String {
        // Writing to a String cannot fail.
        match self {
            Self::Top(name) => name.clone(),
            Self::Member(from, name) => {
                let mut path = from.path();
                let _ = write!(path, ".{}", excerpt(name));
                path
            }
            Self::Item(from, index) => {
                let mut path = from.path();
                let _ = write!(path, "[{index}]");
                path
            }
        }
    }
}

impl<'j> At<'j> {
    /// Begins at a value that errors shall call `name`.
    #[must_use]
    pub fn top(value: &'j Json, name: &str) -> Self {
        Self {
            value,
            way: Rc::new(Way::Top(excerpt(name))),
        }
    }

    fn to_member(&self, name: &'j str, value: &'j Json) -> Self {
        let way = Rc::new(Way::Member(Rc::clone(&self.way), name));
        Self { value, way }
    }

    /// The value here.
    #[must_use]
    pub fn value(&self) -> &'j Json {
        self.value
    }

    /// An error about this place. The problem must be safe to show.
    #[must_use]
    pub fn misfit(&self, problem: impl Into<String>) -> Misfit {
        Misfit {
            path: self.way.path(),
            problem: problem.into(),
        }
    }

    fn not(&self, wanted: &str) -> Misfit {
        self.misfit(format!("{} where {wanted} belongs", self.value.kind()))
    }

    /// The members, if this is an object.
    ///
    /// # Errors
    /// It is something else.
    pub fn object(&self) -> Result<&'j Object, Misfit> {
        match self.value {
            Json::Object(members) => Ok(members),
            _ => Err(self.not("an object")),
        }
    }

    /// The members with their places.
    ///
    /// # Errors
    /// It is not an object.
    pub fn members(&self) -> Result<impl Iterator<Item = (&'j str, At<'j>)>, Misfit> {
        let here = self.clone();
        let members = self.object()?.iter();
        Ok(members.map(move |(name, value)| (name.as_str(), here.to_member(name, value))))
    }

    /// The member of that name, or `None` where there is none.
    ///
    /// # Errors
    /// This is not an object.
    pub fn find(&self, name: &str) -> Result<Option<At<'j>>, Misfit> {
        let found = self.object()?.entry(name);
        Ok(found.map(|(name, value)| self.to_member(name, value)))
    }

    /// The member of that name.
    ///
    /// # Errors
    /// There is none, or this is not an object.
    pub fn member(&self, name: &str) -> Result<At<'j>, Misfit> {
        self.find(name)?
            .ok_or_else(|| self.misfit(format!("no member \"{}\"", excerpt(name))))
    }

    /// The items with their places.
    ///
    /// # Errors
    /// It is not an array.
    pub fn items(&self) -> Result<impl Iterator<Item = At<'j>>, Misfit> {
        let Json::Array(items) = self.value else {
            return Err(self.not("an array"));
        };
        let from = Rc::clone(&self.way);
        Ok(items.iter().enumerate().map(move |(index, value)| At {
            value,
            way: Rc::new(Way::Item(Rc::clone(&from), index)),
        }))
    }

    /// The string here.
    ///
    /// # Errors
    /// It is something else.
    pub fn string(&self) -> Result<&'j str, Misfit> {
        match self.value {
            Json::String(text) => Ok(text),
            _ => Err(self.not("a string")),
        }
    }

    /// The truth value here.
    ///
    /// # Errors
    /// It is something else.
    pub fn boolean(&self) -> Result<bool, Misfit> {
        match self.value {
            Json::Bool(value) => Ok(*value),
            _ => Err(self.not("true or false")),
        }
    }

    /// The integer here, if it fits.
    ///
    /// # Errors
    /// It is something else, negative, or too large.
    pub fn unsigned<T: TryFrom<i128>>(&self) -> Result<T, Misfit> {
        match self.value {
            Json::Integer(value) => {
                T::try_from(*value).map_err(|_| self.misfit(format!("{value} is out of range")))
            }
            _ => Err(self.not("an integer")),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Json, parse};
    use super::At;

    fn example() -> Json {
        parse(
            br#"{"roles":{"root\u001b":{"keyids":["a",7],"threshold":-1}}}"#,
            100,
        )
        .unwrap()
    }

    #[test]
    fn an_error_names_the_way_to_its_place_and_shows_it_escaped() {
        let json = example();
        let role = At::top(&json, "signed")
            .member("roles")
            .unwrap()
            .member("root\u{1b}")
            .unwrap();
        let shown = |result: Result<(), super::Misfit>| result.unwrap_err().to_string();
        assert_eq!(
            shown(
                role.member("keyids")
                    .unwrap()
                    .items()
                    .unwrap()
                    .try_for_each(|id| id.string().map(drop))
            ),
            "signed.roles.root\\u{1b}.keyids[1]: an integer where a string belongs"
        );
        assert_eq!(
            shown(
                role.member("threshold")
                    .unwrap()
                    .unsigned::<u32>()
                    .map(drop)
            ),
            "signed.roles.root\\u{1b}.threshold: -1 is out of range"
        );
        assert_eq!(
            shown(role.member("paths").map(drop)),
            "signed.roles.root\\u{1b}: no member \"paths\""
        );
    }
}
