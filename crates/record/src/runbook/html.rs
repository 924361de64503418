//! A runbook as one HTML file for A4: no script, nothing from elsewhere.
//!
//! It reads the Markdown that [`super::markdown`] writes, and the openings: headings, paragraphs,
//! lists, tables, quotations, indented code.

use std::fmt::Write as _;

use crate::report::markup::escape;

const STYLE: &str = concat!(
    include_str!("../report/style.css"),
    "blockquote { margin: 0.6rem 0; padding: 0.2rem 0.8rem; border-left: 4px solid #111; font-size: 1.08em; }\n\
     li.task { list-style: none; }\n\
     li.task::before { content: \"\"; float: left; width: 0.7em; height: 0.7em; border: 1.5px solid #111; margin: 0.25em 0 0 -1.4em; }\n\
     h3 { break-after: avoid; }\n\
     @media print { section, li, blockquote, pre, tr { break-inside: avoid; } td:empty { height: 9mm; } }\n"
);

/// A runbook's Markdown as HTML.
#[must_use]
pub fn html(markdown: &str) -> String {
    let title = markdown.lines().find_map(|line| line.strip_prefix("# "));
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        escape(title.unwrap_or_default())
    );
    let mut lines = markdown.lines().peekable();
    // A step stays on one sheet of paper: its words, its tasks, and the line for initials.
    let mut in_step = false;
    while let Some(line) = lines.peek().copied() {
        match Kind::of(line) {
            Kind::Blank => drop(lines.next()),
            kind => {
                let mut block = vec![line];
                lines.next();
                if let Kind::Heading(level) = kind {
                    page.push_str(if in_step { "</section>\n" } else { "" });
                    in_step = level == 3;
                    page.push_str(if in_step { "<section>\n" } else { "" });
                }
                while let Some(more) = lines.next_if(|next| kind.goes_on(Kind::of(next))) {
                    block.push(more);
                }
                kind.write(&mut page, &block);
            }
        }
    }
    page.push_str(if in_step { "</section>\n" } else { "" });
    page.push_str("</body>\n</html>\n");
    page
}

/// The kind of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Heading(usize),
    Quote,
    Table,
    Code,
    Points,
    Numbers,
    Text,
}

impl Kind {
    fn of(line: &str) -> Self {
        let marks = line.len() - line.trim_start_matches('#').len();
        let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
        match line {
            line if line.trim().is_empty() => Self::Blank,
            line if (1..=3).contains(&marks) && line[marks..].starts_with(' ') => {
                Self::Heading(marks)
            }
            line if line.starts_with('>') => Self::Quote,
            line if line.starts_with('|') => Self::Table,
            line if line.starts_with("    ") => Self::Code,
            line if line.starts_with("- ") => Self::Points,
            line if number.len() < line.len() && number.starts_with(". ") => Self::Numbers,
            _ => Self::Text,
        }
    }

    /// Whether a line of another kind belongs to a block of this one: text continues in paragraphs
    /// and in points.
    fn goes_on(self, next: Self) -> bool {
        match self {
            Self::Heading(_) | Self::Blank => false,
            Self::Points | Self::Numbers => next == self || next == Self::Text,
            _ => next == self,
        }
    }

    // Writing to a String cannot fail, here and below.
    fn write(self, page: &mut String, block: &[&str]) {
        let text = || block.join(" ");
        let _ = match self {
            Self::Blank => Ok(()),
            Self::Heading(level) => {
                let title = text();
                let title = title.trim_start_matches('#').trim();
                writeln!(page, "<h{level}>{}</h{level}>", inline(title))
            }
            Self::Quote => {
                let lines = block
                    .iter()
                    .map(|line| inline(line.trim_start_matches('>').trim()));
                let lines: Vec<_> = lines.collect();
                writeln!(
                    page,
                    "<blockquote><p>{}</p></blockquote>",
                    lines.join("<br>")
                )
            }
            Self::Code => {
                let lines: Vec<_> = block.iter().map(|line| escape(line.trim())).collect();
                writeln!(page, "<pre>{}</pre>", lines.join("\n"))
            }
            Self::Text => writeln!(page, "<p>{}</p>", inline(&text())),
            Self::Table => {
                table(page, block);
                Ok(())
            }
            Self::Points => {
                list(page, "ul", &points(block, |line| line.strip_prefix("- ")));
                Ok(())
            }
            Self::Numbers => {
                let numbered =
                    |line: &'_ str| line.split_once(". ").map(|(_, text)| text.to_owned());
                let points = points_of(block, |line| {
                    (Self::of(line) == Self::Numbers)
                        .then(|| numbered(line))
                        .flatten()
                });
                list(page, "ol", &points);
                Ok(())
            }
        };
    }
}

fn points<'l>(block: &[&'l str], begins: impl Fn(&'l str) -> Option<&'l str>) -> Vec<String> {
    points_of(block, |line| begins(line).map(str::to_owned))
}

/// The points of a list, each with its further lines.
fn points_of<'l>(block: &[&'l str], begins: impl Fn(&'l str) -> Option<String>) -> Vec<String> {
    let mut points: Vec<String> = Vec::new();
    for line in block {
        match (begins(line), points.last_mut()) {
            (Some(point), _) => points.push(point),
            (None, Some(last)) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            (None, None) => points.push((*line).to_owned()),
        }
    }
    points
}

fn list(page: &mut String, tag: &str, points: &[String]) {
    let _ = writeln!(page, "<{tag}>");
    for point in points {
        let _ = match point.strip_prefix("[ ] ") {
            Some(task) => writeln!(page, "<li class=\"task\">{}</li>", inline(task)),
            None => writeln!(page, "<li>{}</li>", inline(point)),
        };
    }
    let _ = writeln!(page, "</{tag}>");
}

fn table(page: &mut String, rows: &[&str]) {
    page.push_str("<table class=\"many\">\n");
    for (number, row) in rows.iter().enumerate().filter(|(number, _)| *number != 1) {
        // The head of a table is printed again on each sheet, and never alone.
        let (before, cell, after) = match number {
            0 => ("<thead>", "th", "</thead>"),
            _ => ("", "td", ""),
        };
        let _ = write!(page, "{before}<tr>");
        for text in row.trim_matches('|').split('|') {
            let _ = write!(page, "<{cell}>{}</{cell}>", inline(text.trim()));
        }
        let _ = writeln!(page, "</tr>{after}");
    }
    page.push_str("</table>\n");
}

/// Text with `code`, **strong**, *emphasis* and [links](…), of which the text stays.
fn inline(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*', '[']) {
        let (plain, marked) = rest.split_at(at);
        html.push_str(&escape(plain));
        let spans = [("`", "code"), ("**", "strong"), ("*", "em")];
        let span = spans.iter().find_map(|(mark, tag)| {
            let (inside, after) = marked.strip_prefix(mark)?.split_once(mark)?;
            let solid = !inside.is_empty() && !inside.starts_with(' ');
            solid.then_some((*tag, inside, after))
        });
        let link = || {
            let (inside, after) = marked.strip_prefix('[')?.split_once("](")?;
            Some((inside, after.split_once(')')?.1))
        };
        if let Some((tag, inside, after)) = span {
            let inside = match tag {
                "code" => escape(inside),
                _ => inline(inside),
            };
            let _ = write!(html, "<{tag}>{inside}</{tag}>");
            rest = after;
        } else if let Some((inside, after)) = link() {
            html.push_str(&inline(inside));
            rest = after;
        } else {
            let (mark, after) = marked.split_at(1);
            html.push_str(mark);
            rest = after;
        }
    }
    html.push_str(&escape(rest));
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_of_a_runbook_has_its_element() {
        let page = html(
            "# A & B\n\ntext `code` **strong** *em* [link](there.md)\nmore\n\n    digest\n\n\
             - [ ] task\n- point\n  goes on\n\n1. one\n2. two\n\n> said\n\n| a | b |\n| --- | --- |\n| 1 | |\n",
        );
        for due in [
            "<title>A &amp; B</title>",
            "<p>text <code>code</code> <strong>strong</strong> <em>em</em> link more</p>",
            "<pre>digest</pre>",
            "<li class=\"task\">task</li>",
            "<li>point goes on</li>",
            "<ol>\n<li>one</li>\n<li>two</li>\n</ol>",
            "<blockquote><p>said</p></blockquote>",
            "<thead><tr><th>a</th><th>b</th></tr></thead>\n<tr><td>1</td><td></td></tr>",
        ] {
            assert!(page.contains(due), "{due}: {page}");
        }
    }

    #[test]
    fn each_step_is_a_section_that_ends_before_the_next_heading() {
        let page = html("# A\n\n### 1. B\n\nb\n\n### 2. C\n\nc\n\n## D\n\nd\n");
        let step = |title: &str, text: &str| {
            format!("<section>\n<h3>{title}</h3>\n<p>{text}</p>\n</section>\n")
        };
        let steps = step("1. B", "b") + &step("2. C", "c") + "<h2>D</h2>\n<p>d</p>\n</body>";
        assert!(page.contains(&steps), "{page}");
    }

    #[test]
    fn a_mark_that_is_not_closed_is_a_character() {
        assert_eq!(inline("2 * 3 ` 4 [5] <b>"), "2 * 3 ` 4 [5] &lt;b&gt;");
    }
}
