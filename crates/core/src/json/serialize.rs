//! The text that Rust programs write: indented by two, in UTF-8, with a line
//! feed at the end.

use serde::ser::{Error as _, Serialize, Serializer};

use super::Json;

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => serializer.serialize_i64(value),
                (_, Ok(value)) => serializer.serialize_u64(value),
                _ => Err(S::Error::custom("an integer beyond 64 bits")),
            },
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(members) => serializer.collect_map(members),
        }
    }
}

/// The value as `serde_json::to_vec_pretty` writes it with sorted members, and
/// a line feed: what tufops and tuf-ci keep in git.
#[must_use]
pub fn pretty_utf8(value: &Json) -> Vec<u8> {
    // Fails only for integers that no Json holds.
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Json, parse};
    use super::pretty_utf8;

    #[test]
    fn text_is_indented_by_two_and_sorted_and_ends_with_a_line_feed() {
        let value = parse(
            "{\"b\":[1,-1],\"a\":{\"é\u{7f}\":\"\\n\"},\"c\":[]}".as_bytes(),
            100,
        );
        assert_eq!(
            String::from_utf8(pretty_utf8(&value.unwrap())).unwrap(),
            "{\n  \"a\": {\n    \"é\u{7f}\": \"\\n\"\n  },\n  \"b\": [\n    1,\n    -1\n  ],\n  \"c\": []\n}\n"
        );
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let value = Json::Array(vec![
            u64::MAX.into(),
            i64::MIN.into(),
            Json::Null,
            true.into(),
            "\u{0}\u{1f511}\"\\/".into(),
        ]);
        assert_eq!(parse(&pretty_utf8(&value), 1000).unwrap(), value);
    }
}
