//! The two ways a value is written: the bytes that are signed, and the text
//! that people and git see.

use std::fmt::Write as _;

use super::Json;

/// Canonical JSON as the One Laptop per Child project defined it and
/// python-tuf and securesystemslib sign it: members in order of code points,
/// no white space, only `"` and `\` escaped, everything else raw UTF-8.
///
/// It is not always JSON: a line feed in a string stays a raw line feed.
#[must_use]
pub fn canonical(value: &Json) -> Vec<u8> {
    let mut out = String::new();
    write_canonical(&mut out, value);
    out.into_bytes()
}

fn write_canonical(out: &mut String, value: &Json) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Json::Integer(value) => write_integer(out, *value),
        Json::String(text) => write_canonical_string(out, text),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(out, item);
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical_string(out, name);
                out.push(':');
                write_canonical(out, value);
            }
            out.push('}');
        }
    }
}

fn write_canonical_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\\']) {
        let (plain, escaped) = rest.split_at(at);
        out.push_str(plain);
        out.push('\\');
        out.push_str(&escaped[..1]);
        rest = &escaped[1..];
    }
    out.push_str(rest);
    out.push('"');
}

fn write_integer(out: &mut String, value: i128) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}

/// Indented ASCII JSON, as Python's `json.dumps(value, indent=indent,
/// separators=(",", ": "), sort_keys=True)` writes it, which is what
/// python-tuf and tuf-on-ci write with an indent of one. No line feed at the
/// end.
#[must_use]
pub fn pretty(value: &Json, indent: usize) -> String {
    let mut out = String::new();
    write_pretty(&mut out, value, indent, 0);
    out
}

fn write_pretty(out: &mut String, value: &Json, indent: usize, depth: usize) {
    match value {
        Json::Null | Json::Bool(_) | Json::Integer(_) => write_canonical(out, value),
        Json::String(text) => write_ascii_string(out, text),
        Json::Array(items) if items.is_empty() => out.push_str("[]"),
        Json::Object(members) if members.is_empty() => out.push_str("{}"),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                new_line(out, index > 0, indent * (depth + 1));
                write_pretty(out, item, indent, depth + 1);
            }
            new_line(out, false, indent * depth);
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                new_line(out, index > 0, indent * (depth + 1));
                write_ascii_string(out, name);
                out.push_str(": ");
                write_pretty(out, value, indent, depth + 1);
            }
            new_line(out, false, indent * depth);
            out.push('}');
        }
    }
}

fn new_line(out: &mut String, comma: bool, spaces: usize) {
    if comma {
        out.push(',');
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', spaces));
}

fn write_ascii_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Json, parse};
    use super::{canonical, pretty};

    fn canonical_of(text: &str) -> String {
        String::from_utf8(canonical(&parse(text.as_bytes(), 10_000).unwrap())).unwrap()
    }

    #[test]
    fn names_sort_by_code_point_and_not_by_their_quoted_form() {
        assert_eq!(
            canonical_of(
                "{\"a!\":1,\"a\":2,\"a \":3,\"\\\"\":4,\"#\":5,\"\u{1f511}\":6,\"\u{ffff}\":7}"
            ),
            "{\"\\\"\":4,\"#\":5,\"a\":2,\"a \":3,\"a!\":1,\"\u{ffff}\":7,\"\u{1f511}\":6}"
        );
    }

    #[test]
    fn only_quotes_and_backslashes_are_escaped_and_nothing_is_normalised() {
        assert_eq!(
            canonical_of("\"\\n\\u0000\\\\\\\"\\u007f e\\u0301\""),
            "\"\n\0\\\\\\\"\u{7f} e\u{301}\""
        );
    }

    #[test]
    fn pretty_text_has_empty_containers_closed_and_no_final_line_feed() {
        let value = Json::object([
            ("b", Json::Array(vec![])),
            ("a", Json::Array(vec![Json::object([]), Json::Null])),
        ]);
        assert_eq!(
            pretty(&value, 1),
            "{\n \"a\": [\n  {},\n  null\n ],\n \"b\": []\n}"
        );
    }

    #[test]
    fn what_is_written_pretty_is_read_back_the_same() {
        let value = Json::object([("\u{1f511}\n\u{7f}\u{8}", "\"\\\t\r\u{c}\u{0}é".into())]);
        assert_eq!(parse(pretty(&value, 2).as_bytes(), 1000).unwrap(), value);
    }
}
