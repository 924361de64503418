//! The account as one HTML file: no script, no outside resource.

use std::fmt::Write as _;

use super::{Account, Block};

/// Everything that the page looks like; it prints on A4.
const STYLE: &str = "\
@page{size:A4;margin:18mm}\
body{font:15px/1.5 serif;color:#111;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.9rem;margin:.2em 0}h2{font-size:1.25rem;margin:2em 0 .5em;border-bottom:1px solid #999;break-after:avoid}\
table{border-collapse:collapse;width:100%;font-size:.85rem}th,td{text-align:left;vertical-align:top;padding:.25em .6em .25em 0;\
border-bottom:1px solid #ddd;overflow-wrap:anywhere}tr{break-inside:avoid}thead{display:table-header-group}\
pre{background:#f3f3f0;padding:.8em 1em;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.9rem}\
.rehearsal{border:4px double #111;padding:.5em 1em;font-weight:bold;letter-spacing:.05em}";

impl Account {
    /// report.html.
    #[must_use]
    pub fn html(&self) -> String {
        let title = plain(&self.title);
        let mut out = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        );
        if self.rehearsal {
            out.push_str(
                "<p class=\"rehearsal\">REHEARSAL. Its devices are simulated. Nothing in it is for the world.</p>\n",
            );
        }
        for block in &self.blocks {
            write(&mut out, block);
        }
        out.push_str("</body>\n</html>\n");
        out
    }
}

fn write(out: &mut String, block: &Block) {
    // Writing to a string does not fail.
    let _ = match block {
        Block::Heading(text) => writeln!(out, "<h2>{}</h2>", plain(text)),
        Block::Paragraph(text) => writeln!(out, "<p>{}</p>", plain(text)),
        Block::List(items) => {
            let items: String = items
                .iter()
                .map(|item| format!("<li>{}</li>\n", plain(item)))
                .collect();
            writeln!(out, "<ul>\n{items}</ul>")
        }
        Block::Verbatim(lines) => writeln!(out, "<pre>{}</pre>", plain(&lines.join("\n"))),
        Block::Table { head, rows } => {
            let cells = |tag: &str, cells: &mut dyn Iterator<Item = &str>| -> String {
                cells
                    .map(|cell| format!("<{tag}>{}</{tag}>", plain(cell)))
                    .collect()
            };
            let body: String = rows
                .iter()
                .map(|row| {
                    format!(
                        "<tr>{}</tr>\n",
                        cells("td", &mut row.iter().map(String::as_str))
                    )
                })
                .collect();
            let head = cells("th", &mut head.iter().copied());
            writeln!(
                out,
                "<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"
            )
        }
    };
}

/// Text that HTML shows as it is.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn text_that_looks_like_markup_is_shown_as_text() {
        assert_eq!(plain("<script>'\"&"), "&lt;script&gt;&#39;&quot;&amp;");
    }
}
