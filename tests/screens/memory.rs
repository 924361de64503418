//! The typed secrets in the program's memory, as root reads it: in one
//! place while the holder types, and nowhere after the turn.

use std::{fs::File, io::Read as _, os::unix::fs::FileExt as _, path::Path};

use keymoot::rehearsal::unattended;
use keymoot_record::rules::roster::Handle;
use testkit::{
    needle::Needle,
    privileged::Root,
    terminal::{State, Terminal},
};

use super::{
    escrow::Escrow,
    rehearsal::{DOCUMENTS, ESCAPE, PLUG, Rehearsal, TOUCH, touch_for, unattended_pin},
    states::{
        BLINKS, CALL, CALL_TO_SIGN, HAND_OVER, IDENTIFY, INSERT, NEW_PIN, NEW_PIN_AGAIN, REMOVE,
        TYPE_PASSWORD, TYPE_PIN,
    },
};

/// A PIN whose digits occur nowhere by chance.
const PIN: &str = "gWq#kz7y";

/// Memory is read in pieces of this size, each with the end of the one before.
const PIECE: usize = 1 << 20;
const OVERLAP: usize = 4096;

/// The memory of a process, as a core dump would hold it and more: everything that
/// can be read, also what is only mapped from files.
struct Memory {
    file: File,
    ranges: Vec<(u64, u64, String)>,
}

/// The searched memory, and the places of matches.
#[derive(Debug, Default)]
struct Found {
    bytes: usize,
    unread: Vec<String>,
    places: Vec<String>,
}

impl Memory {
    fn of(process: u32) -> Self {
        let proc = Path::new("/proc").join(process.to_string());
        let open = |name| {
            File::open(proc.join(name)).unwrap_or_else(|error| {
                panic!("the memory of process {process} cannot be read: {error}")
            })
        };
        let mut maps = String::new();
        open("maps").read_to_string(&mut maps).unwrap();
        let ranges = maps.lines().filter_map(|line| {
            let mut parts = line.split_whitespace();
            let (from, to) = parts.next()?.split_once('-')?;
            let readable = parts.next()?.starts_with('r');
            let at = |text| u64::from_str_radix(text, 16).unwrap();
            let name = parts.nth(3).unwrap_or("(anonymous)").to_owned();
            readable.then(|| (at(from), at(to), name))
        });
        Self {
            ranges: ranges.collect(),
            file: open("mem"),
        }
    }

    fn search(&self, needles: &[Needle]) -> Found {
        let mut found = Found::default();
        let mut piece = vec![0; PIECE + OVERLAP];
        for (from, to, name) in &self.ranges {
            let mut at = *from;
            while at < *to {
                let wanted = usize::try_from(to - at).unwrap().min(piece.len());
                let Ok(read) = self.file.read_at(&mut piece[..wanted], at) else {
                    found.unread.push(name.clone());
                    break;
                };
                let content = &piece[..read];
                if content.iter().any(|byte| *byte != 0) {
                    for needle in needles {
                        let places = needle.found_in(content).into_iter();
                        // What begins in the overlap is found in the next piece.
                        found.places.extend(
                            places
                                .filter(|(place, _)| *place < PIECE)
                                .map(|(_, how)| format!("{} in {name}, {how}", needle.name)),
                        );
                    }
                }
                found.bytes += read.min(PIECE);
                at += PIECE as u64;
            }
        }
        found
    }
}

/// Searches the memory of the program at this terminal, and returns its size.
fn dump(at: &Terminal, when: &str, needles: &[Needle]) -> Found {
    let found = Memory::of(at.process()).search(needles);
    let shapes: usize = needles.iter().map(Needle::shapes).sum();
    println!(
        "{when}: {} secrets in {shapes} shapes looked for in {} KiB: {} found; not readable: {:?}",
        needles.len(),
        found.bytes >> 10,
        found.places.len(),
        found.unread
    );
    assert!(found.bytes > 1 << 20);
    assert!(
        found.unread.iter().all(|name| name.starts_with("[v")),
        "{:?}",
        found.unread
    );
    found
}

#[test]
fn a_new_pin_is_in_memory_while_it_is_typed_and_with_puk_and_management_key_nowhere_after() {
    let Some(root) = Root::of_this_test(&[]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let escrow = Escrow::new(folder.path().join("roster.toml"));
    let roster = escrow.roster();
    let rehearsal = Rehearsal::until("enrolment", &["--roster", roster.to_str().unwrap()]);
    let pin = [Needle::new("the PIN", PIN.as_bytes())];
    let mut at = rehearsal.resume_as(&root);
    if at.expect_any([CALL, INSERT]) == 0 {
        at.enter("1");
    }
    at.expect("is out; Ctrl-N inserts").by_hand(PLUG);
    at.expect(IDENTIFY).enter("8521");
    at.expect(NEW_PIN);
    assert_eq!(dump(&at, "before it is typed", &pin).places, [""; 0]);
    for (count, key) in PIN.chars().enumerate() {
        at.press(&key.to_string());
        at.expect(&format!("{} typed", count + 1));
    }
    let typed = dump(&at, "while it is typed", &pin);
    let whole = |how: &&String| how.ends_with("as it is");
    assert_eq!(typed.places.iter().filter(whole).count(), 1, "{typed:?}");
    at.press("\r").expect(NEW_PIN_AGAIN).enter(PIN);
    at.expect(BLINKS).by_hand(TOUCH);
    at.expect(HAND_OVER).enter("taken");
    at.expect(REMOVE).by_hand(PLUG);
    at.expect(CALL);

    let mut secrets = escrow.opened(&rehearsal.dir());
    assert_eq!(secrets.len(), 2);
    secrets.extend(pin);
    let after = dump(&at, "when the holder is back in the seat", &secrets);
    assert_eq!(after.places, [""; 0]);
}

/// A holder signs the documents with a secret that is typed once, and the turn
/// ends; returns the matches then.
fn after_signing(
    root: &Root,
    more: &[&str],
    seat: usize,
    asked: State<'_>,
    secret: &str,
    touches: bool,
) -> Found {
    let needles = [Needle::new("what was typed", secret.as_bytes())];
    let rehearsal = Rehearsal::until("signing", more);
    let mut at = rehearsal.resume_as(root);
    let mut free = at.expect_any([CALL, INSERT]) == 0;
    if !free && seat > 1 {
        // The interruption found the first at the table.
        at.press(ESCAPE).expect("Options").enter("3");
        at.expect("Why the turn ends early").enter("another first");
        at.expect("Type end").enter("end");
        at.expect(CALL);
        free = true;
    }
    if free {
        at.enter(&seat.to_string());
    }
    at.expect(INSERT.with(&format!("device {seat} no.")));
    at.expect("is out; Ctrl-N inserts").by_hand(PLUG);
    at.expect(asked).enter(secret);
    // A YubiHSM 2 signs without a touch, so there is no screen for one.
    let touched = if touches { &DOCUMENTS[..] } else { &[] };
    for name in touched {
        touch_for(&mut at, name);
    }
    at.expect(REMOVE).by_hand(PLUG);
    at.expect(CALL_TO_SIGN);
    dump(&at, "after three signatures", &needles)
}

#[test]
fn a_pin_that_opened_a_device_for_its_signatures_is_nowhere_in_memory_after_the_turn() {
    let Some(root) = Root::of_this_test(&[]) else {
        return;
    };
    let found = after_signing(&root, &[], 1, TYPE_PIN, &unattended_pin(1), true);
    assert_eq!(found.places, [""; 0]);
}

#[test]
fn a_password_that_opened_a_unit_for_its_signatures_is_nowhere_in_memory_after_the_turn() {
    let Some(root) = Root::of_this_test(&[]) else {
        return;
    };
    let holder = Handle::try_from("holder-2".to_owned()).unwrap();
    let password = unattended::password(7, &holder);
    let password = std::str::from_utf8(password.expose()).unwrap();
    let mixed = ["--device", "mixed"];
    let found = after_signing(&root, &mixed, 2, TYPE_PASSWORD, password, false);
    assert_eq!(found.places, [""; 0]);
}
