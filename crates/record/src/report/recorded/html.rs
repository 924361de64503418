//! A report in HTML, read with the few elements that this program writes, each in its place. What
//! could act, load, hide or reorder anything is refused with the rest.

use super::reading::Reading;

/// What the compared part begins with. Before it are the title, the policy, the style sheet and
/// the mark of a rehearsal, which no revision writes otherwise.
const BEGIN: &str = "<p class=\"banner\">";
const END: &str = "</body>\n</html>\n";
const CAPTION: &str = "<figcaption>";

const BODY: &[&str] = &[""];
const PHRASE: &[&str] = &["p", "li", "div", "td"];
/// The opening tags, each with the elements that may contain it directly.
const TAGS: [(&str, &[&str]); 25] = [
    ("p", BODY),
    ("p class=\"banner\"", BODY),
    ("h1", BODY),
    ("h2", BODY),
    ("h3", BODY),
    ("ul", BODY),
    ("li", &["ul"]),
    ("dl", BODY),
    ("dt", &["dl"]),
    ("dd", &["dl"]),
    ("div", &["dd"]),
    ("table", BODY),
    ("table class=\"many\"", BODY),
    ("thead", &["table"]),
    ("tbody", &["table"]),
    ("tr", &["thead", "tbody"]),
    ("tr class=\"title\"", &["tbody"]),
    ("th scope=\"col\"", &["tr"]),
    ("th scope=\"rowgroup\" colspan=\"3\"", &["tr"]),
    ("td", &["tr"]),
    ("td class=\"short\"", &["tr"]),
    ("code", PHRASE),
    ("strong", PHRASE),
    ("figure", BODY),
    ("figcaption", &["figure"]),
];
/// The elements with no text of their own: a browser would move it elsewhere.
const CONTAINERS: [&str; 9] = [
    "", "ul", "dl", "dd", "table", "thead", "tbody", "tr", "figure",
];
const ENTITIES: [(&str, &str); 6] = [
    ("&amp;", "&"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&mdash;", "\u{2014}"),
];

/// Reads a report. A row of a table is one line, and so is a label with its lines.
///
/// # Errors
/// A part that a report may not contain, not yet safe to show.
pub(super) fn read(html: &str) -> Result<Reading, String> {
    let begin = html.find(BEGIN).ok_or("it has no banner")?;
    let (head, body) = html.split_at(begin);
    let mut rest = body
        .strip_suffix(END)
        .ok_or("it does not end with </html>")?;
    let mut fixed = vec![("head", head.to_owned())];
    let mut text = String::new();
    // The elements around this place.
    let mut open: Vec<&str> = Vec::new();
    while let Some((before, after)) = rest.split_once('<') {
        let inside = open.last().copied().unwrap_or_default();
        say(before, inside, &mut text)?;
        let (tag, after) = after.split_once('>').ok_or("a tag has no end")?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("it has <{tag}>"));
            }
        } else if tag == "pre" && inside.is_empty() {
            let (commands, after) = after
                .split_once("</pre>")
                .ok_or("a block of commands has no end")?;
            fixed.push(("block of commands", commands.to_owned()));
            rest = after;
        } else if tag.starts_with("svg ") && inside == "figure" {
            let (picture, _) = after
                .split_once(CAPTION)
                .ok_or("a picture has no caption")?;
            rest = after.get(picture.len()..).unwrap_or_default();
            let (above, below) = picture
                .split_once("<title>")
                .ok_or("a picture has no title")?;
            let (title, below) = below
                .split_once("</title>")
                .ok_or("a picture has no title")?;
            if title.contains('<') {
                return Err("the title of a picture has <".to_owned());
            }
            text.push('\n');
            unescape(title, &mut text)?;
            fixed.push(("picture", format!("<{tag}>{above}{below}")));
        } else {
            let name = element(tag, inside)?;
            match name {
                // A word may continue in these.
                "code" | "strong" => {}
                "dd" | "div" | "th" | "td" => text.push(' '),
                _ => text.push('\n'),
            }
            open.push(name);
        }
    }
    say(rest, "", &mut text)?;
    match open.last() {
        Some(name) => Err(format!("<{name}> has no end")),
        None => Ok(Reading { fixed, text }),
    }
}

/// The name of an opening tag's element, where a report may have it.
fn element<'t>(tag: &'t str, inside: &str) -> Result<&'t str, String> {
    let is_known = TAGS
        .iter()
        .any(|(known, parents)| *known == tag && parents.contains(&inside));
    match is_known {
        true => Ok(tag.split(' ').next().unwrap_or(tag)),
        false => Err(format!("it has <{tag}>")),
    }
}

/// Adds what an element says.
fn say(escaped: &str, inside: &str, text: &mut String) -> Result<(), String> {
    if !CONTAINERS.contains(&inside) {
        return unescape(escaped, text);
    }
    match escaped.chars().all(|c| c == '\n') {
        true => Ok(()),
        false => Err("it has text outside of paragraphs, lines and cells".to_owned()),
    }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn page(body: &str) -> String {
        format!("<html>{BEGIN}Live ceremony</p>\n{body}\n{END}")
    }

    #[test]
    fn text_is_what_a_reader_sees() {
        let reading = read(&page("<p>one &lt;<code>2</code>3</p>")).unwrap();
        assert_eq!(reading.text, "\nLive ceremony\none <23");
        assert_eq!(reading.fixed, [("head", "<html>".to_owned())]);
    }

    #[test]
    fn a_row_is_one_line_and_so_is_a_label_with_its_lines() {
        let table = "<table>\n<tbody>\n<tr><td class=\"short\">1</td><td>a</td></tr>\n<tr><td>2</td></tr>\n</tbody>\n</table>\n";
        let facts = "<dl>\n<dt>Head</dt><dd><div>ab</div><div>cd</div></dd>\n</dl>";
        let reading = read(&page(&format!("{table}{facts}"))).unwrap();
        let lines = ["Live ceremony", "1 a", "2", "Head  ab cd"];
        let said = reading.text.lines().map(str::trim);
        assert_eq!(said.filter(|l| !l.is_empty()).collect::<Vec<_>>(), lines);
    }

    #[test]
    fn of_a_picture_only_the_title_and_the_caption_may_differ() {
        let picture = |title: &str, radius: &str| {
            page(&format!(
                "<figure>\n<svg class=\"quorum\">\n<title>{title}</title>\n<circle r=\"{radius}\"/>\n</svg>\n<figcaption>c</figcaption>\n</figure>"
            ))
        };
        let fixed = |html: String| read(&html).unwrap().fixed;
        assert_eq!(fixed(picture("a", "17")), fixed(picture("b", "17")));
        assert_ne!(fixed(picture("a", "17")), fixed(picture("a", "0")));
        assert!(read(&picture("<script>", "17")).is_err());
        assert!(read(&picture("a", "17")).unwrap().text.contains("\na\nc"));
    }

    #[test]
    fn what_acts_loads_hides_or_moves_is_refused() {
        for body in [
            "<script>alert(1)</script>",
            "<SCRIPT src=\"x\"></SCRIPT>",
            "<P>a</P>",
            "<p onclick=\"x\">a</p>",
            "<p class=\"honest\">a</p>",
            "<p class=\"banner\" onclick=\"x\">a</p>",
            "<p\tclass=\"banner\">a</p>",
            "<p class=banner>a</p>",
            "<td class=\"99999999\">a</td>",
            "<svg><a href=\"javascript:x\">a</a></svg>",
            "<img src=\"x\">",
            "<iframe></iframe>",
            "<!-- hidden -->",
            "<meta charset=\"utf-8\">",
            "<meta http-equiv=\"refresh\" content=\"0\">",
            "<style>p { color: red }</style>",
            "<style class=\"a\">p { display: none }</style>",
            "<style/><p>4711</p></style>",
            "<title/><p>4711</p></title>",
            "<title>4711</title>",
            "<div class=\"mark\">4711</div>",
            "<p/>",
            "<p>&copy;</p>",
            "<p>a",
            "<p",
            "<p><p>a</p></p>",
            "<ul><p>a</p></ul>",
            "<table>4711</table>",
            "<figure><svg class=\"quorum\">\n</svg></figure>",
            "<figure><svg class=\"quorum\"><title>a</svg><figcaption>b</figcaption></figure>",
            "</p>",
            "</body><p>a</p>",
            "a",
        ] {
            assert!(read(&page(body)).is_err(), "{body}");
        }
        assert!(read("<p>a</p>").is_err());
        assert!(read(page("").trim_end()).is_err());
    }
}
