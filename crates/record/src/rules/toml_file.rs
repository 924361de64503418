//! Reading a file of a plan: TOML, with the line and the column of a fault.

use keymoot_core::text::shortened;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The longest script, policy or roster that is read, in bytes: those of nine holders
/// have a tenth of it.
const LONGEST_FILE: usize = 256 << 10;

/// Reads a file of a plan. `name` is its name in errors.
///
/// # Errors
/// `FILE:LINE:COLUMN: ` and what is wrong there, on one line and safe to show.
pub(crate) fn read<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, String> {
    if text.len() > LONGEST_FILE {
        return Err(format!("{name}: it is longer than {LONGEST_FILE} bytes"));
    }
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        format!("{}: {}", at(name, text, start), one_line(error.message()))
    })
}

/// The places of the values of a file.
pub(crate) struct Places<'t> {
    name: &'t str,
    text: &'t str,
    table: Option<Spanned<DeTable<'t>>>,
}

impl<'t> Places<'t> {
    /// The places of a file that [`read`] accepted.
    pub(crate) fn new(name: &'t str, text: &'t str) -> Self {
        let table = DeTable::parse(text).ok();
        Self { name, text, table }
    }

    /// `FILE:LINE:COLUMN` of a value by its path, such as `delegation.1.role`. If the value is
    /// missing, that of the table around it.
    pub(crate) fn of(&self, path: &str) -> String {
        let start = self.table.as_ref().map_or(0, |table| {
            let mut start = table.span().start;
            let mut table = Some(table.get_ref());
            let mut array: Option<&toml::de::DeArray<'t>> = None;
            for part in path.split('.') {
                let found: Option<&Spanned<DeValue<'t>>> = match (table, array) {
                    (Some(table), _) => table.get(part),
                    (None, Some(array)) => part.parse().ok().and_then(|n: usize| array.get(n)),
                    (None, None) => None,
                };
                let Some(found) = found else { break };
                start = found.span().start;
                table = match found.get_ref() {
                    DeValue::Table(table) => Some(table),
                    _ => None,
                };
                array = match found.get_ref() {
                    DeValue::Array(array) => Some(array),
                    _ => None,
                };
            }
            start
        });
        at(self.name, self.text, start)
    }
}

/// `FILE:LINE:COLUMN` of a byte.
fn at(name: &str, text: &str, byte: usize) -> String {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |s| s.chars().count()) + 1;
    format!("{name}:{line}:{column}")
}

/// The message of a parser on one line, made safe to show.
fn one_line(message: &str) -> String {
    let lines: Vec<_> = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| shortened(line, 300))
        .collect();
    lines.join("; ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TEXT: &str = "first = 1\n\n[[group]]\nname = \"a\"\n\n[[group]]\nname = \"b\"\n";

    #[test]
    fn a_value_is_found_by_its_path() {
        let places = Places::new("file.toml", TEXT);
        assert_eq!(places.of("first"), "file.toml:1:9");
        assert_eq!(places.of("group.1.name"), "file.toml:7:8");
    }

    #[test]
    fn a_missing_value_is_where_it_ought_to_be() {
        let places = Places::new("file.toml", TEXT);
        assert_eq!(places.of("group.1.other"), "file.toml:6:1");
    }

    #[test]
    fn an_error_of_the_parser_names_line_and_column() {
        let read = read::<toml::Table>("file.toml", "a = 1\nb = = 2\n");
        assert!(read.unwrap_err().starts_with("file.toml:2:5: "));
    }
}
