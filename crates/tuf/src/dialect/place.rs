//! Puts a signature into the text of a file that another tool wrote.
//!
//! The file is kept as it is, byte for byte, except the signature: its order, its spaces and its
//! ends of lines are those of the tool that wrote it.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Dialect;
use crate::KeyId;
use keymoot_core::json::{self, Json};

/// The member that has the signatures, in every dialect.
const SIGNATURES: &str = "signatures";

impl Dialect {
    /// The text of a file that holds signatures with one more, put where this dialect's tools put it;
    /// every other byte stays as it is. `None` where the file has no place for it.
    #[must_use]
    pub fn put_signature(self, text: &[u8], keyid: &KeyId, signature: &[u8]) -> Option<Vec<u8>> {
        put(self, text, keyid, signature)
    }
}

/// The text of a file with a signature under a key id, or `None` where the file has no place for
/// it. An entry under that id is filled. A new entry goes where the dialect's tool puts
/// it: in tuf-on-ci last, in the others by key id.
fn put(dialect: Dialect, text: &[u8], keyid: &KeyId, signature: &[u8]) -> Option<Vec<u8>> {
    let signature = match dialect {
        Dialect::TufOnCi | Dialect::Tufops => hex::encode(signature),
        Dialect::TufCi => STANDARD.encode(signature),
    };
    let keyid = keyid.as_str();
    let list = member(text, &whole(text)?, SIGNATURES)?;
    let items = items(text, &list.value)?;
    for item in &items {
        if string(text, &member(text, item, "keyid")?.value)? == keyid {
            let place = member(text, item, "sig")?.value;
            return Some(replaced(text, &place, &quoted(&signature)));
        }
    }
    let Some(first) = items.first() else {
        return into_empty(text, &list, keyid, &signature);
    };
    let before = match dialect {
        Dialect::TufOnCi => None,
        Dialect::Tufops | Dialect::TufCi => {
            let mut after = None;
            for (at, item) in items.iter().enumerate() {
                let other = string(text, &member(text, item, "keyid")?.value)?;
                if after.is_none() && other.as_str() > keyid {
                    after = Some(at);
                }
            }
            after
        }
    };
    let entry = like(text, first, keyid, &signature)?;
    let gap = match items.get(1) {
        Some(second) => text.get(first.end..second.start)?.to_vec(),
        // The next entry is after a comma as the one entry is after the bracket.
        None => [b",", text.get(list.value.start + 1..first.start)?].concat(),
    };
    let (at, new) = match before.and_then(|at| items.get(at)) {
        Some(next) => (next.start, [entry, gap].concat()),
        None => (items.last()?.end, [gap, entry].concat()),
    };
    Some(replaced(text, &(at..at), &new))
}

/// A member of an object: the places of its name and its value.
struct Member {
    name: Range<usize>,
    value: Range<usize>,
}

/// The first entry's text with another key id and signature; it has these two members alone.
fn like(text: &[u8], entry: &Range<usize>, keyid: &str, signature: &str) -> Option<Vec<u8>> {
    if members(text, entry)?.len() != 2 {
        return None;
    }
    let mut places = [
        (member(text, entry, "keyid")?.value, keyid),
        (member(text, entry, "sig")?.value, signature),
    ];
    places.sort_by_key(|(place, _)| place.start);
    let mut made = Vec::new();
    let mut at = entry.start;
    for (place, content) in places {
        made.extend_from_slice(text.get(at..place.start)?);
        made.extend_from_slice(&quoted(content));
        at = place.end;
    }
    made.extend_from_slice(text.get(at..entry.end)?);
    Some(made)
}

/// The text with a first entry in a list that has none, indented as the list itself is.
fn into_empty(text: &[u8], list: &Member, keyid: &str, signature: &str) -> Option<Vec<u8>> {
    let indent = text.get(..list.name.start)?;
    let spaces = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let begins = indent
        .iter()
        .rposition(|byte| !spaces(byte))
        .map(|at| at + 1)?;
    let line = indent.get(begins..)?;
    let (keyid, signature) = (quoted(keyid), quoted(signature));
    let unit: Vec<u8> = line
        .iter()
        .copied()
        .filter(|byte| matches!(byte, b' ' | b'\t'))
        .collect();
    let end: &[u8] = match (line.contains(&b'\n'), line.contains(&b'\r')) {
        (true, true) => b"\r\n",
        (true, false) => b"\n",
        (false, _) => b"",
    };
    let (mut made, colon): (Vec<u8>, &[u8]) =
        (vec![b'['], if end.is_empty() { b":" } else { b": " });
    let mut row = |depth: usize, parts: &[&[u8]]| {
        if !end.is_empty() {
            made.extend_from_slice(end);
            made.extend_from_slice(&unit.repeat(depth));
        }
        made.extend(parts.iter().flat_map(|part| part.iter()));
    };
    row(2, &[b"{"]);
    row(3, &[b"\"keyid\"", colon, &keyid, b","]);
    row(3, &[b"\"sig\"", colon, &signature]);
    row(2, &[b"}"]);
    row(1, &[b"]"]);
    Some(replaced(text, &list.value, &made))
}

fn replaced(text: &[u8], place: &Range<usize>, new: &[u8]) -> Vec<u8> {
    let before = text.get(..place.start).unwrap_or_default();
    let after = text.get(place.end..).unwrap_or_default();
    [before, new, after].concat()
}

fn quoted(text: &str) -> Vec<u8> {
    json::canonical(&Json::from(text))
}

/// The content of a string.
fn string(text: &[u8], place: &Range<usize>) -> Option<String> {
    let token = text.get(place.clone())?;
    match json::parse(token, token.len()).ok()? {
        Json::String(text) => Some(text),
        _ => None,
    }
}

/// The one value of a text.
fn whole(text: &[u8]) -> Option<Range<usize>> {
    value(text, &mut 0)
}

fn member(text: &[u8], object: &Range<usize>, name: &str) -> Option<Member> {
    let members = members(text, object)?.into_iter();
    members
        .into_iter()
        .find(|member| string(text, &member.name).as_deref() == Some(name))
}

fn members(text: &[u8], object: &Range<usize>) -> Option<Vec<Member>> {
    let mut found = Vec::new();
    let mut at = opened(text, object, b'{')?;
    while next(text, &mut at)? != b'}' {
        let name = value(text, &mut at)?;
        (next(text, &mut at)? == b':').then(|| at += 1)?;
        let value = value(text, &mut at)?;
        found.push(Member { name, value });
        if next(text, &mut at)? == b',' {
            at += 1;
        }
    }
    Some(found)
}

fn items(text: &[u8], array: &Range<usize>) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut at = opened(text, array, b'[')?;
    while next(text, &mut at)? != b']' {
        found.push(value(text, &mut at)?);
        if next(text, &mut at)? == b',' {
            at += 1;
        }
    }
    Some(found)
}

/// The place after the bracket that opens a value.
fn opened(text: &[u8], place: &Range<usize>, bracket: u8) -> Option<usize> {
    (text.get(place.start) == Some(&bracket)).then_some(place.start + 1)
}

/// The next byte that is no space; `at` then points to it.
fn next(text: &[u8], at: &mut usize) -> Option<u8> {
    while text.get(*at).is_some_and(u8::is_ascii_whitespace) {
        *at += 1;
    }
    text.get(*at).copied()
}

/// The place of the next value; `at` moves on to what is after it. The text is JSON that was read.
fn value(text: &[u8], at: &mut usize) -> Option<Range<usize>> {
    let first = next(text, at)?;
    let start = *at;
    let mut depth = 0_usize;
    match first {
        b'"' => past_string(text, at)?,
        b'{' | b'[' => loop {
            match next(text, at)? {
                b'"' => past_string(text, at)?,
                bracket @ (b'{' | b'[' | b'}' | b']') => {
                    *at += 1;
                    depth = match bracket {
                        b'{' | b'[' => depth + 1,
                        _ => depth.checked_sub(1)?,
                    };
                    if depth == 0 {
                        break;
                    }
                }
                _ => *at += 1,
            }
        },
        _ => {
            let more = |byte: &u8| {
                !matches!(byte, b',' | b']' | b'}' | b':') && !byte.is_ascii_whitespace()
            };
            while text.get(*at).is_some_and(more) {
                *at += 1;
            }
        }
    }
    (start < *at).then_some(start..*at)
}

fn past_string(text: &[u8], at: &mut usize) -> Option<()> {
    *at += 1;
    loop {
        match text.get(*at)? {
            b'"' => {
                *at += 1;
                return Some(());
            }
            b'\\' => *at += 2,
            _ => *at += 1,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Dialect, KeyId, put};
    use keymoot_core::json::{Json, pretty, pretty_utf8};

    /// A file with entries under these ids, each with this signature.
    fn file(entries: &[(&str, &str)]) -> Json {
        let entry = |(keyid, sig): &(&str, &str)| {
            Json::object([("keyid", (*keyid).into()), ("sig", (*sig).into())])
        };
        let signed = Json::object([
            ("sig", "[\\\"]".into()),
            ("signatures", Json::Array(Vec::new())),
        ]);
        Json::object([
            ("signatures", entries.iter().map(entry).collect()),
            ("signed", signed),
        ])
    }

    fn text(dialect: Dialect, entries: &[(&str, &str)]) -> Vec<u8> {
        match dialect {
            Dialect::TufOnCi => pretty(&file(entries), 1).into_bytes(),
            Dialect::Tufops | Dialect::TufCi => pretty_utf8(&file(entries)),
        }
    }

    fn placed(dialect: Dialect, before: &[(&str, &str)], keyid: &str) -> String {
        let placed = put(dialect, &text(dialect, before), &KeyId::new(keyid), &[1, 2]).unwrap();
        String::from_utf8(placed).unwrap()
    }

    #[test]
    fn a_place_that_was_left_is_filled_and_nothing_else_differs() {
        let placed = placed(Dialect::TufOnCi, &[("b", ""), ("a", ""), ("c", "07")], "a");
        let after = text(Dialect::TufOnCi, &[("b", ""), ("a", "0102"), ("c", "07")]);
        assert_eq!(placed.as_bytes(), after);
    }

    #[test]
    fn a_new_entry_is_where_the_tool_puts_it_and_looks_like_the_tools() {
        let others = [("b", "05"), ("d", "07")];
        for (dialect, keyid, after) in [
            (
                Dialect::TufOnCi,
                "a",
                [("b", "05"), ("d", "07"), ("a", "0102")],
            ),
            (
                Dialect::Tufops,
                "a",
                [("a", "0102"), ("b", "05"), ("d", "07")],
            ),
            (
                Dialect::Tufops,
                "c",
                [("b", "05"), ("c", "0102"), ("d", "07")],
            ),
            (
                Dialect::TufCi,
                "e",
                [("b", "05"), ("d", "07"), ("e", "AQI=")],
            ),
        ] {
            let placed = placed(dialect, &others, keyid);
            assert_eq!(
                placed.as_bytes(),
                text(dialect, &after),
                "{dialect} {keyid}"
            );
        }
    }

    #[test]
    fn the_first_entry_and_the_second_look_like_the_tools() {
        for dialect in Dialect::ALL {
            let signature = ["0102", "AQI="][usize::from(dialect == Dialect::TufCi)];
            let first = placed(dialect, &[], "a");
            assert_eq!(
                first.as_bytes(),
                text(dialect, &[("a", signature)]),
                "{dialect}"
            );
            let second = placed(dialect, &[("a", "05")], "b");
            assert_eq!(
                second.as_bytes(),
                text(dialect, &[("a", "05"), ("b", signature)]),
                "{dialect}"
            );
        }
    }

    #[test]
    fn other_ways_of_writing_are_kept() {
        for (before, after) in [
            (
                r#"{"signatures":[],"x":1}"#,
                r#"{"signatures":[{"keyid":"a","sig":"0102"}],"x":1}"#,
            ),
            (
                r#"{"x":"[","signatures":[{"sig":"05" ,"keyid":"b"}]}"#,
                r#"{"x":"[","signatures":[{"sig":"0102" ,"keyid":"a"},{"sig":"05" ,"keyid":"b"}]}"#,
            ),
            (
                "{\r\n  \"signatures\": [ ]\r\n}",
                "{\r\n  \"signatures\": [\r\n    {\r\n      \"keyid\": \"a\",\r\n      \"sig\": \"0102\"\r\n    }\r\n  ]\r\n}",
            ),
        ] {
            let placed = put(
                Dialect::Tufops,
                before.as_bytes(),
                &KeyId::new("a"),
                &[1, 2],
            )
            .unwrap();
            assert_eq!(String::from_utf8(placed).unwrap(), after);
        }
    }

    #[test]
    fn a_file_without_a_place_is_left_alone() {
        for text in [
            "",
            "{}",
            "[]",
            r#"{"signatures":{}}"#,
            r#"{"signatures":[{"keyid":"b"}]}"#,
            r#"{"signatures":["#,
        ] {
            assert_eq!(
                put(Dialect::TufOnCi, text.as_bytes(), &KeyId::new("a"), &[1]),
                None,
                "{text}"
            );
        }
    }

    #[test]
    fn a_text_that_is_cut_off_or_altered_anywhere_breaks_nothing() {
        let whole = text(Dialect::Tufops, &[("b", "05"), ("d", "07")]);
        for at in 0..whole.len() {
            let mut altered = whole.clone();
            for byte in *b"\"\\{}[],: x" {
                altered[at] = byte;
                // The result is read again before it is written.
                let _ = put(Dialect::Tufops, &altered, &KeyId::new("c"), &[1]);
            }
            let _ = put(Dialect::Tufops, &whole[..at], &KeyId::new("c"), &[1]);
        }
    }
}
