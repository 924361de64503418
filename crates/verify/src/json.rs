//! The objects of `--json`: for programs, and safe on a terminal.

use std::io::{self, Write};

use keymoot_core::text::escape_in_json;
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// An object as every `--json` prints it, without a line feed at its end.
#[must_use]
pub fn printed(object: &impl Serialize) -> String {
    let mut text = Vec::new();
    // Strings, numbers and lists of them always serialise.
    let _ = write(&mut text, object);
    String::from_utf8(text).unwrap_or_default()
}

/// The same, for an object of many megabytes.
///
/// # Errors
/// It cannot be written.
pub fn write(to: impl Write, object: &impl Serialize) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(to, Printed(PrettyFormatter::new()));
    object.serialize(&mut serializer).map_err(io::Error::from)
}

/// The form of [`PrettyFormatter`], in which strings have no character that acts on a terminal.
struct Printed(PrettyFormatter<'static>);

macro_rules! as_pretty {
    ($($method:ident($($first:ident)?))*) => {
        $(fn $method<W: ?Sized + Write>(&mut self, to: &mut W $(, $first: bool)?) -> io::Result<()> {
            self.0.$method(to $(, $first)?)
        })*
    };
}

impl Formatter for Printed {
    as_pretty! {
        begin_array() end_array() begin_array_value(first) end_array_value()
        begin_object() end_object() begin_object_key(first) begin_object_value() end_object_value()
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        to: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        match fragment.bytes().all(|b| matches!(b, b' '..=b'~')) {
            true => to.write_all(fragment.as_bytes()),
            false => to.write_all(escape_in_json(fragment).as_bytes()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::printed;
    use serde_json::{Value, json};

    #[test]
    fn an_object_for_programs_is_safe_on_a_terminal_and_reads_the_same() {
        let text = "a\u{1b}[2J\u{9b}2J\u{202e}\u{7f} \u{e0041} p\u{430}ypal Ольга \\ \"";
        let object = json!({ text: [text, { "n": 1 }, [], {}] });
        let shown = printed(&object);
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), object);
        let safe = |c: char| c.is_ascii_graphic() || c == ' ' || "\nОльга".contains(c);
        assert!(shown.chars().all(safe), "{shown}");
        assert!(shown.contains("p\\u0430ypal Ольга"), "{shown}");
        let plain = json!({ "a": ["b", { "c": [] }] });
        let pretty = serde_json::to_string_pretty(&plain).unwrap();
        assert_eq!(printed(&plain), pretty);
    }
}
