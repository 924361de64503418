//! A step that somebody confirms, filling in its fields.

use std::collections::{BTreeMap, BTreeSet};

use crossterm::event::{KeyCode, KeyEvent};

use super::step::{authorised_root, opening_of_step, whose_keys_are_there};
use crate::tui::{
    input::{
        field::{Field, TypedWord, is_word, typed},
        line::{LineMeaning, back_to},
    },
    link::Heard,
    page::Page,
    screen::{Screen, Sight},
};
use keymoot_core::text::escape;
use keymoot_record::{
    ceremony::{
        Answer, State,
        asked::{AskedField, SAME},
        bags,
        previous::Previous,
        question::CONFIRM,
        script::{Accepts, YES},
    },
    transcript::Mode,
};

/// The screen: the step's fields one after the other, then the word.
pub(super) struct Confirm {
    fields: Vec<(AskedField, Field)>,
    word: TypedWord,
    /// The field that takes the keys; after the last, the word does.
    at: usize,
    refusal: Option<String>,
    /// Whether the field holds a refused value, which the next character replaces.
    is_refused: bool,
    /// The bag numbers about which a remark was made, each with its field.
    remarked: BTreeSet<(usize, String)>,
}

impl Confirm {
    /// The screen of the current step.
    pub(super) fn new(sight: &Sight<'_>) -> Self {
        let fields = sight.state().map(State::asked_fields);
        let fields = fields.unwrap_or_default();
        Self {
            fields: fields.into_iter().map(|f| (f, Field::default())).collect(),
            word: TypedWord::default(),
            at: 0,
            refusal: None,
            is_refused: false,
            remarked: BTreeSet::new(),
        }
    }

    /// What is odd about a bag's number, the first time that it is typed.
    fn remark(&mut self, typed: &str) -> Option<String> {
        let typed = typed.trim();
        let (asked, _) = self
            .fields
            .get(self.at)
            .filter(|(asked, _)| asked.is_bag())?;
        let odd = match &asked.last {
            Some(last) if last == typed => None,
            Some(last) => Some(format!(
                "The last ceremony left it in {}, and {} is typed.",
                escape(last),
                escape(typed)
            )),
            None if bags::is_none(typed) => None,
            None if asked.opened.as_deref() == Some(typed) => Some(format!(
                "The last ceremony left it in {}; a new bag has another number.",
                escape(typed)
            )),
            None if asked.opened_today.contains(typed) => Some(format!(
                "{} was opened in this ceremony; a new bag has another number.",
                escape(typed)
            )),
            None => {
                let mut before = self.fields.iter().take(self.at);
                let twice =
                    before.find(|(other, field)| other.is_bag() && field.text().trim() == typed);
                twice.map(|(other, _)| {
                    format!(
                        "{} is typed for \"{}\" already.",
                        escape(typed),
                        other.label
                    )
                })
            }
        };
        let first = odd.filter(|_| self.remarked.insert((self.at, typed.to_owned())))?;
        let again = match bags::is_none(typed) {
            true => "If there is no bag, type the word again.",
            false => "Read the bag, and type its number again.",
        };
        Some(format!("{first} {again}"))
    }

    /// Where lines are typed, shows what the word confirms, and how to change it.
    fn name_lines(&self, page: &mut Page) {
        if !page.by_line || self.fields.is_empty() {
            return;
        }
        for (at, (asked, field)) in self.fields.iter().enumerate() {
            page.filled_line(at, &asked.label, field.text());
        }
        page.ask_which_line();
    }

    /// Leaves the field that takes the keys, if its text is a valid answer.
    fn forward(&mut self) {
        let Some((asked, field)) = self.fields.get_mut(self.at) else {
            return;
        };
        if field.is_one_time_password() {
            field.take();
            self.refusal = Some(crate::tui::input::field::TOUCHED.to_owned());
            return;
        }
        self.refusal = None;
        if field.is_empty() {
            return;
        }
        let typed = field.take();
        // The transcript gets the number itself.
        let typed = match (&asked.last, asked.accepts) {
            (Some(last), _) if is_word(&typed, SAME) => last.clone(),
            (_, Accepts::EachHolder) if is_word(&typed, YES) => YES.to_owned(),
            _ => typed,
        };
        field.set(&typed);
        if let Err(expected) = asked.accept(&typed) {
            // Only one answer is possible, or another number: a wrong one is cleared.
            if asked.accepts == Accepts::EachHolder || asked.is_bag() {
                field.take();
            }
            self.refusal = Some(format!("Expected: {expected}."));
            self.is_refused = true;
            return;
        }
        self.refusal = self.remark(&typed);
        match (&self.refusal, self.fields.get_mut(self.at)) {
            (Some(_), Some((_, field))) => {
                field.take();
            }
            _ => self.at += 1,
        }
    }
}

/// The most fields that are shown at once.
const FIELDS: usize = 5;

/// The prompt of a field, with the bag from the last ceremony.
fn question(asked: &AskedField, sight: &Sight<'_>) -> String {
    let label = asked.label.trim_end_matches(':');
    // The words that are read aloud say that the program compares its own clock.
    if asked.accepts == Accepts::Time && !is_live(sight) {
        return format!("{label}: a rehearsal records it, and does not compare it");
    }
    let last = asked.last.as_ref().map(|last| {
        format!(
            " (the last ceremony left it in {}: type {SAME} if it is that)",
            escape(last)
        )
    });
    format!("{label}{}", last.unwrap_or_default())
}

/// Whether the ceremony counts.
fn is_live(sight: &Sight<'_>) -> bool {
    let opening = sight.state().and_then(|state| state.opening.as_ref());
    opening.is_some_and(|opening| opening.mode == Mode::Live)
}

/// The first root, to be compared with the one that was published; then the words.
fn first_root(page: &mut Page, state: &State, sight: &Sight<'_>) {
    let roots = state.plan.previous().map(Previous::roots);
    let (Some(first), Some(last)) = (roots.and_then(<[_]>::first), roots.and_then(<[_]>::last))
    else {
        opening_of_step(page, sight);
        return;
    };
    page.headline("Is this the first root that was published?");
    page.text(&format!(
        "The digest of version {}{}:",
        first.document().version(),
        page.names().large
    ));
    page.words(&first.document().digest());
    page.text(&format!(
        "From it to version {}, each root is signed by its own quorum and by the quorum of the root before.",
        last.document().version()
    ));
    page.gap();
    opening_of_step(page, sight);
}

impl Screen for Confirm {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        match sight.state().filter(|state| state.awaits_comparison()) {
            Some(state) => first_root(page, state, sight),
            None => {
                opening_of_step(page, sight);
                whose_keys_are_there(page, sight);
                let unwritten = sight.state().filter(|state| state.documents.is_empty());
                if let Some(root) = unwritten.and_then(State::authorised_root) {
                    authorised_root(page, &root);
                }
            }
        }
        if sight.room && !self.fields.is_empty() {
            let hint = "In this rehearsal you play everyone: invent these.";
            page.item("", hint, page.sheet.quiet());
        }
        // Of many fields, those around the one that takes the keys.
        let first = (self.at + 3).min(self.fields.len()).saturating_sub(FIELDS);
        let in_sight = first..first + FIELDS;
        for (at, (asked, field)) in self.fields.iter().enumerate() {
            if at == self.at {
                page.refusal(self.refusal.as_deref().or(field.refusal()));
                page.ask_field(&question(asked, sight), field.text(), self.is_filled());
                page.field(field.text());
            } else if in_sight.contains(&at) {
                page.other_field(&asked.label, field.text());
            }
        }
        if self.at >= self.fields.len() {
            self.word.show(
                page,
                &format!("When it is done, type {CONFIRM} and press Enter:"),
            );
            self.name_lines(page);
        }
        if !self.fields.is_empty() {
            page.keys = "Enter next  Up before".to_owned();
        }
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        let was_refused = std::mem::take(&mut self.is_refused);
        match key.code {
            KeyCode::Up | KeyCode::BackTab => {
                self.at = self.at.saturating_sub(1);
                self.refusal = None;
            }
            KeyCode::Down | KeyCode::Tab => self.forward(),
            KeyCode::Enter if self.at < self.fields.len() => self.forward(),
            _ => match self.fields.get_mut(self.at) {
                Some((_, field)) => {
                    if was_refused && typed(key).is_some() {
                        field.take();
                    }
                    field.key(key);
                }
                None => {
                    let word = self.word.key(key)?;
                    let fields: BTreeMap<_, _> = self
                        .fields
                        .iter()
                        .map(|(asked, field)| (asked.id.clone(), field.text().trim().to_owned()))
                        .collect();
                    return Some(Heard::Answer(Answer::Confirm { word, fields }));
                }
            },
        }
        None
    }

    fn line(&self, line: &str, _: &Sight<'_>) -> LineMeaning {
        match self.at >= self.fields.len() {
            true => back_to(line, self.fields.len()),
            false => LineMeaning::Text,
        }
    }

    fn is_filled(&self) -> bool {
        let field = self.fields.get(self.at);
        !self.is_refused && field.is_some_and(|(_, field)| !field.is_empty())
    }

    fn refuse(&mut self, why: String) {
        self.word.refuse(why);
    }

    fn takes_arrows(&self) -> bool {
        !self.fields.is_empty()
    }
}
