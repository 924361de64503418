//! A report in Markdown, read with the few marks that this program writes (CommonMark, with GitHub's
//! tables). What a reader would not see as it was read is refused.

use super::reading::Reading;

const COMMANDS_BEGIN: &str = "```sh";
const COMMANDS_END: &str = "```";
/// A line of these alone would make a heading, a rule, an empty point or a table.
const MARKS: &str = "=-*+#>: ";

/// Reads a report.
///
/// # Errors
/// A part that a report may not contain, not yet safe to show.
pub(super) fn read(markdown: &str) -> Result<Reading, String> {
    let (title, rest) = markdown.split_once('\n').ok_or("it has one line")?;
    let mut fixed = vec![("title", title.to_owned())];
    let mut text = String::new();
    let mut commands: Option<String> = None;
    let mut bars = 0;
    for line in rest.split('\n') {
        commands = match commands.take() {
            Some(block) if line == COMMANDS_END => {
                fixed.push(("block of commands", block));
                None
            }
            Some(block) => Some(block + line + "\n"),
            None if line == COMMANDS_BEGIN => Some(String::new()),
            None => {
                bars = self::line(line, bars, &mut text)?;
                None
            }
        };
    }
    match commands {
        Some(_) => Err("a block of commands has no end".to_owned()),
        None => Ok(Reading { fixed, text }),
    }
}

/// Adds what a line says. `above` is the number of bars between cells in the line above; returns
/// that of this line.
fn line(line: &str, above: usize, text: &mut String) -> Result<usize, String> {
    if !line.trim_ascii().is_empty() && line.chars().all(|c| MARKS.contains(c)) {
        return Err(format!("it has the line {line}"));
    }
    // A quotation, or a further line of the same point.
    let inner = ["> ", "  "]
        .iter()
        .find_map(|mark| line.strip_prefix(*mark))
        .unwrap_or(line);
    if inner.starts_with([' ', '\t']) {
        return Err("it has an indented line".to_owned());
    }
    let is_row = line.starts_with('|');
    let bars = phrase(inner, is_row, text)?;
    text.push('\n');
    // Readers do not see what is in more cells than the head of a table has.
    match is_row && (!line.ends_with(" |") || (above != 0 && above != bars)) {
        true => Err("a row of a table has another number of cells".to_owned()),
        false => Ok(bars),
    }
}

/// Adds what is in a line; returns how many bars between cells it has.
fn phrase(line: &str, is_row: bool, text: &mut String) -> Result<usize, String> {
    let (mut bars, mut is_strong) = (0, false);
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some(escaped) if escaped.is_ascii_punctuation() => text.push(escaped),
                _ => return Err("it has a \\ that escapes nothing".to_owned()),
            },
            // In a code span nothing can be escaped.
            '`' => {
                let (code, after) = characters
                    .as_str()
                    .split_once('`')
                    .filter(|(code, _)| !code.is_empty() && !code.contains(['|', '\\']))
                    .ok_or("it has ` around no code")?;
                text.push_str(code);
                characters = after.chars();
            }
            '*' => match characters.next() {
                Some('*') => is_strong = !is_strong,
                _ => return Err("it has a single *".to_owned()),
            },
            '|' if is_row => {
                bars += 1;
                text.push(' ');
            }
            // HTML, links, pictures, entities, tables and other marks that this program escapes.
            '<' | '>' | '[' | ']' | '&' | '|' | '_' | '~' | '$' => {
                return Err(format!("it has {c}"));
            }
            ':' if characters.as_str().starts_with("//") => {
                return Err("it has an address".to_owned());
            }
            '.' if ends_in_www(text) => return Err("it has an address".to_owned()),
            c => text.push(c),
        }
    }
    match is_strong {
        true => Err("it has ** without an end".to_owned()),
        false => Ok(bars),
    }
}

fn ends_in_www(text: &str) -> bool {
    let end = text.as_bytes().last_chunk::<3>();
    end.is_some_and(|end| end.eq_ignore_ascii_case(b"www"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn report(line: &str) -> Result<Reading, String> {
        read(&format!("# Title\n\n> **Live ceremony**\n{line}\n"))
    }

    #[test]
    fn text_is_what_a_reader_sees() {
        let reading = report("## a\\*b `<2>`**3**\n\n```sh\nx < y\n```\n| a | b\\| |").unwrap();
        let text = "\nLive ceremony\n## a*b <2>3\n\n  a   b|  \n\n";
        assert_eq!(reading.text, text);
        let fixed = [
            ("title", "# Title".to_owned()),
            ("block of commands", "x < y\n".to_owned()),
        ];
        assert_eq!(reading.fixed, fixed);
    }

    #[test]
    fn what_acts_leads_away_hides_or_is_another_mark_is_refused() {
        for line in [
            "<script>",
            "a <b>",
            "<!-- hidden -->",
            "<https://evil.example>",
            "[a](b)",
            "![a](b)",
            "[a]: https\\://evil.example",
            "https://example.org",
            "WWW.example.org",
            "&copy;",
            "```\nno end",
            "```sh\nno end",
            "``` a`b\n<script src=\"//evil.example\"></script>\n```",
            "```sh a\nx\n```",
            "````\nx\n````",
            "> ```\n> x",
            "``a``",
            "a ` b",
            "~~~\nx\n~~~",
            "~~4711~~",
            "$4711$",
            "Nobody signed.\n===",
            "Nobody signed.\n---",
            "Nobody signed.\n- - -",
            "***",
            "Title\n:-:",
            "*a*",
            "**a",
            "_a_",
            "    4711",
            "\t4711",
            "   4711",
            "a\\b",
            "a\\",
            "a | b",
            "| a |\n| --- |\n| b | 4711 |",
            "| a | 4711",
            "> > a",
        ] {
            assert!(report(line).is_err(), "{line}");
        }
    }
}
