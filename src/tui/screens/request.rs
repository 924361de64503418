//! The request to a holder apart: who asks, what changes, the documents or the record to close, and
//! the digest of the request in words.

use crossterm::event::{KeyCode, KeyEvent};

use super::{closing::what_is_closed, step::what_changes};
use crate::tui::{
    input::field::{TypedWord, is_word},
    link::Heard,
    page::Page,
    screen::{Screen, Sight},
};
use keymoot_core::{digest::Digest, text::escape};
use keymoot_record::{
    ceremony::{Answer, State, question::reading_words, turn::Purpose},
    expectation,
    rules::roster::Handle,
    transcript::Mode,
};

/// The screen: typing is offered once the end was in sight.
pub(super) struct Request {
    holder: Handle,
    request: Digest,
    typed: TypedWord,
    /// The two words, typed without a channel: the holder is asked for it once more.
    words: Option<String>,
}

impl Request {
    /// The screen of this request.
    pub(super) fn new(holder: Handle, request: Digest) -> Self {
        Self {
            holder,
            request,
            typed: TypedWord::default(),
            words: None,
        }
    }

    /// Whether these are the two words of the request, and nothing after them.
    fn lacks_channel(&self, typed: &str) -> bool {
        let typed: Vec<_> = typed.split_whitespace().collect();
        is_word(&typed.join(" "), &reading_words(&self.request))
    }

    /// The answer to the question how the words were compared; nothing is the answer that nobody
    /// compared them.
    fn with_channel(&mut self, key: &KeyEvent, words: String) -> Option<String> {
        let is_left_out = key.code == KeyCode::Enter && self.typed.is_empty();
        let typed = self.typed.key(key);
        match typed {
            _ if is_left_out => Some(words),
            // The words were typed again, with or without a channel.
            Some(again) if again.to_lowercase().starts_with(&words.to_lowercase()) => Some(again),
            Some(channel) => Some(format!("{words} {channel}")),
            None => {
                self.words = Some(words);
                None
            }
        }
    }
}

const NO_CHANNEL: &str =
    "Without a channel, your answer says that nobody compared: type how you compared, or Enter.";

/// The task of the holder, in words that follow "to".
fn asked_for(state: &State, holder: &Handle) -> &'static str {
    match state.purpose() {
        Some(Purpose::Enroll) if state.is_renamed(holder) => "prove your key under your new name",
        Some(Purpose::Enroll) => "make a key in your device, and prove that you hold it",
        Some(Purpose::Spare) => "make a key in a spare device, and prove that you hold it",
        Some(Purpose::Sign) => "sign the documents below",
        Some(Purpose::Prove) => "sign a presence proof with your key",
        Some(Purpose::Close) => "sign the manifest: the list of everything that happened",
        None => "do nothing",
    }
}

/// The command that compares the request's root with another one.
fn verifying(state: &State) -> String {
    let mut command = "keymoot-verify request REQUEST --trusted-root FILE".to_owned();
    let opening = state.opening.as_ref();
    if opening.is_some_and(|opening| opening.mode == Mode::Rehearsal) {
        command += " --rehearsal";
    }
    let expected = state.apart.as_ref().map(|apart| apart.expected.as_str());
    if let Some(expected) = expected.filter(|expected| *expected != expectation::DEFAULT) {
        command += &format!(" --expect {}", escape(expected));
    }
    command
}

impl Screen for Request {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.who(&sight.person(&self.holder));
        let Some(state) = sight.state() else {
            return;
        };
        let administrator = escape(&state.plan.roster.administrator);
        page.headline(&format!(
            "{administrator} asks you to {}.",
            asked_for(state, &self.holder)
        ));
        page.text(&format!(
            "{}; step {}. Every rule on the request passed.",
            escape(&state.plan.script.script().title),
            state
                .current()
                .map_or_else(String::new, |step| escape(&step.title))
        ));
        let apart = state.apart.as_ref();
        let given = apart.is_some_and(|apart| apart.trusted_root.is_some());
        if let Some(whose) = state.whose_root(given) {
            let check = match given {
                true => String::new(),
                false => format!(" To compare it, leave, and run {}.", verifying(state)),
            };
            page.text(&format!("{whose}{check}"));
        }
        page.text(&format!(
            "The device asks for {} touches: one for each signature, one for your answer.",
            state.touches(&self.holder)
        ));
        if let Some((view, due)) = sight.view.and_then(|view| Some((view, view.due?))) {
            let is_late = view.last.as_ref().is_some_and(|last| last.time > due);
            let late = match is_late {
                true => " That day is past; a late answer counts.",
                false => "",
            };
            page.text(&format!("Answer by {}.{late}", due.date()));
        }
        page.gap();
        let is_sign = state.purpose() == Some(Purpose::Sign);
        let readings = sight.view.map(|view| view.readings.iter());
        for reading in readings.into_iter().flatten().filter(|_| is_sign) {
            let name = &reading.name;
            page.headline(&format!("What changes in {name}"));
            what_changes(page, sight, reading);
            page.gap();
            page.headline(&format!("The whole of {name}"));
            for line in &reading.lines {
                for row in page.of_document(line) {
                    page.line(row);
                }
            }
            page.gap();
        }
        if state.purpose() == Some(Purpose::Close) {
            what_is_closed(page, sight, state);
        }
        page.headline("The digest of the request, in words");
        let first = page.rows();
        page.words(&self.request);
        page.together = first..page.rows();
        page.text(
            "Compare them with the administrator or another holder, by phone or face to face.",
        );
        page.is_read_through = true;
        let what = match self.words {
            // The prompt is longer now, and Enter is the answer: it must not scroll.
            Some(_) => {
                page.focus = page.rows().checked_sub(1);
                "How did you compare the words, such as phone? Enter alone: nobody compared."
            }
            None => "Type the first two words; after them how you compared, such as phone:",
        };
        self.typed.show_when_read(page, sight.is_read, what);
    }

    fn key(&mut self, key: &KeyEvent, sight: &Sight<'_>) -> Option<Heard> {
        if !sight.is_read {
            return None;
        }
        let typed = match self.words.take() {
            Some(words) => self.with_channel(key, words)?,
            None => {
                let typed = self.typed.key(key)?;
                if self.lacks_channel(&typed) {
                    self.typed.refuse(NO_CHANNEL.to_owned());
                    self.words = Some(typed);
                    return None;
                }
                typed
            }
        };
        Some(Heard::Answer(Answer::Typed(typed)))
    }

    fn refuse(&mut self, why: String) {
        self.words = None;
        self.typed.refuse(why);
    }

    fn is_long_text(&self) -> bool {
        true
    }
}
