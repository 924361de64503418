//! The writers: foreign text has no effect in either form.
#![allow(clippy::unwrap_used)]

use super::{
    html, markdown,
    page::{Block, Chain, Course, Level, Page, Phrase, Quorum, Row, Stretch, Table, Vouches},
};
use crate::transcript::Mode;

pub(super) const FOREIGN: &str =
    "<script>alert('1')</script> & \"x\" | [a](http://b) `c` *d* _e_ #1";

pub(super) fn page(mode: Mode) -> Page {
    let text = || FOREIGN.to_owned();
    Page {
        title: text(),
        mode,
        blocks: vec![
            Block::Section(text()),
            Block::Part(text()),
            Block::Paragraph(Phrase::strong(text()).and(text()).and_code(text())),
            Block::List(vec![text().into()]),
            Block::Facts(vec![("Label", vec![text().into(), text().into()])]),
            Block::Table(Table {
                heads: &["One", "Two", "Three"],
                rows: vec![
                    Row::Title(text()),
                    Row::Cells(vec![text().into(), text().into()]),
                ],
            }),
            Block::Commands(vec!["true && false".to_owned()]),
            Block::Chain(Chain {
                devices: 9,
                levels: vec![Level {
                    name: text(),
                    boxes: vec![Vouches {
                        first: 0,
                        count: 9,
                        lines: vec![text()],
                    }],
                }],
            }),
            Block::Course(Course {
                seconds: 600,
                steps: vec![Stretch {
                    title: text(),
                    from: 0,
                    to: 300,
                    planned: 6,
                    remarks: vec![('N', 100)],
                }],
            }),
            Block::Quorum(Quorum {
                document: "root.json",
                threshold: 2,
                signed: vec![true, true, false],
            }),
        ],
    }
}

#[test]
fn markup_in_foreign_text_is_shown_in_html_and_does_nothing() {
    let html = html::write(&page(Mode::Live));
    assert!(!html.contains("<script"));
    assert!(html.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;"));
}

#[test]
fn the_html_has_no_script_and_fetches_nothing() {
    let html = html::write(&page(Mode::Rehearsal));
    for forbidden in [
        "<script", "src=", "href=", "url(", "@import", "<iframe", "<link",
    ] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn markup_in_foreign_text_is_shown_in_markdown_and_does_nothing() {
    let text = markdown::write(&page(Mode::Live));
    assert!(!text.contains("<script>"));
    let shown = r"\<script\>alert('1')\</script\> \& ";
    assert!(text.contains(shown), "{text}");
    assert!(
        text.contains(r"\[a\](http\://b) \`c\` \*d\* \_e\_"),
        "{text}"
    );
}

#[test]
fn foreign_text_cannot_add_a_cell_to_a_table() {
    let text = markdown::write(&page(Mode::Live));
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let bars = line.replace(r"\|", "").matches('|').count();
        assert_eq!(bars, 4, "{line}");
    }
}

#[test]
fn foreign_text_cannot_begin_a_heading_or_a_list() {
    for foreign in ["# a", "- a", "+ a", "1. a", "= a"] {
        let page = Page {
            title: String::new(),
            mode: Mode::Live,
            blocks: vec![Block::Paragraph(foreign.into())],
        };
        let text = markdown::write(&page);
        assert!(text.lines().all(|line| line != foreign), "{foreign}");
    }
}

#[test]
fn a_rehearsal_is_marked_from_its_first_line_to_its_last_in_both_forms() {
    let html = html::write(&page(Mode::Rehearsal));
    assert!(html.contains("<title>REHEARSAL: "));
    assert!(html.contains("<div class=\"mark\">REHEARSAL</div>"));
    let text = markdown::write(&page(Mode::Rehearsal));
    assert!(text.starts_with("# REHEARSAL: "));
    assert!(
        text.trim_end()
            .lines()
            .last()
            .unwrap()
            .contains("REHEARSAL")
    );
    for live in [
        html::write(&page(Mode::Live)),
        markdown::write(&page(Mode::Live)),
    ] {
        assert!(!live.contains("REHEARSAL"));
    }
}

#[test]
fn the_picture_of_a_quorum_says_in_words_what_it_shows() {
    let html = html::write(&page(Mode::Live));
    let told = "2 of 3 holders signed root.json; 2 must.";
    assert!(html.contains(&format!("<title>{told}</title>")));
    assert!(markdown::write(&page(Mode::Live)).contains("● ● ○ 2 of 3 holders"));
}

#[test]
fn a_step_shows_the_minutes_it_took_and_its_deviations() {
    let text = markdown::write(&page(Mode::Live));
    assert!(text.contains(": 5 of 6 min; N"), "{text}");
    assert!(text.contains("N: a note."), "{text}");
}

#[test]
fn no_picture_is_drawn_outside_of_its_frame() {
    let course = Course {
        seconds: 0,
        steps: vec![Stretch {
            title: FOREIGN.to_owned(),
            from: -5,
            to: i64::MAX,
            planned: 1,
            remarks: vec![('E', i64::MAX)],
        }],
    };
    let svg = super::gantt::svg(&course);
    let right = |part: &str| -> usize {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    let width = right(svg.split("width=\"").nth(1).unwrap());
    for place in svg.split(" x=\"").skip(1).map(right) {
        assert!(place <= width, "{place}");
    }
}
