//! Strict parsing, over the tokenizer of `serde_json`.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::value::{Builder, Json};
use crate::text::excerpt;

/// The deepest nesting of arrays and objects. TUF metadata needs
/// about eight; the bound keeps hostile nesting off the stack.
pub const MAX_DEPTH: usize = 64;

/// How many values one text may hold. A targets file of every crate on
/// crates.io (200,000 targets) has a fifth of it; the bound keeps a text of
/// empty arrays from taking many times its own length in memory.
pub const MAX_VALUES: usize = 4_000_000;

/// U+FEFF, with which some editors begin a file.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Why a text is not JSON that may be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text is longer than the caller allowed.
    #[error("it is longer than {limit} bytes, the most that is read here")]
    TooLong {
        /// The caller's limit, in bytes
        limit: usize,
    },
    /// The text breaks the grammar or one of the bounds.
    #[error("{problem}, line {line} column {column}{}", in_member(.path))]
    Refused {
        /// The fault, safe to show
        problem: String,
        /// The line, from 1
        line: usize,
        /// The column in bytes, from 0 at a line's beginning
        column: usize,
        /// The member where it was found, such as `signed.keys`, safe to show;
        /// empty at the top
        path: String,
    },
}

fn in_member(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!(", in {path}")
    }
}

/// Parses one JSON value of at most `limit` bytes with nothing after it but
/// white space (RFC 8259, and the bounds in the [module](super)).
///
/// # Errors
/// Says what was wrong and where.
pub fn parse(text: &[u8], limit: usize) -> Result<Json, JsonError> {
    if text.len() > limit {
        return Err(JsonError::TooLong { limit });
    }
    // RFC 8259, section 8.1: nobody may add one. Without this, "expected value" names no cause.
    if text.starts_with(BYTE_ORDER_MARK) {
        return Err(JsonError::Refused {
            problem: "it begins with a byte order mark (EF BB BF): save it as UTF-8 without one"
                .to_owned(),
            line: 1,
            column: 1,
            path: String::new(),
        });
    }
    let trail = RefCell::new(Vec::new());
    let values = Cell::new(0);
    let seed = Value {
        depth: 0,
        trail: &trail,
        values: &values,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    seed.deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| refused(&error, &trail.borrow()))
}

fn refused(error: &serde_json::Error, trail: &[Step]) -> JsonError {
    // serde_json appends the position to its message; ours has its own fields.
    let message = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let problem = message.strip_suffix(&suffix).unwrap_or(&message);
    const STEPS: usize = 12;
    let mut path = String::new();
    for step in trail.iter().rev().take(STEPS) {
        match step {
            Step::Member(name) if path.is_empty() => path.push_str(&excerpt(name)),
            Step::Member(name) => path.push_str(&format!(".{}", excerpt(name))),
            Step::Item(index) => path.push_str(&format!("[{index}]")),
        }
    }
    if trail.len() > STEPS {
        path.push('…');
    }
    JsonError::Refused {
        problem: problem.to_owned(),
        line: error.line(),
        column: error.column(),
        path,
    }
}

/// One step of the way to an error, recorded from the inside outwards as the
/// error passes, so that documents without errors pay nothing for it.
enum Step {
    Member(String),
    Item(usize),
}

#[derive(Clone, Copy)]
struct Value<'t> {
    depth: usize,
    trail: &'t RefCell<Vec<Step>>,
    values: &'t Cell<usize>,
}

impl Value<'_> {
    fn inside<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format_args!(
                "nested more than {MAX_DEPTH} levels deep"
            )));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    /// Counts one value more.
    fn one_more<E: Error>(self) -> Result<(), E> {
        let values = self.values.get();
        if values == MAX_VALUES {
            return Err(E::custom(format_args!(
                "more than {MAX_VALUES} values in one text"
            )));
        }
        self.values.set(values + 1);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without floats")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Json, E> {
        Err(E::custom("a number that is not a 64-bit integer"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let seed = self.inside()?;
        let mut array = Vec::new();
        loop {
            self.one_more()?;
            match items.next_element_seed(seed) {
                Ok(Some(item)) => array.push(item),
                Ok(None) => {
                    // As for the members of an object.
                    array.shrink_to_fit();
                    return Ok(Json::Array(array));
                }
                Err(error) => {
                    self.trail.borrow_mut().push(Step::Item(array.len()));
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let seed = self.inside()?;
        let mut object = Builder::default();
        while let Some(name) = members.next_key::<String>()? {
            self.one_more()?;
            if object.contains(&name) {
                return Err(A::Error::custom(format_args!(
                    "a second member named \"{}\"",
                    excerpt(&name)
                )));
            }
            match members.next_value_seed(seed) {
                Ok(value) => object.put(name, value),
                Err(error) => {
                    self.trail.borrow_mut().push(Step::Member(name));
                    return Err(error);
                }
            };
        }
        Ok(Json::Object(object.finish()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{MAX_DEPTH, parse};

    fn refusal(text: &str) -> String {
        parse(text.as_bytes(), 8_000_000).unwrap_err().to_string()
    }

    #[test]
    fn a_member_named_twice_is_refused_with_its_place() {
        assert_eq!(
            refusal("{\"a\":{\n \"b\": 1,\n \"\\u0062\": 2}}"),
            "a second member named \"b\", line 3 column 9, in a"
        );
    }

    #[test]
    fn floats_and_integers_beyond_64_bits_are_refused() {
        for number in ["1.0", "1e3", "-0", "18446744073709551616", "1e999"] {
            let shown = refusal(&format!("[0,{{\"n\":{number}}}]"));
            assert!(shown.contains("number"), "{number}: {shown}");
            assert!(shown.ends_with("in [1].n"), "{number}: {shown}");
        }
    }

    #[test]
    fn the_outermost_64_bit_integers_are_read_exactly() {
        for number in ["18446744073709551615", "-9223372036854775808"] {
            let value = parse(number.as_bytes(), 100).unwrap();
            assert_eq!(super::super::canonical(&value), number.as_bytes());
        }
    }

    #[test]
    fn nesting_a_million_deep_is_refused_at_the_bound() {
        for open in ["[", "{\"a\":"] {
            assert!(refusal(&open.repeat(1_000_000)).contains("levels deep"));
        }
        let deepest = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
        parse(deepest.as_bytes(), 1000).unwrap();
    }

    #[test]
    fn a_text_of_nothing_but_values_is_refused_at_the_bound() {
        let text = format!("[{}0]", "0,".repeat(super::MAX_VALUES));
        let error = parse(text.as_bytes(), text.len()).unwrap_err().to_string();
        assert!(
            error.starts_with("more than 4000000 values in one text, line 1 column 8"),
            "{error}"
        );
    }

    #[test]
    fn a_large_object_in_no_order_is_read_and_its_double_found() {
        let members = |n: u32| (0..n).map(|i| format!("\"{}\":{i}", i.reverse_bits()));
        let text = format!("{{{}}}", members(50_000).collect::<Vec<_>>().join(","));
        parse(text.as_bytes(), 8_000_000).unwrap();
        let double = text.replace('}', ",\"0\":1}");
        assert!(refusal(&double).starts_with("a second member named \"0\""));
    }

    #[test]
    fn a_text_longer_than_the_caller_allows_is_not_looked_at() {
        assert_eq!(
            parse(b"[[[[", 3).unwrap_err().to_string(),
            "it is longer than 3 bytes, the most that is read here"
        );
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "nul",
            "[] []",
            "'a'",
            "\"\\ud800\"",
            "\"\n\"",
            "01",
            "[1 2]",
            "\u{feff}[]",
            "NaN",
        ] {
            assert!(parse(text.as_bytes(), 100).is_err(), "{text:?}");
        }
        assert!(parse(b"\"\xff\"", 100).is_err());
    }

    #[test]
    fn a_byte_order_mark_is_named() {
        let shown = refusal("\u{feff}{}");
        assert!(shown.contains("byte order mark"), "{shown}");
    }

    #[test]
    fn an_error_stays_short_however_long_the_names_and_deep_the_place() {
        let long = "a".repeat(1_000_000);
        assert!(refusal(&format!("{{\"{long}\":1,\"{long}\":1}}")).len() < 200);
        assert!(refusal(&format!("{}1.5", "{\"member\":".repeat(60))).len() < 200);
    }

    #[test]
    fn a_name_that_steers_terminals_is_shown_escaped() {
        assert!(refusal("{\"\\u001b[2J\":1.5}").ends_with("in \\u{1b}[2J"));
    }
}
