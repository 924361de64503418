//! A page as one HTML file: no script, nothing from elsewhere, fit for A4.

use std::fmt::Write as _;

use super::{
    chain, gantt,
    markup::escape,
    page::{Block, Page, Phrase, Row, Span, Table},
    quorum,
};
use crate::transcript::Mode;

/// Reports of every revision have this style sheet, and `recorded` refuses another.
const STYLE: &str = include_str!("style.css");

/// Writes a page.
pub(super) fn write(page: &Page) -> String {
    let (mark, banner) = match page.mode {
        Mode::Live => ("", LIVE),
        Mode::Rehearsal => ("REHEARSAL: ", REHEARSAL),
    };
    let title = escape(&page.title);
    // The policy forbids what a mistake in here could let in.
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{mark}{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body class=\"{}\">\n",
        page.mode.name()
    );
    if page.mode == Mode::Rehearsal {
        // Printed on every page.
        html.push_str("<div class=\"mark\">REHEARSAL</div>\n");
    }
    let _ = write!(
        html,
        "<p class=\"banner\">{banner}</p>\n<h1>{mark}{title}</h1>\n"
    );
    for block in &page.blocks {
        self::block(&mut html, block);
    }
    let _ = write!(html, "<p class=\"banner\">{banner}</p>\n</body>\n</html>\n");
    html
}

const LIVE: &str = "Live ceremony";
const REHEARSAL: &str =
    "REHEARSAL &mdash; simulated devices. Do not trust anything in this report.";

// Writing to a String cannot fail, here and below.
fn block(html: &mut String, block: &Block) {
    let _ = match block {
        Block::Section(title) => writeln!(html, "<h2>{}</h2>", escape(title)),
        Block::Part(title) => writeln!(html, "<h3>{}</h3>", escape(title)),
        Block::Paragraph(text) => writeln!(html, "<p>{}</p>", phrase(text)),
        Block::List(points) => {
            let points: String = points
                .iter()
                .map(|point| format!("<li>{}</li>\n", phrase(point)))
                .collect();
            writeln!(html, "<ul>\n{points}</ul>")
        }
        Block::Facts(facts) => {
            html.push_str("<dl>\n");
            for (label, lines) in facts {
                let lines: String = lines
                    .iter()
                    .map(|line| format!("<div>{}</div>", phrase(line)))
                    .collect();
                let _ = writeln!(html, "<dt>{}</dt><dd>{lines}</dd>", escape(label));
            }
            writeln!(html, "</dl>")
        }
        Block::Table(table) => {
            self::table(html, table);
            Ok(())
        }
        Block::Commands(commands) => {
            writeln!(html, "<pre>{}</pre>", escape(&commands.join("\n")))
        }
        Block::Chain(of) => figure(html, &chain::svg(of), chain::CAPTION),
        Block::Course(course) => figure(html, &gantt::svg(course), gantt::CAPTION),
        Block::Quorum(quorum) => figure(html, &quorum::svg(quorum), &quorum.sentence()),
    };
}

fn figure(html: &mut String, svg: &str, caption: &str) -> std::fmt::Result {
    let caption = escape(caption);
    writeln!(
        html,
        "<figure>\n{svg}<figcaption>{caption}</figcaption>\n</figure>"
    )
}

fn table(html: &mut String, table: &Table) {
    let class = match table.heads.len() {
        0..=3 => "",
        _ => " class=\"many\"",
    };
    let _ = write!(html, "<table{class}>\n<thead><tr>");
    for head in table.heads {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escape(head));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        let _ = match row {
            Row::Cells(cells) | Row::Remark(cells) => {
                let cells: String = cells
                    .iter()
                    .map(|cell| {
                        let class = if is_short(cell) {
                            " class=\"short\""
                        } else {
                            ""
                        };
                        format!("<td{class}>{}</td>", phrase(cell))
                    })
                    .collect();
                writeln!(html, "<tr>{cells}</tr>")
            }
            Row::Title(title) => writeln!(
                html,
                "<tr class=\"title\"><th scope=\"rowgroup\" colspan=\"{}\">{}</th></tr>",
                table.heads.len(),
                escape(title)
            ),
        };
    }
    html.push_str("</tbody>\n</table>\n");
}

/// Whether a cell is better not broken into lines: a number, a time, a rule's id.
fn is_short(cell: &Phrase) -> bool {
    const SHORT: usize = 20;
    let letters = |span: &Span| match span {
        Span::Plain(text) | Span::Code(text) | Span::Strong(text) => text.chars().count(),
    };
    cell.0.iter().map(letters).sum::<usize>() <= SHORT
}

fn phrase(phrase: &Phrase) -> String {
    phrase
        .0
        .iter()
        .map(|span| match span {
            Span::Plain(text) => escape(text),
            Span::Code(text) => format!("<code>{}</code>", escape(text)),
            Span::Strong(text) => format!("<strong>{}</strong>", escape(text)),
        })
        .collect()
}
