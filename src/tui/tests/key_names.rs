//! Printed line by line, no screen names a key of the full screen.

use std::{collections::BTreeSet, fs, path::Path};

use super::{
    interrupting::touch,
    printed::Paper,
    story::{SCRIPT, Story, device_error, hand_over, handle, prompt, recipient, roster, serial},
};
use crate::{
    device::ErrorKind,
    driver::{
        AboutToSign, Asked, EventPage, Farewell, PinPrompt, PlanOfDay, Reading, Told, Trouble, Work,
    },
    host::secret::Secret,
    tui::link::Request,
};
use keymoot_attestation::Family;
use keymoot_core::{Rule, Verdict, Violation, digest::Digest};
use keymoot_record::{
    ceremony::{Question, script::Document, turn::Seen},
    transcript::{DeviceState, Event, Mode},
};

/// The keys of the full screen.
const KEYS: [&str; 18] = [
    "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "Esc", "PgUp", "PgDn", "Ctrl-", "arrows",
    "Space", "Tab", "go up", "panel",
];

/// How many kinds of screens there are: the numbers of [`kind`].
const KINDS: usize = 24;

/// The number of a kind of screen. A new kind gets a number here and a screen in [`screens`].
fn kind(request: &Request) -> Option<usize> {
    Some(match request {
        Request::Ask(question, _) => match question {
            Question::Confirm => 0,
            Question::NewestRoot { .. } => 1,
            Question::RollCall => 2,
            Question::WhoseTurn { .. } => 3,
            Question::IsThisYours { .. } => 4,
            Question::MayErase { .. } => 5,
            Question::AdoptOrReplace { .. } => 6,
            Question::DeviceRefused { .. } => 7,
            Question::HaveYouReadPlan { .. } => 8,
            Question::HaveYouRead { .. } => 9,
            Question::ReadRequest { .. } => 10,
            Question::Violations { .. } => 11,
        },
        Request::Pin(_) => 12,
        Request::Once { .. } => 13,
        Request::HandOver(_) => 14,
        Request::PlanOfDay(_) => 15,
        Request::Working(work, _) => match work {
            Work::Insert { .. } => 16,
            Work::Remove { .. } => 17,
            Work::Touch { .. } => 18,
            Work::Busy { .. } => 19,
        },
        Request::Trouble(_) => 20,
        Request::Told(_) => 21,
        Request::Finished(_) => 22,
        Request::Read(_) => 23,
        // No screens of their own.
        Request::Show(_) | Request::Interrupted | Request::Waiting | Request::Errand(_) => {
            return None;
        }
    })
}

fn violated() -> Verdict {
    Violation::new(Rule::DeviceFirmware, "it is old", "use another").into()
}

fn seen() -> Seen {
    Seen {
        serial: serial(3),
        family: Family::YubiKey,
        firmware: "5.7.4".to_owned(),
        used: true,
        state: DeviceState::default(),
    }
}

fn pin(asked: Asked) -> Request {
    Request::Pin(PinPrompt {
        sealed_to: (asked == Asked::NewPin).then(recipient),
        ..prompt(9, asked)
    })
}

fn reading() -> Reading {
    Reading {
        name: "root.json".to_owned(),
        version: 1,
        signed: Digest::of(b"root"),
        reasons: Vec::new(),
        changes: vec!["one more line".to_owned()],
        lines: (1..=40).map(|n| format!("\"line\": {n},")).collect(),
    }
}

/// The questions of a ceremony whose last holder has an age recipient.
fn questions() -> Vec<Question> {
    let holder = handle(3);
    let serial = serial(3);
    vec![
        Question::NewestRoot {
            version: 3,
            root: Digest::of(b"root"),
        },
        Question::IsThisYours {
            holder: holder.clone(),
            device: seen(),
        },
        Question::MayErase {
            holder: holder.clone(),
            device: seen(),
        },
        Question::AdoptOrReplace {
            holder: holder.clone(),
            serial,
            key: Digest::of(b"key"),
            brought: true,
        },
        Question::DeviceRefused {
            holder: holder.clone(),
            serial,
            violated: vec![violated()],
            another: true,
        },
        Question::DeviceRefused {
            holder: holder.clone(),
            serial,
            violated: vec![violated()],
            another: false,
        },
        Question::HaveYouRead {
            document: Document::Root,
            signed: Digest::of(b"root"),
        },
        Question::ReadRequest {
            holder,
            request: Digest::of(b"request"),
        },
        Question::Violations {
            violated: vec![violated()],
        },
    ]
}

/// What else the driver shows or asks.
fn others(story: &Story) -> Vec<Request> {
    let wait = |work| Request::Working(work, Some(crate::device::Cancel::new()));
    let device = AboutToSign {
        holder: handle(3),
        serial: serial(3),
        key: Digest::of(b"key"),
        touches: vec!["the signature on root.json".to_owned()],
        attested: Vec::new(),
    };
    vec![
        pin(Asked::NewPin),
        pin(Asked::Pin),
        pin(Asked::Puk),
        Request::Once {
            holder: handle(3),
            serial: serial(3),
            puk: Secret::of(b"87654321"),
            management: Secret::of(&[0xab; 24]),
        },
        Request::HandOver(hand_over()),
        Request::PlanOfDay(PlanOfDay {
            summary: story.state.plan.summary(),
            warnings: Vec::new(),
            outputs: vec!["/media/a/bundle".to_owned()],
            end: None,
        }),
        wait(Work::Insert {
            holder: handle(3),
            serial: None,
            family: Family::YubiKey,
            seen: Some("2 devices are inserted: leave only one.".to_owned()),
        }),
        wait(touch()),
        wait(Work::Remove { holder: handle(3) }),
        Request::Working(
            Work::Busy {
                doing: "the device makes the key".to_owned(),
            },
            None,
        ),
        Request::Trouble(Trouble {
            holder: handle(3),
            error: device_error(ErrorKind::Removed),
        }),
        Request::Trouble(Trouble {
            holder: handle(3),
            error: device_error(ErrorKind::PinBlocked),
        }),
        Request::Told(Told {
            headline: "The request is written.".to_owned(),
            lines: vec!["/media/request".to_owned()],
            digest: Some(Digest::of(b"request")),
            failed: false,
        }),
        Request::Read(EventPage::Document(Box::new(reading()), Vec::new())),
        Request::Read(EventPage::Device(Box::new(device))),
        Request::Finished(Farewell {
            bundle: "/media/bundle".to_owned(),
            copies: Vec::new(),
            medium: None,
            manifest: Some(Digest::of(b"manifest")),
            answer: None,
            turn: None,
        }),
    ]
}

/// Every kind of screen, each with the story in which it is shown.
fn screens() -> Vec<(Story, Request)> {
    let asked = |story: Story| {
        let question = story.question();
        (story, Request::Ask(question, None))
    };
    let mut screens = vec![
        asked(Story::at_digests(
            Mode::Rehearsal,
            SCRIPT.to_owned(),
            roster(),
        )),
        asked(Story::at_confirm()),
        asked(Story::at_roll_call()),
        asked(Story::at_enrolment()),
        asked(Story::at_signing(0)),
        asked(Story::at_signing(5)),
        asked(Story::at_review(40)),
    ];
    let in_turn = || {
        let mut story = Story::at_enrolment();
        story.tell(Event::TurnBegun { holder: handle(3) });
        story
    };
    for question in questions() {
        screens.push((in_turn(), Request::Ask(question, None)));
    }
    for request in others(&Story::opened()) {
        screens.push((Story::opened(), request));
    }
    screens
}

/// Demands that no printed line names a key of the full screen.
fn names_none(paper: &Paper) {
    let text = paper.text();
    for key in KEYS {
        for line in text.lines() {
            assert!(!line.contains(key), "{key}: {line}\n{text}");
        }
    }
}

#[test]
fn no_screen_names_a_key_of_the_full_screen() {
    let mut shown = BTreeSet::new();
    for (story, request) in screens() {
        shown.extend(kind(&request));
        let mut paper = Paper::of(&story);
        paper.request(request);
        // A long text is read to its end.
        for _ in 0..5 {
            paper.line("");
        }
        // A refusal.
        paper.line("739164").line("?");
        names_none(&paper);
    }
    let all: BTreeSet<_> = (0..KINDS).collect();
    assert_eq!(shown, all);
}

#[test]
fn no_option_names_a_key_of_the_full_screen() {
    let mut in_turn = Story::at_enrolment();
    in_turn.device_seen(3, true);
    for story in [
        Story::at_roll_call(),
        Story::at_enrolment(),
        in_turn,
        Story::at_review(40),
    ] {
        for option in 1..=9 {
            let mut paper = Paper::asked(&story);
            paper.line("?").line(&option.to_string());
            // A word that looks like a PIN, in each field.
            for _ in 0..4 {
                paper.line("739164");
            }
            names_none(&paper);
        }
    }
}

#[test]
fn no_screen_has_a_key_of_the_full_screen_in_its_words() {
    // What a screen says in a state that no story has, such as a first root to compare.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui/screens");
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let words = |line: &&str| {
            !["page.keys = ", "KeyCode", "//"]
                .iter()
                .any(|p| line.contains(p))
        };
        for line in text.lines().filter(words) {
            for key in ["F4", "F8", "F10", "Esc", "PgUp", "PgDn", "Ctrl-"] {
                assert!(!line.contains(key), "{}: {line}", path.display());
            }
        }
    }
}
