//! The text that a reader sees of a recorded report. Markup that this program would not write is
//! refused, so that the rest can neither act nor load anything.

/// The elements of a report.
const ELEMENTS: [&str; 32] = [
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "div",
    "p",
    "h1",
    "h2",
    "h3",
    "ul",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "pre",
    "code",
    "strong",
    "figure",
    "figcaption",
    "svg",
    "text",
    "rect",
    "line",
    "circle",
];
/// Their attributes. None of them names an address or runs anything.
const ATTRIBUTES: [&str; 17] = [
    "lang", "class", "scope", "colspan", "role", "viewBox", "width", "height", "x", "y", "x1",
    "x2", "y1", "y2", "cx", "cy", "r",
];
/// The only `meta` elements: one that refreshes a page would lead elsewhere.
const METAS: [&str; 3] = [
    "meta charset=\"utf-8\"",
    "meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"",
    "meta name=\"viewport\" content=\"width=device-width\"",
];
const ENTITIES: [(&str, &str); 6] = [
    ("&amp;", "&"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&mdash;", "\u{2014}"),
];
/// Parts of a style sheet that load a file, or make it show text of its own.
const ACTIVE_STYLE: [&str; 8] = [
    "url",
    "import",
    "expression",
    "attr",
    "counter-",
    "image",
    "\\",
    "<",
];

/// The text of a report in HTML.
///
/// # Errors
/// A part that a report may not contain, not yet safe to show.
pub(super) fn of_html(html: &str) -> Result<String, String> {
    let mut rest = html
        .strip_prefix("<!DOCTYPE html>\n")
        .ok_or("it does not begin with <!DOCTYPE html>")?;
    let (mut text, mut styles, mut policies) = (String::new(), 0, 0);
    while let Some((before, after)) = rest.split_once('<') {
        unescape(before, &mut text)?;
        let (tag, after) = after.split_once('>').ok_or("a tag has no end")?;
        rest = after;
        let name = element(tag)?;
        if tag == METAS[1] {
            policies += 1;
        }
        if tag == "style" {
            let (style, after) = rest
                .split_once("</style>")
                .ok_or("the style sheet has no end")?;
            if let Some(active) = ACTIVE_STYLE.iter().find(|active| style.contains(**active)) {
                return Err(format!("its style sheet has {active}"));
            }
            if has_digits_in_strings(style) {
                return Err("its style sheet shows a number".to_owned());
            }
            styles += 1;
            rest = after;
        }
        // What is written in one piece stays a word.
        if !["code", "strong"].contains(&name) {
            text.push('\n');
        }
    }
    unescape(rest, &mut text)?;
    match (styles, policies) {
        (1, 1) => Ok(text),
        _ => Err("it must have one style sheet and one content security policy".to_owned()),
    }
}

/// The name of a tag's element, where a report may hold the tag.
fn element(tag: &str) -> Result<&str, String> {
    if let Some(closed) = tag.strip_prefix('/') {
        let known = ELEMENTS.iter().find(|name| **name == closed);
        return known.copied().ok_or_else(|| format!("it has <{tag}>"));
    }
    if METAS.contains(&tag) {
        return Ok("meta");
    }
    let inside = tag.strip_suffix('/').unwrap_or(tag);
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let known = name != "meta" && ELEMENTS.contains(&name);
    let fault = || format!("it has <{tag}>");
    while !rest.is_empty() {
        let (attribute, after) = rest.split_once("=\"").ok_or_else(fault)?;
        let (value, after) = after.split_once('"').ok_or_else(fault)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || " .-".contains(c);
        if !ATTRIBUTES.contains(&attribute) || !value.chars().all(plain) {
            return Err(fault());
        }
        rest = match after.strip_prefix(' ') {
            Some(next) if !next.is_empty() => next,
            None if after.is_empty() => "",
            _ => return Err(fault()),
        };
    }
    known.then_some(name).ok_or_else(fault)
}

fn unescape(escaped: &str, text: &mut String) -> Result<(), String> {
    let mut rest = escaped;
    while let Some(place) = rest.find('&') {
        let (before, after) = rest.split_at(place);
        text.push_str(before);
        let known = ENTITIES.iter().find(|(name, _)| after.starts_with(name));
        let (name, character) = known.ok_or("it has an entity that no report has")?;
        text.push_str(character);
        rest = after.get(name.len()..).unwrap_or_default();
    }
    text.push_str(rest);
    Ok(())
}

/// Whether a string of a style sheet, which may be shown, holds a digit.
fn has_digits_in_strings(style: &str) -> bool {
    let strings = style.split(['"', '\'']).skip(1).step_by(2);
    strings
        .into_iter()
        .any(|string| string.contains(char::is_numeric))
}

/// The text of a report in Markdown.
///
/// # Errors
/// A part that a report may not contain, not yet safe to show.
pub(super) fn of_markdown(markdown: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut in_commands = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            in_commands = !in_commands;
            continue;
        }
        if in_commands {
            text.push_str(line);
        } else {
            line_of_markdown(line, &mut text)?;
        }
        text.push('\n');
    }
    match in_commands {
        true => Err("a block of commands has no end".to_owned()),
        false => Ok(text),
    }
}

fn line_of_markdown(line: &str, text: &mut String) -> Result<(), String> {
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next_if(char::is_ascii_punctuation) {
                Some(escaped) => text.push(escaped),
                None => text.push(c),
            },
            // HTML, a link or a picture, an entity.
            '<' | '[' | '&' => return Err(format!("it has {c}")),
            ':' if characters.peek() == Some(&'/') => return Err("it has an address".to_owned()),
            // Marks of a code span, of what is strong, of a table's cell.
            '`' | '*' => {}
            '|' => text.push('\n'),
            c => text.push(c),
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn page(body: &str) -> String {
        let metas = METAS.map(|meta| format!("<{meta}>")).concat();
        format!("<!DOCTYPE html>\n{metas}<style>p {{ color: red }}</style><body>{body}</body>")
    }

    #[test]
    fn text_is_what_a_reader_sees() {
        let text = of_html(&page("<p class=\"a b\">one &lt;<code>2</code>3</p>")).unwrap();
        assert_eq!(text.trim(), "one <23");
        let text = of_markdown("## a\\*b `2`**3**\n\n```sh\nx < y\n```\n").unwrap();
        assert_eq!(text, "## a*b 23\n\nx < y\n");
    }

    #[test]
    fn what_acts_loads_or_hides_is_refused() {
        for body in [
            "<script>alert(1)</script>",
            "<SCRIPT src=\"x\"></SCRIPT>",
            "<p onclick=\"x\">a</p>",
            "<p class=\"x\" onclick=\"x\">a</p>",
            "<p class=\"x\"onclick=\"x\">a</p>",
            "<p\tclass=\"x\">a</p>",
            "<p class=x>a</p>",
            "<svg><a href=\"javascript:x\">a</a></svg>",
            "<img src=\"x\">",
            "<iframe></iframe>",
            "<!-- hidden -->",
            "<meta http-equiv=\"refresh\" content=\"0\">",
            "<style>p { color: red }</style>",
            "<p>&copy;</p>",
            "<p",
        ] {
            assert!(of_html(&page(body)).is_err(), "{body}");
        }
        for style in [
            "p { background: url(x) }",
            "@import 'x';",
            "p::before { content: \"4711\" }",
            "p::before { content: counter(x) } p { counter-reset: x 47 }",
        ] {
            let html = page("").replace("p { color: red }", style);
            assert!(of_html(&html).is_err(), "{style}");
        }
        let no_policy = page("").replace(&format!("<{}>", METAS[1]), "");
        assert!(of_html(&no_policy).is_err());
        for line in [
            "<script>",
            "a <b>",
            "[a](b)",
            "![a](b)",
            "https://example.org",
            "&copy;",
            "```\nno end",
        ] {
            assert!(of_markdown(line).is_err(), "{line}");
        }
    }
}
