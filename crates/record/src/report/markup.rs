//! What the page and its pictures have in common: escaped text and clipped parts.

/// A part of a picture that shows nothing outside of its place, however wide the
/// letters in it are: an inner `svg` clips what overflows (SVG 2, 3.4).
pub(super) fn clipped(
    (x, y): (usize, usize),
    (width, height): (usize, usize),
    part: &str,
) -> String {
    format!("<svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\">{part}</svg>")
}

/// Text inside an element or a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
