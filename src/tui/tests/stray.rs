//! Stray keys: a key that is pressed by accident signs, confirms, skips and leaves nothing
//! that was not typed out.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{
    confirming::every_question,
    story::{Story, device_error, handle, now, prompt, serial},
    table::Table,
};
use crate::{
    device::{Cancel, ErrorKind},
    driver::{Asked, Farewell, Interrupt, Trouble, Work},
    host::secret::Secret,
    tui::{
        link::{Heard, Request},
        model::Act,
    },
};
use keymoot_record::{
    ceremony::{Answer, Question, Said, State},
    transcript::Event,
};

/// How many streams of keys are thrown, over all screens together.
const STREAMS: usize = 10_000;

/// Repeatable randomness (Marsaglia's xorshift64): a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }

    fn of<'t, T>(&mut self, some: &'t [T]) -> &'t T {
        &some[self.below(some.len())]
    }
}

/// A screen, and the question that it answers.
type Stood = (Table, Option<(State, Question)>);

/// How each screen is set up.
fn every_screen() -> Vec<Box<dyn Fn() -> Stood>> {
    let mut screens: Vec<Box<dyn Fn() -> Stood>> = Vec::new();
    for story in every_question() {
        screens.push(Box::new(move || {
            let asked = (story.state.clone(), story.question());
            (Table::asked(&story), Some(asked))
        }));
    }
    for new in [true, false] {
        screens.push(Box::new(move || {
            let asked = if new { Asked::NewPin } else { Asked::Pin };
            standing(Request::Pin(prompt(3, asked)))
        }));
    }
    screens.push(Box::new(|| {
        standing(Request::Once {
            holder: handle(3),
            serial: serial(3),
            puk: Secret::of(b"28491736"),
            management: Secret::of(&[7; 24]),
        })
    }));
    screens.push(Box::new(|| {
        standing(Request::Trouble(Trouble {
            holder: handle(3),
            error: device_error(ErrorKind::TouchTimeout),
        }))
    }));
    screens.push(Box::new(|| {
        let work = Work::Insert {
            holder: handle(3),
            serial: None,
            family: keymoot_attestation::Family::YubiKey,
            seen: None,
        };
        standing(Request::Working(work, Some(Cancel::new())))
    }));
    screens.push(Box::new(|| {
        let work = Work::Busy {
            doing: "signing".to_owned(),
        };
        standing(Request::Working(work, None))
    }));
    screens.push(Box::new(|| {
        standing(Request::Finished(Farewell {
            bundle: "/media/bundle".to_owned(),
            copies: Vec::new(),
            medium: None,
            manifest: None,
            answer: None,
            turn: None,
        }))
    }));
    screens
}

fn standing(request: Request) -> Stood {
    thread_local! {
        static STORY: Story = {
            let mut story = Story::at_enrolment();
            story.device_seen(3, false);
            story
        };
    }
    let mut table = STORY.with(Table::of);
    table.request(request);
    (table, None)
}

/// A one-time password as a touched YubiKey types it, with its Enter.
const PASSWORD: &str = "cccccchkbvhjlnrtdgtrfcbcluglneefhdljgklnclrn\n";

/// Stray keys: single ones, a key held down, a password.
fn strays(dice: &mut Dice) -> Vec<KeyEvent> {
    const CODES: [KeyCode; 20] = [
        KeyCode::Enter,
        KeyCode::Enter,
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::PageDown,
        KeyCode::End,
        KeyCode::Home,
        KeyCode::Insert,
        KeyCode::F(2),
        KeyCode::F(3),
        KeyCode::F(4),
        KeyCode::F(9),
    ];
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    let mut keys = Vec::new();
    for _ in 0..1 + dice.below(12) {
        match dice.below(8) {
            0 => keys.extend((0..20).map(|_| plain(KeyCode::Enter))),
            1 => keys.extend(PASSWORD.chars().map(|c| match c {
                '\n' => plain(KeyCode::Enter),
                c => plain(KeyCode::Char(c)),
            })),
            2 => {
                let c = char::from(b'a' + dice.below(26) as u8);
                keys.push(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL));
            }
            3 => keys.push(plain(KeyCode::Char(char::from(
                b'0' + dice.below(10) as u8,
            )))),
            4 => keys.push(plain(KeyCode::Char(char::from(32 + dice.below(95) as u8)))),
            _ => keys.push(plain(*dice.of(&CODES))),
        }
    }
    keys
}

/// Answers that nobody can have typed by accident.
fn confirmed(heard: &Heard, asked: Option<&(State, Question)>) -> Option<String> {
    match (heard, asked) {
        (Heard::Interrupt(Interrupt::Note(_) | Interrupt::Exception { .. }), _) => None,
        (Heard::Interrupt(interrupt), _) => Some(format!("{interrupt:?}")),
        (Heard::Done, _) => Some("seen, or tried again".to_owned()),
        (Heard::Takes(takes), _) => Some(format!("{takes:?}")),
        (Heard::Unblock, _) => Some("the PIN is to be unblocked".to_owned()),
        // The device checks a PIN; it is no confirmation.
        (Heard::Pin(_), _) => None,
        // A holder is chosen, and the choice is not confirmed.
        (Heard::Answer(Answer::Begin(_)), _) => None,
        (Heard::Answer(answer), Some((state, question))) => {
            match state.answer(question, answer.clone(), now()) {
                Ok(Said::Event(Event::TurnBegun { .. })) | Err(_) => None,
                Ok(said) => Some(format!("{said:?}")),
            }
        }
        (Heard::Answer(answer), None) => Some(format!("{answer:?}")),
    }
}

#[test]
fn ten_thousand_streams_of_stray_keys_confirm_nothing() {
    let mut dice = Dice(0x6b65_796d_6f6f_7421);
    let screens = every_screen();
    for screen in &screens {
        for stream in 0..STREAMS.div_ceil(screens.len()) {
            let (mut table, asked) = screen();
            let keys = strays(&mut dice);
            for (at, key) in keys.iter().enumerate() {
                // Not every key is drawn before the next one comes.
                match at % 4 {
                    0 => table.strike(*key),
                    _ => table.burst(*key),
                };
            }
            for act in table.acts() {
                if let Act::Tell(heard) = act {
                    let confirmed = confirmed(&heard, asked.as_ref());
                    assert_eq!(confirmed, None, "stream {stream}: {keys:?}");
                }
            }
        }
    }
}

#[test]
fn enter_held_down_does_nothing_on_any_screen() {
    for screen in every_screen() {
        let (mut table, _) = screen();
        for _ in 0..200 {
            table.press(KeyCode::Enter);
        }
        assert!(table.nothing_happened());
    }
}

#[test]
fn a_one_time_password_typed_by_the_device_is_noticed_cleared_and_explained_everywhere() {
    for screen in every_screen() {
        let (mut table, asked) = screen();
        // The review takes no answer before its end was seen.
        table.read_on();
        for c in PASSWORD.chars() {
            match c {
                '\n' => table.press(KeyCode::Enter),
                c => table.press(KeyCode::Char(c)),
            };
        }
        let question = asked.map(|(_, question)| question);
        assert!(table.nothing_happened(), "{question:?}");
        let page = table.picture();
        assert!(!page.contains("cccccc"), "{page}");
        let takes_words = page.lines().any(|line| line.contains("> _"));
        let explained = table.says("touched YubiKey typed");
        assert!(explained || !takes_words, "{page}");
    }
}
