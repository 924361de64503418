//! A page as Markdown (CommonMark, with GitHub's tables).

use std::fmt::Write as _;

use super::{
    gantt,
    page::{Block, Page, Phrase, Row, Span, Table},
};
use crate::transcript::Mode;

/// Writes a page.
pub(super) fn write(page: &Page) -> String {
    let (mark, banner) = match page.mode {
        Mode::Live => ("", "Live ceremony"),
        Mode::Rehearsal => (
            "REHEARSAL: ",
            "REHEARSAL: simulated devices. Do not trust anything in this report.",
        ),
    };
    let mut text = format!("# {mark}{}\n\n> **{banner}**\n", escape(&page.title));
    for block in &page.blocks {
        text.push('\n');
        self::block(&mut text, block);
    }
    let _ = write!(text, "\n> **{banner}**\n");
    text
}

// Writing to a String cannot fail, here and below.
fn block(text: &mut String, block: &Block) {
    let _ = match block {
        Block::Section(title) => writeln!(text, "## {}", escape(title)),
        Block::Part(title) => writeln!(text, "### {}", escape(title)),
        Block::Paragraph(told) => writeln!(text, "{}", phrase(told)),
        Block::List(points) => {
            let points: String = points
                .iter()
                .map(|point| format!("- {}\n", phrase(point)))
                .collect();
            write!(text, "{points}")
        }
        Block::Facts(facts) => {
            for (label, lines) in facts {
                let lines: Vec<_> = lines.iter().map(phrase).collect();
                // A further line of the same point is indented under it.
                let _ = writeln!(text, "- **{}:** {}", escape(label), lines.join("  \n  "));
            }
            Ok(())
        }
        Block::Table(table) => {
            self::table(text, table);
            Ok(())
        }
        Block::Commands(commands) => writeln!(text, "```sh\n{}\n```", commands.join("\n")),
        Block::Chain(chain) => {
            for level in &chain.levels {
                let boxes: Vec<_> = level.boxes.iter().map(|b| b.lines.join(" ")).collect();
                let said = escape(&boxes.join("; "));
                let _ = writeln!(text, "- **{}:** {said}", escape(&level.name));
            }
            Ok(())
        }
        Block::Course(course) => {
            for step in &course.steps {
                let _ = writeln!(text, "- {}", escape(&step.sentence()));
            }
            // It explains the letters.
            writeln!(text, "\n{}", escape(gantt::CAPTION))
        }
        Block::Quorum(quorum) => {
            let discs: Vec<_> = quorum
                .signed
                .iter()
                .map(|signed| if *signed { "●" } else { "○" })
                .collect();
            writeln!(text, "{} {}", discs.join(" "), escape(&quorum.sentence()))
        }
    };
}

fn table(text: &mut String, table: &Table) {
    let heads: Vec<_> = table.heads.iter().map(|head| escape(head)).collect();
    let rule = vec!["---"; heads.len()];
    let _ = write!(
        text,
        "| {} |\n| {} |\n",
        heads.join(" | "),
        rule.join(" | ")
    );
    for row in &table.rows {
        let mut cells: Vec<_> = match row {
            Row::Cells(cells) | Row::Remark(cells) => cells.iter().map(phrase).collect(),
            Row::Title(title) => vec![
                String::new(),
                String::new(),
                format!("**{}**", escape(title)),
            ],
        };
        cells.resize(heads.len(), String::new());
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
}

fn phrase(phrase: &Phrase) -> String {
    phrase
        .0
        .iter()
        .map(|span| match span {
            Span::Plain(text) => escape(text),
            // In a code span nothing can be escaped.
            Span::Code(text) if text.contains(['`', '|', '\\']) => escape(text),
            Span::Code(text) => format!("`{text}`"),
            Span::Strong(text) => format!("**{}**", escape(text)),
        })
        .collect()
}

/// Text in which no character has a meaning for Markdown or for the HTML that
/// Markdown lets through.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (place, c) in text.char_indices() {
        let special = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' => true,
            // What would begin a heading, a list or a rule.
            '#' | '+' | '-' | '=' => place == 0,
            '.' | ')' if ends_list_number(text, place) => true,
            // What makes an address a link.
            '.' => text.get(..place).is_some_and(ends_in_www),
            ':' => text
                .get(place..)
                .is_some_and(|rest| rest.starts_with("://")),
            _ => false,
        };
        if special {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

/// Whether a list would begin here: digits at the very start, and a space after.
fn ends_list_number(text: &str, place: usize) -> bool {
    text.split_at_checked(place).is_some_and(|(before, rest)| {
        !before.is_empty()
            && before.bytes().all(|b| b.is_ascii_digit())
            && rest.chars().nth(1).is_none_or(char::is_whitespace)
    })
}

fn ends_in_www(before: &str) -> bool {
    before.to_ascii_lowercase().ends_with("www")
}
