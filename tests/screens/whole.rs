//! A whole rehearsal, by keystrokes and by typed lines.

use std::sync::LazyLock;

use keymoot_attestation::TrustStore;
use keymoot_core::Verdict;
use keymoot_record::{
    bundle::{self, Expectations},
    ceremony::question::last_four,
    transcript::PlanPart,
};
use testkit::{
    needle::Needle,
    privileged::Root,
    shared,
    stage::files_below,
    terminal::{State, Terminal},
};

use super::{
    escrow::Escrow,
    rehearsal::{
        DOCUMENTS, OUTSIDE, PLUG, TOUCH, all_agree, course, pauses, pin, plan_words, read_digests,
        reading_words, serials, takes_bags, touch_for,
    },
    states::{
        BLINKS, CALL_TO_CLOSE, CALL_TO_ENROL, CALL_TO_SIGN, CLOSING, CONFIRM, ENOUGH, FAREWELL,
        HAND_OVER, IDENTIFY, INSERT, NEW_PIN, NEW_PIN_AGAIN, OPENING, REMOVE, ROLL_CALL, SPARES,
        TYPE_PIN,
    },
    traced::Traced,
};

/// A rehearsal that was held to its end.
struct Held {
    folder: tempfile::TempDir,
    escrow: Escrow,
    /// Keystrokes of the busiest holder, without the PIN.
    busiest: usize,
}

impl Held {
    fn new(folder: tempfile::TempDir) -> Self {
        Self {
            escrow: Escrow::new(folder.path().join("roster.toml")),
            folder,
            busiest: 0,
        }
    }

    fn dir(&self) -> std::path::PathBuf {
        self.folder.path().join("ceremony")
    }

    fn out(&self) -> std::path::PathBuf {
        self.folder.path().join("bundle")
    }

    fn trace(&self) -> std::path::PathBuf {
        self.folder.path().join("trace")
    }

    fn arguments(&self, more: &[&str]) -> Vec<String> {
        let (dir, out) = (self.dir(), self.out());
        let places = [
            "--dir",
            dir.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ];
        let all = [&["rehearse", "--seed", "7"], more, &places].concat();
        all.into_iter().map(str::to_owned).collect()
    }

    fn begin(&self, more: &[&str]) -> Terminal {
        Terminal::start(self.arguments(more))
    }
}

/// Held under strace, with a roster whose holders' escrow can be opened.
static BY_SCREENS: LazyLock<Held> = LazyLock::new(by_screens);

fn by_screens() -> Held {
    let mut held = Held::new(shared::folder());
    let roster = held.escrow.roster();
    let arguments = held.arguments(&["--roster", roster.to_str().unwrap()]);
    // Where that is not allowed, only the traced part is left out.
    let mut at = match Root::find(&[]) {
        Ok(root) => Traced::begin(&root, &held.trace(), &arguments),
        Err(_) => Terminal::start(&arguments),
    };
    read_digests(&mut at, &held.dir());
    at.expect(OPENING)
        .enter("bag 17")
        .enter("12:00")
        .enter(OUTSIDE)
        .expect(CONFIRM)
        .enter("confirm");
    at.expect(ROLL_CALL).press(&" ".repeat(9)).enter("present");

    let mut busiest = 0;
    for (n, serial) in (1..=9).zip(serials(&held.dir())) {
        at.expect(CALL_TO_ENROL);
        let before = at.keystrokes();
        at.enter(&n.to_string()).expect(INSERT).by_hand(PLUG);
        at.expect(IDENTIFY);
        at.enter(&last_four(serial));
        let besides = at.keystrokes() - before;
        at.expect(NEW_PIN).enter(&pin(n));
        at.expect(NEW_PIN_AGAIN).enter(&pin(n));
        at.expect(BLINKS);
        at.by_hand(TOUCH).expect(HAND_OVER).enter("taken");
        at.expect(REMOVE).by_hand(PLUG);
        busiest = busiest.max(besides);
    }

    at.expect(SPARES).expect(ENOUGH).enter("enough");
    pauses(&mut at);
    for name in DOCUMENTS {
        at.read_on(name);
        at.enter(&reading_words(&held.dir(), name));
    }

    all_agree(&mut at);
    busiest += turns(&mut at, CALL_TO_SIGN, 9, &DOCUMENTS);
    takes_bags(&mut at);
    at.expect(CLOSING).expect(CONFIRM).enter("confirm");
    let manifest = ["the closing signature"];
    busiest += turns(&mut at, CALL_TO_CLOSE, 5, &manifest);
    at.expect(ENOUGH.with("5 of 5 have")).enter("enough");
    at.expect(FAREWELL).enter("done");
    assert_eq!(at.exit_code(), 0);
    held.busiest = busiest;
    held
}

/// Lets the first holders sign, and counts the keystrokes of one without the PIN.
fn turns(at: &mut Terminal, call: State<'_>, holders: usize, allowed: &[&str]) -> usize {
    let mut most = 0;
    for n in 1..=holders {
        at.expect(call);
        let before = at.keystrokes();
        at.enter(&n.to_string()).expect(INSERT).by_hand(PLUG);
        at.expect(TYPE_PIN);
        most = most.max(at.keystrokes() - before);
        at.enter(&pin(n));
        for allows in allowed {
            touch_for(at, allows);
        }
        at.expect(REMOVE).by_hand(PLUG);
    }
    most
}

/// Waits for a question, and answers it.
pub(crate) fn answer(at: &mut Terminal, question: &str, line: &str) -> String {
    let mut read = at.read(question);
    read += &at.read("\n> ");
    at.enter(line);
    read
}

/// Reads each digest to its end, and types its first two words as they were printed.
pub(crate) fn read_digests_by_line(at: &mut Terminal, dir: &std::path::Path) {
    answer(at, "type agree", "agree");
    for part in PlanPart::ALL {
        let digest = format!("the digest of the {} (", part.name());
        let said = at.read(&digest) + &at.read("first two words") + &at.read("\n> ");
        let words = plan_words(dir, part);
        // The words are in columns.
        let said: Vec<_> = said.split_whitespace().collect();
        assert!(said.join(" ").contains(&words), "{words}: {said:?}");
        at.enter(&words);
    }
}

fn by_lines() -> (Held, String) {
    let held = Held::new(tempfile::tempdir().unwrap());
    let mut at = held.begin(&["--plain"]);
    let at = &mut at;
    read_digests_by_line(at, &held.dir());
    answer(at, "tamper-evident bag", "bag 17");
    answer(at, "Time on the wall clock", "12:00");
    answer(at, "A public value of today", OUTSIDE);
    answer(at, "type confirm", "confirm");
    answer(at, "numbers of those who answer", "1 2 3 4 5 6 7 8 9");
    answer(at, "numbers of those who answer", "present");
    let mut said = String::new();
    for (n, serial) in (1..=9).zip(serials(&held.dir())) {
        answer(at, "Whose turn?", &n.to_string());
        at.read("+ inserts it");
        at.enter("+");
        answer(at, "last four digits", &last_four(serial));
        said += &answer(at, "New PIN, first time", &pin(n));
        said += &answer(at, "New PIN, second time", &pin(n));
        said += &at.read("* touches it");
        at.enter("*");
        answer(at, "or taken if you have a copy", "taken");
        said += &at.read("+ unplugs it");
        at.enter("+");
    }
    answer(at, "type enough", "enough");
    answer(at, "type confirm", "confirm");
    for name in DOCUMENTS {
        while at.read_any(&["Enter shows more", "first two words"]).0 == 0 {
            at.read("\n> ");
            at.enter("");
        }
        at.read("\n> ");
        at.enter(&reading_words(&held.dir(), name));
    }
    for _ in 1..=9 {
        answer(at, "Do the digests agree", "yes");
    }
    answer(at, "type confirm", "confirm");
    let mut sign = |holders| {
        for n in 1..=holders {
            answer(at, "Whose turn?", &n.to_string());
            at.read("+ inserts it");
            at.enter("+");
            said += &answer(at, "PIN, then Enter", &pin(n));
            for _ in DOCUMENTS {
                said += &at.read("* touches it");
                at.enter("*");
            }
            said += &at.read("+ unplugs it");
            at.enter("+");
        }
    };
    sign(9);
    answer(at, "New bag", "A 18");
    // The same number for another thing is typed twice.
    for _ in 0..2 * 9 {
        answer(at, "New bag: holder-", "A 18");
    }
    answer(at, "type confirm", "confirm");
    answer(at, "type confirm", "confirm");
    let mut sign = |holders| {
        for n in 1..=holders {
            answer(at, "Whose turn?", &n.to_string());
            at.read("+ inserts it");
            at.enter("+");
            answer(at, "PIN, then Enter", &pin(n));
            at.read("* touches it");
            at.enter("*");
            at.read("+ unplugs it");
            at.enter("+");
        }
    };
    sign(5);
    answer(at, "type enough", "enough");
    answer(at, "Type done", "done");
    assert_eq!(at.exit_code(), 0);
    (held, said)
}

#[test]
fn nine_holders_enrol_sign_and_close_by_keystrokes_and_the_bundle_verifies() {
    let bundle = keymoot_verify::read(&BY_SCREENS.out()).unwrap();
    let expected = Expectations {
        rehearsal: true,
        ..Expectations::default()
    };
    let violated: Vec<_> = bundle::verify(&bundle, &expected, &TrustStore::vendor().unwrap())
        .into_iter()
        .filter(Verdict::is_violated)
        .collect();
    assert!(violated.is_empty(), "{violated:?}");
}

#[test]
fn no_holder_needs_more_than_twelve_keystrokes_besides_the_pin() {
    let busiest = BY_SCREENS.busiest;
    println!("{busiest} keystrokes a holder besides the PIN");
    assert!(busiest <= 12, "{busiest} keystrokes");
}

#[test]
fn typed_lines_end_in_the_same_events_as_keystrokes_and_show_no_pin() {
    let (held, said) = by_lines();
    assert_eq!(course(&held.dir()), course(&BY_SCREENS.dir()));
    for n in 1..=9 {
        assert!(!said.contains(&pin(n)), "{said}");
    }
}

#[test]
fn no_secret_leaves_the_program_but_to_its_device_nor_enters_but_by_the_keyboard() {
    let Some(_) = Root::of_this_test(&[]) else {
        return;
    };
    let held = &*BY_SCREENS;
    let mut secrets = held.escrow.opened(&held.dir());
    assert_eq!(secrets.len(), 18);
    secrets.extend((1..=9).map(|n| Needle::new(format!("PIN {n}"), pin(n).as_bytes())));
    let traced = Traced::search(&held.trace(), &secrets);
    println!("{}", traced.told());
    assert_eq!(traced.astray, [""; 0]);
    // Each PIN was typed and verified, and each device got its secrets.
    assert!(traced.typed >= 9 && traced.used >= 27, "{}", traced.told());
}

#[test]
fn no_secret_is_in_any_file_that_was_written() {
    let held = &*BY_SCREENS;
    let mut secrets = held.escrow.opened(&held.dir());
    secrets.extend((1..=9).map(|n| Needle::new(format!("PIN {n}"), pin(n).as_bytes())));
    let (mut files, mut bytes) = (0, 0);
    for path in [held.dir(), held.out()]
        .iter()
        .flat_map(|folder| files_below(folder))
    {
        let content = std::fs::read(&path).unwrap();
        for secret in &secrets {
            let found = secret.found_in(&content);
            assert!(
                found.is_empty(),
                "{} in {}: {found:?}",
                secret.name,
                path.display()
            );
        }
        files += 1;
        bytes += content.len();
    }
    let shapes: usize = secrets.iter().map(Needle::shapes).sum();
    println!(
        "{} secrets in {shapes} shapes looked for in {files} files of {bytes} bytes",
        secrets.len()
    );
    assert!(files > 50 && bytes > 100_000);
}
