//! Printed line by line: every row of every screen is among the printed lines, after any input.

use std::time::Instant;

use super::story::{Story, handle, prompt, serial};
use crate::{
    driver::{Asked, PinPrompt},
    host::secret::Secret,
    tui::{
        link::Request,
        model::{Act, Model, ScreenNumber},
        page::{style::Sheet, word_rows},
        plain::{self, Printed, lay_out},
        room::RoomSeen,
    },
};
use keymoot_core::digest::Digest;
use keymoot_record::transcript::Mode;

/// A paper on which a model is printed.
pub(super) struct Paper {
    model: Model,
    printed: Printed<Vec<u8>>,
    /// What the lines did.
    pub(super) acts: Vec<Act>,
    /// Where the current screen begins.
    begun: usize,
    screen: Option<ScreenNumber>,
    /// The last screen without an overlay.
    uncovered: Option<ScreenNumber>,
}

impl Paper {
    pub(super) fn of(story: &Story) -> Self {
        let sheet = Sheet {
            colour: false,
            unicode: true,
            blocks: false,
            console: false,
        };
        let model = Model::new(Mode::Rehearsal, "The first root".to_owned(), sheet, true);
        let mut paper = Self {
            model: model.in_rows(),
            printed: Printed::new(Vec::new()),
            acts: Vec::new(),
            begun: 0,
            screen: None,
            uncovered: None,
        };
        paper.request(Request::Show(Box::new(story.view())));
        paper
    }

    pub(super) fn asked(story: &Story) -> Self {
        let mut paper = Self::of(story);
        paper.request(Request::Ask(story.question(), None));
        paper
    }

    pub(super) fn request(&mut self, request: Request) -> &mut Self {
        let _ = self.model.request(request);
        self.show()
    }

    /// A look at the simulated devices.
    pub(super) fn room(&mut self, seen: RoomSeen) -> &mut Self {
        let acts = self.model.room(seen);
        self.acts.extend(acts);
        self.show()
    }

    pub(super) fn line(&mut self, line: &str) -> &mut Self {
        // What the terminal echoes.
        self.printed.out.extend(format!("{line}\n").bytes());
        self.printed.typed = true;
        let keys = plain::keys(line, &self.model).unwrap_or_else(|why| {
            self.printed.refused = Some(why);
            Vec::new()
        });
        for key in keys {
            let before = self.model.turned();
            let acts = self.model.key(&key, Instant::now());
            self.acts.extend(acts);
            if self.model.turned() != before {
                break;
            }
        }
        self.show()
    }

    /// Prints, and compares the page with the lines since the screen came.
    fn show(&mut self) -> &mut Self {
        lay_out(&mut self.model);
        let screen = Some(self.model.screen_number());
        if self.screen != screen {
            self.begun = match self.uncovered == screen {
                true => 0,
                false => self.printed.out.len(),
            };
            if !self.model.is_covered() {
                self.uncovered = screen;
            }
            self.screen = screen;
        }
        self.printed.show(&mut self.model).unwrap();
        self.model.shown(Instant::now());
        let text = String::from_utf8_lossy(&self.printed.out[self.begun..]).into_owned();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let seen = match self.model.page.is_long() {
            true => 0,
            false => self.model.page.rows(),
        };
        for row in (0..seen).filter_map(|at| self.model.page.row(at)) {
            let row = row.to_string();
            let row = row.trim_end();
            assert!(
                row.is_empty() || lines.contains(&row),
                "not printed: {row}\n{text}"
            );
        }
        self
    }

    /// What was printed for this line.
    pub(super) fn answer(&mut self, line: &str) -> String {
        let before = self.printed.out.len() + line.len() + 1;
        self.line(line);
        String::from_utf8_lossy(&self.printed.out[before..]).into_owned()
    }

    pub(super) fn hides_typing(&self) -> bool {
        self.model.hides_typing()
    }

    pub(super) fn is_answered(&self) -> bool {
        self.model.is_answered()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.printed.out).into_owned()
    }
}

#[test]
fn the_puk_is_printed_to_a_holder_without_a_recipient() {
    let mut paper = Paper::of(&Story::at_enrolment());
    paper.request(Request::Once {
        holder: handle(1),
        serial: serial(1),
        puk: Secret::of(b"87654321"),
        management: Secret::of(&[0xab; 24]),
    });
    assert!(!paper.text().contains("87654321"));
    paper.line("show");
    assert!(
        paper.text().contains("PUK             87654321"),
        "{}",
        paper.text()
    );
    assert!(paper.text().contains("ABAB ABAB"), "{}", paper.text());
}

#[test]
fn every_row_of_every_state_is_among_the_printed_lines() {
    let story = Story::at_roll_call();
    Paper::asked(&story)
        .line("1")
        .line("2")
        .line("1")
        .line("9")
        .line("absent");
    let story = Story::at_enrolment();
    Paper::asked(&story)
        .line("?")
        .line("1")
        .line("a note that is written")
        .line("record")
        .line("?")
        .line("3")
        .line("4")
        .line("departed")
        .line("3")
        .line("?");
    Paper::asked(&story).line("3");
    let mut story = Story::at_enrolment();
    story.device_seen(3, true);
    Paper::asked(&story).line("1234").line("?").line("?");
    let mut paper = Paper::of(&story);
    for refused in [None, Some("it is too simple".to_owned())] {
        paper.request(Request::Pin(PinPrompt {
            refused,
            ..prompt(3, Asked::NewPin)
        }));
        paper.line("Xk7!pq2w").line("another");
    }
}

#[test]
fn all_digests_that_people_compare_are_printed_that_of_the_document_first() {
    let mut paper = Paper::asked(&Story::at_review(40));
    paper.line("?");
    let text = paper.text();
    let option = text.lines().find(|line| line.contains("compare a digest"));
    let number = option.unwrap().split_whitespace().next().unwrap();
    paper.line(number);
    let text = paper.text();
    let place = |name: &str| text.find(&format!("SHA-256 of {name}")).unwrap();
    assert!(place("root.json") < place("the transcript so far"));
    assert!(place("the transcript so far") < place("the roster"));
}

#[test]
fn the_key_that_a_script_says_is_pressed_is_a_line() {
    let mut paper = Paper::asked(&Story::at_roll_call());
    paper.line("F8");
    let text = paper.text();
    assert!(text.contains("SHA-256 of the transcript so far"), "{text}");
}

#[test]
fn the_words_of_a_digest_are_printed_together_however_long_the_document_is() {
    for lines in 1..=40 {
        let mut paper = Paper::asked(&Story::at_review(lines));
        for _ in 0..5 {
            paper.line("");
        }
        let text = paper.text();
        let words = word_rows(&Digest::of(b"root"));
        let rows = words.iter().enumerate();
        let table: Vec<_> = rows.map(|(at, row)| format!("{} {row}", at + 1)).collect();
        let table = table.join("\n");
        assert!(text.contains(&table), "{lines} lines:\n{text}");
    }
}

#[test]
fn ctrl_c_leads_to_leaving() {
    let mut paper = Paper::asked(&Story::at_roll_call());
    paper.line("\u{3}");
    assert!(
        paper.text().contains("Leave the ceremony"),
        "{}",
        paper.text()
    );
}

/// The lines of the document that were not printed.
fn not_printed(text: &str, lines: usize) -> Vec<usize> {
    let is_missing = |line: &usize| !text.contains(&format!("\"line\": {line},\n"));
    (1..=lines).filter(is_missing).collect()
}

#[test]
fn no_document_is_confirmed_before_every_row_was_printed_however_it_is_searched() {
    let searches: [&[&str]; 4] = [
        &["/\"line\": 100"],
        &["", "/\"line\": 100", "/\"line\": 60"],
        &["/\"line\": 45", "", "/\"line\": 118", ""],
        &["", "", "/\"line\": 120", "/\"line\": 2", "/\"line\": 90"],
    ];
    for searches in searches {
        let mut paper = Paper::asked(&Story::at_review(120));
        for line in searches {
            paper.line(line);
            assert!(!paper.text().contains("agree, type"), "{}", paper.text());
        }
        for _ in 0..20 {
            if !paper.text().contains("agree, type") {
                paper.line("");
            }
        }
        let text = paper.text();
        assert_eq!(not_printed(&text, 120), Vec::<usize>::new(), "{text}");
        assert!(text.contains("agree, type"), "{text}");
    }
}

#[test]
fn after_a_search_the_question_says_which_rows_enter_prints() {
    let mut paper = Paper::asked(&Story::at_review(120));
    paper.line("/\"line\": 100");
    let text = paper.text();
    assert!(text.contains("were not shown yet: Enter."), "{text}");
    assert!(not_printed(&text, 120).contains(&50), "{text}");
    let mut before = text.len();
    for _ in 0..10 {
        paper.line("");
        let text = paper.text();
        assert!(text[before..].contains("\"line\""), "{text}");
        before = text.len();
        if text.contains("agree, type") {
            break;
        }
    }
    let text = paper.text();
    assert_eq!(text.matches("\"line\": 50,").count(), 1, "{text}");
}

#[test]
fn a_row_that_a_search_finds_is_printed_again() {
    let mut paper = Paper::asked(&Story::at_review(120));
    paper.line("").line("/line\": 9,");
    let text = paper.text();
    assert_eq!(text.matches("\"line\": 9,\n").count(), 2, "{text}");
}

#[test]
fn a_screen_that_came_under_the_options_is_printed_when_they_are_closed() {
    let mut story = Story::at_enrolment();
    let mut paper = Paper::asked(&story);
    paper.line("?");
    story.device_seen(3, true);
    paper.request(Request::Show(Box::new(story.view())));
    paper.request(Request::Ask(story.question(), None));
    paper.line("");
    let text = paper.text();
    assert!(text.contains("Read the number on the case"), "{text}");
}

#[test]
fn a_page_that_only_shows_something_says_how_to_go_back() {
    for what in ["help: what the keys do", "compare a digest"] {
        let mut paper = Paper::asked(&Story::at_roll_call());
        let options = paper.answer("?");
        let option = options.lines().find(|line| line.contains(what)).unwrap();
        let said = paper.answer(option.split_whitespace().next().unwrap());
        assert!(said.ends_with("] Enter goes back.\n> "), "{said}");
        assert!(!said.contains("pane"), "{said}");
        for line in ["64669359", "present", "1"] {
            let said = paper.answer(line);
            assert!(said.starts_with('['), "{said}");
            assert!(said.ends_with("] Enter goes back.\n> "), "{said}");
        }
        let said = paper.answer("");
        assert!(said.contains("numbers of those who answer"), "{said}");
    }
}
