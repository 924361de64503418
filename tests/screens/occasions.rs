//! The ceremonies that start from an earlier one, by keystrokes: the annual signing,
//! holders who come and go, and a key that is revoked.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::LazyLock,
};

use keymoot::rehearsal::unattended;
use keymoot_attestation::TrustStore;
use keymoot_core::Verdict;
use keymoot_record::{
    bundle::{self, Expectations},
    ceremony::question::last_four,
    rules::roster::Roster,
};

use testkit::{
    programs::keymoot,
    shared,
    terminal::{State, Terminal},
};

use super::{
    rehearsal::{
        DOCUMENTS, OUTSIDE, PLUG, TOUCH, all_agree, opens_bags, pauses, pin, read_digests,
        reading_words, takes_bags, touch_for, transcript, unattended_pin,
    },
    states::{
        BLINKS, CALL_TO_CLOSE, CALL_TO_ENROL, CALL_TO_SIGN, CLOSING, CONFIRM, ENOUGH, ERASE,
        EXCHANGE, FAREWELL, HAND_OVER, IDENTIFY, INSERT, NEW_PIN, NEW_PIN_AGAIN, NEWEST_ROOT,
        OPENING, REMOVE, ROLL_CALL, SPARES, TYPE_PIN,
    },
};

/// Bundles to start from, and what each chapter was held with.
static STORY: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = shared::folder();
    let told = keymoot()
        .args(["rehearse", "story", "--unattended", "--seed", "7", "--out"])
        .arg(folder.path().join("story"))
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(told.success(), "{told}");
    folder
});

/// Where the chapters are.
pub(crate) fn story() -> PathBuf {
    STORY.path().join("story")
}

/// A ceremony of the story, held by hand.
pub(crate) struct Occasion {
    pub(crate) folder: tempfile::TempDir,
    /// Whether there is no time for bags and agreement.
    is_emergency: bool,
    /// The folders of the ceremonies before, in order.
    previous: Vec<PathBuf>,
    pub(crate) at: Terminal,
}

impl Occasion {
    /// Begins the chapter with this number on the bundle of the one before.
    pub(crate) fn begin(number: usize, script: &str, previous: &str) -> Self {
        let roster = story().join(format!("{number}-roster.toml"));
        let roster = std::fs::read_to_string(roster).unwrap();
        Self::begin_with(number, script, previous, &roster)
    }

    /// The same with this roster.
    pub(crate) fn begin_with(number: usize, script: &str, previous: &str, roster: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let roster_file = folder.path().join("roster.toml");
        std::fs::write(&roster_file, roster).unwrap();
        let arguments: Vec<PathBuf> = vec![
            "rehearse".into(),
            script.into(),
            "--seed".into(),
            "7".into(),
            "--previous".into(),
            story().join(previous),
            "--roster".into(),
            roster_file,
            "--policy".into(),
            story().join(format!("{number}-policy.toml")),
            "--dir".into(),
            folder.path().join("ceremony"),
            "--out".into(),
            folder.path().join("bundle"),
        ];
        let at = Terminal::start(arguments);
        let (before, _) = previous.split_once('-').unwrap();
        let before: usize = before.parse().unwrap();
        let folders = (1..=before).map(|number| story().join(format!("{number}-ceremony")));
        Self {
            folder,
            is_emergency: script == "emergency-revocation",
            previous: folders.collect(),
            at,
        }
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("ceremony")
    }

    /// The PIN with which the holder in this seat was enrolled.
    pub(crate) fn pin_of_seat(&self, seat: usize) -> String {
        let roster = std::fs::read_to_string(self.dir().join("roster.toml")).unwrap();
        let roster = Roster::parse(&roster).unwrap();
        let pin = unattended::pin(7, &roster.holders[seat - 1].handle);
        String::from_utf8(pin.expose().to_vec()).unwrap()
    }

    /// The first five holders are marked in the roll call.
    pub(crate) fn five_are_present(&mut self) {
        self.at
            .expect(ROLL_CALL)
            .press(&" ".repeat(5))
            .enter("present");
    }

    /// Opens the room: its questions, line by line.
    pub(crate) fn opens(&mut self, first: State<'_>, lines: [&str; 2]) {
        let dir = self.dir();
        read_digests(&mut self.at, &dir);
        self.at.expect(first).enter(lines[0]);
        if lines[0].starts_with("bag ") && left_machine_in_bag(&dir) {
            self.at.expect("type its number again").enter(lines[0]);
        }
        self.at.enter(lines[1]);
        self.at.enter(OUTSIDE);
        self.at.expect(CONFIRM).enter("confirm");
        let words = self.newest_root();
        self.at
            .expect("Is this the newest root that was published?")
            .expect(&words.join(" "))
            .expect(NEWEST_ROOT)
            .enter(&words[..2].join(" "));
    }

    /// The first words of the newest root's digest.
    fn newest_root(&self) -> [&'static str; 4] {
        // Not every ceremony before made a root.
        let signed = self.previous.iter().rev().find_map(|folder| {
            let chain = transcript(folder);
            let mut events = chain.entries().iter().map(|entry| &entry.event);
            events.find_map(|event| match event {
                keymoot_record::transcript::Event::Proposed {
                    document, signed, ..
                } if document.name() == "root.json" => Some(*signed),
                _ => None,
            })
        });
        signed.unwrap().words()[..4].try_into().unwrap()
    }

    /// Every document is read, and its words are typed.
    pub(crate) fn reads(&mut self) {
        for name in DOCUMENTS {
            self.at.read_on(name);
            let words = reading_words(&self.dir(), name);
            self.at.enter(&words);
        }
        if !self.is_emergency {
            all_agree(&mut self.at);
        }
    }

    /// A holder's turn. `pins` are those of the devices inserted one after
    /// the other, each with the effects of its touches. Counts keystrokes except the PINs.
    pub(crate) fn turn(
        &mut self,
        call: State<'_>,
        seat: usize,
        pins: &[(String, &[&str])],
    ) -> usize {
        let at = &mut self.at;
        at.expect(call);
        let before = at.keystrokes();
        at.enter(&seat.to_string());
        let besides = at.keystrokes() - before;
        for (nth, (pin, allowed)) in pins.iter().enumerate() {
            at.expect(INSERT).by_hand(PLUG);
            at.expect(TYPE_PIN).enter(pin);
            for allows in *allowed {
                touch_for(at, allows);
            }
            let out = match nth + 1 == pins.len() {
                true => REMOVE,
                false => EXCHANGE,
            };
            at.expect(out).by_hand(PLUG);
        }
        besides
    }

    /// A newcomer makes a key.
    pub(crate) fn enrols(&mut self, seat: usize, number: usize) {
        let at = &mut self.at;
        at.expect(CALL_TO_ENROL)
            .enter(&seat.to_string())
            .expect(INSERT)
            .by_hand(PLUG);
        at.expect(IDENTIFY);
        let serial = self.serial_at_hand();
        let at = &mut self.at;
        at.enter(&last_four(serial));
        if at.expect_any([NEW_PIN, ERASE]) == 1 {
            at.enter("erase");
        }
        at.expect(NEW_PIN)
            .enter(&pin(number))
            .expect(NEW_PIN_AGAIN)
            .enter(&pin(number))
            .expect(BLINKS)
            .by_hand(TOUCH)
            .expect(HAND_OVER)
            .enter("taken")
            .expect(REMOVE)
            .by_hand(PLUG);
    }

    /// The serial number of the device that was read last.
    fn serial_at_hand(&self) -> u32 {
        let chain = transcript(&self.dir());
        let seen = chain
            .entries()
            .iter()
            .rev()
            .find_map(|entry| match entry.event {
                keymoot_record::transcript::Event::DeviceSeen { serial, .. } => Some(serial),
                _ => None,
            });
        seen.unwrap()
    }

    /// The first five whose PINs these are close the ceremony.
    pub(crate) fn closes(&mut self, holders: &[(usize, String)]) -> usize {
        let mut most = 0;
        for (seat, pin) in holders {
            let allowed: (String, &[&str]) = (pin.clone(), &["the closing signature"]);
            most = most.max(self.turn(CALL_TO_CLOSE, *seat, &[allowed]));
        }
        self.at.expect(ENOUGH.with("5 of 5 have")).enter("enough");
        self.at.expect(FAREWELL).enter("done");
        assert_eq!(self.at.exit_code(), 0);
        most
    }

    /// The bundle follows from the first root of all, and every rule holds.
    pub(crate) fn verifies(&self) -> Vec<Verdict> {
        verified(&self.folder.path().join("bundle"))
    }
}

/// The verdicts on a bundle that follows from the first root of all; all pass.
fn verified(bundle: &Path) -> Vec<Verdict> {
    let bundle = keymoot_verify::read(bundle).unwrap();
    let expected = Expectations {
        rehearsal: true,
        trusted_root: Some(std::fs::read(first_root_file(STORY.path())).unwrap()),
        ..Expectations::default()
    };
    let verdicts = bundle::verify(&bundle, &expected, &TrustStore::vendor().unwrap());
    let violated: Vec<_> = verdicts.iter().filter(|v| v.is_violated()).collect();
    assert!(violated.is_empty(), "{violated:?}");
    verdicts
}

/// The details of QUORUM-PRESENT.
fn presence(verdicts: &[Verdict]) -> &str {
    let mut rule = verdicts.iter().filter(|v| v.rule.id() == "QUORUM-PRESENT");
    &rule.next().unwrap().detail
}

fn first_root_file(story: &Path) -> PathBuf {
    story.join("story/1-initial-root/repositories/tuf-root/metadata/root_history/1.root.json")
}

/// Whether the last ceremony left a bag of the machine.
fn left_machine_in_bag(dir: &Path) -> bool {
    let opened = transcript(dir);
    let opened = opened.entries().first().map(|entry| &entry.event);
    matches!(
        opened,
        Some(keymoot_record::transcript::Event::Opened { bags, .. }) if bags.contains_key("machine")
    )
}

/// Every holder signs with the one device that the root names.
pub(crate) fn old_pin(holder: usize) -> Vec<(String, &'static [&'static str])> {
    vec![(unattended_pin(holder), &DOCUMENTS)]
}

#[test]
fn the_annual_signing_is_held_by_keystrokes_and_says_who_is_absent() {
    let mut held = Occasion::begin(2, "annual-resign", "1-initial-root");
    held.opens(OPENING, ["bag 17", "12:00"]);
    held.at.expect(ROLL_CALL).expect("last v1");
    held.at
        .press(" ")
        .expect("1 holder is marked as present or apart, and 5 must sign");
    held.at.press(&" ".repeat(3)).enter("present");
    // The screen says at once that too few are marked, and refuses the answer.
    held.at
        .expect("4 holders are marked as present or apart, and 5 must sign")
        .expect("Wait for them, or leave and resume another day");
    held.at.press(&" ".repeat(3)).enter("present");
    opens_bags(&mut held.at);
    held.reads();
    for holder in 1..=7 {
        held.turn(CALL_TO_SIGN, holder, &old_pin(holder));
    }
    takes_bags(&mut held.at);
    held.at
        .expect(CLOSING)
        .expect("absent: holder-8 (last signed version 1), holder-9 (last signed version 1)")
        .expect(CONFIRM)
        .enter("confirm");
    held.closes(&(1..=5).map(|n| (n, unattended_pin(n))).collect::<Vec<_>>());
    let verdicts = held.verifies();
    assert_eq!(
        presence(&verdicts),
        "7 of 9 keys signed, and 5 must: 2 of them may be lost; \
         absent: holder-8 (last signed version 1), holder-9 (last signed version 1); \
         no device is below the firmware policy"
    );
}

#[test]
fn holders_come_and_go_by_keystrokes_and_one_signs_with_two_devices_in_one_turn() {
    let mut held = Occasion::begin(3, "onboard-member", "2-annual-resign");
    held.opens(OPENING, ["bag 17", "12:00"]);
    held.at
        .expect(ROLL_CALL)
        .expect("Not marked: holder-10, holder-11")
        .press(&" ".repeat(11))
        .expect("10-Holder 1")
        .enter("present");
    opens_bags(&mut held.at);
    held.at.expect(CALL_TO_ENROL).expect("Read aloud");
    held.enrols(8, 10);
    held.enrols(9, 11);
    held.at.expect(SPARES).enter("enough");
    pauses(&mut held.at);
    held.reads();
    let both: [(String, &[&str]); 2] = [
        (unattended_pin(3), &DOCUMENTS),
        (unattended_pin(3), &["root.json"]),
    ];
    held.turn(CALL_TO_SIGN, 1, &both);
    held.at
        .expect(CALL_TO_SIGN.with("old keys 1 of 5"))
        .expect("new keys 1 of 5");
    held.turn(CALL_TO_SIGN, 10, &[(unattended_pin(1), &["root.json"])]);
    held.at
        .expect(CALL_TO_SIGN.with("old keys 2 of 5"))
        .expect("new keys 1 of 5");
    held.turn(CALL_TO_SIGN, 8, &[(pin(10), &DOCUMENTS)]);
    held.at
        .expect(CALL_TO_SIGN.with("old keys 2 of 5"))
        .expect("new keys 2 of 5");
    for holder in [4, 5, 6] {
        held.turn(CALL_TO_SIGN, holder - 2, &old_pin(holder));
    }
    held.at.expect(ENOUGH.with("5 of 5 have")).enter("enough");
    takes_bags(&mut held.at);
    held.at.expect(CLOSING).expect(CONFIRM).enter("confirm");
    let closing = [(1, 3), (2, 4), (3, 5), (4, 6), (5, 7)];
    held.closes(&closing.map(|(seat, holder)| (seat, unattended_pin(holder))));
    held.verifies();
}

#[test]
fn a_key_is_revoked_with_no_more_than_twelve_keystrokes_a_holder_without_the_pin() {
    let mut held = Occasion::begin(4, "emergency-revocation", "3-onboard-member");
    held.opens(
        OPENING.with("What happened, in one line"),
        ["a device was stolen", "12:00"],
    );
    held.at.expect(ROLL_CALL);
    held.at.press(&" ".repeat(6)).enter("present");
    held.at.expect("Clients that take this root");
    held.reads();
    let mut busiest = 0;
    for holder in 3..=8 {
        busiest = busiest.max(held.turn(CALL_TO_SIGN, holder - 2, &old_pin(holder)));
    }
    let closing: Vec<_> = (3..=7).map(|n| (n - 2, unattended_pin(n))).collect();
    busiest += held.closes(&closing);
    println!("{busiest} keystrokes a holder besides the PIN");
    assert!(busiest <= 12, "{busiest} keystrokes");
    held.verifies();
}

#[test]
fn a_ceremony_for_a_lost_quorum_says_at_once_that_the_quorum_is_there() {
    let mut held = Occasion::begin(2, "quorum-lost", "1-initial-root");
    held.opens(
        OPENING.with("What happened, in one line"),
        ["a flood", "12:00"],
    );
    held.at.expect(ROLL_CALL).press(&" ".repeat(5));
    let not_lost = "keys of the root are here, and 5 can sign a root: the quorum is not lost";
    held.at.expect(&format!("5 {not_lost}"));
    // It warns, and refuses nothing: no threshold is needed.
    held.at.press(" ").enter("present");
    held.at
        .expect("Call the next holder for a presence proof")
        .expect(&format!("6 {not_lost}"))
        .expect("signed 0 of 1");
}

#[test]
fn a_heartbeat_says_whether_the_quorum_can_still_be_met() {
    let bundle = STORY.path().join("story/6-heartbeat");
    assert_eq!(
        presence(&verified(&bundle)),
        "9 of 9 keys signed, and 5 must: 4 of them may be lost; \
         nobody was absent; no device is below the firmware policy"
    );
    let report = std::fs::read_to_string(bundle.join("report.md")).unwrap();
    assert!(report.contains("Whose keys are there"));
}
