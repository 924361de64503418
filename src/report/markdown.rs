//! The account as Markdown (CommonMark with tables).

use std::fmt::Write as _;

use super::{Account, Block};

impl Account {
    /// report.md.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n", plain(&self.title));
        if self.rehearsal {
            out.push_str(
                "\n**REHEARSAL. Its devices are simulated. Nothing in it is for the world.**\n",
            );
        }
        for block in &self.blocks {
            out.push('\n');
            write(&mut out, block);
        }
        out
    }
}

fn write(out: &mut String, block: &Block) {
    // Writing to a string does not fail.
    let _ = match block {
        Block::Heading(text) => writeln!(out, "## {}", plain(text)),
        Block::Paragraph(text) => writeln!(out, "{}", plain(text)),
        Block::List(items) => items
            .iter()
            .try_for_each(|item| writeln!(out, "- {}", plain(item))),
        Block::Verbatim(lines) => lines
            .iter()
            .try_for_each(|line| writeln!(out, "    {line}")),
        Block::Table { head, rows } => {
            let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
            let _ = writeln!(
                out,
                "{}",
                line(head.iter().map(|cell| plain(cell)).collect())
            );
            let _ = writeln!(
                out,
                "{}",
                line(head.iter().map(|_| "---".to_owned()).collect())
            );
            rows.iter().try_for_each(|row| {
                writeln!(
                    out,
                    "{}",
                    line(row.iter().map(|cell| plain(cell)).collect())
                )
            })
        }
    };
}

/// Text that Markdown shows as it is: every ASCII punctuation character that could
/// mean something is escaped (CommonMark 0.31, section 2.4).
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '&' | '!' | '~'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn text_that_looks_like_markup_is_shown_as_text() {
        assert_eq!(plain("<b>|x|[y](z)"), "\\<b\\>\\|x\\|\\[y\\](z)");
    }
}
