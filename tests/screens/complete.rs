//! No screen is left out: each that is in the sources has a snapshot of all four ways, or
//! another file that shows it.

use std::{collections::BTreeSet, fs, path::Path};

use super::tables::WAYS;

/// The snapshots that show a screen, or what opens over one.
const SHOWN: [(&str, &[&str]); 31] = [
    ("Starting", &["starting", "live"]),
    ("Confirm", &["a_step_is_confirmed", "each_agrees"]),
    ("RollCall", &["roll_call"]),
    (
        "WhoseTurn",
        &["whose_turn", "spares", "the_quorum_has_signed"],
    ),
    ("Identify", &["is_this_yours", "is_this_unit_yours"]),
    ("Refused", &["refused"]),
    ("Erase", &["erase"]),
    ("Found", &["found"]),
    ("Pin", &["new_pin", "new_pin_again", "pin", "new_password"]),
    ("HandOverScreen", &["hand_over"]),
    ("Once", &["shown_once_hidden", "shown_once"]),
    (
        "Review",
        &["review_begins", "review_is_searched", "review_ends"],
    ),
    ("TroubleScreen", &["unplugged", "connection_lost"]),
    ("Violations", &["violations"]),
    ("FarewellScreen", &["farewell"]),
    ("WorkScreen", &["insert"]),
    (
        "Work::Insert",
        &["insert", "insert_the_enrolled", "insert_a_unit"],
    ),
    ("Work::Remove", &["remove", "remove_a_unit"]),
    ("Work::Touch", &["touch"]),
    ("Work::Busy", &["at_work"]),
    ("Overlay::Ways", &["ways_on"]),
    ("Overlay::Note", &["note"]),
    ("Overlay::Exception", &["exception"]),
    ("Overlay::EndTurn", &["end_turn"]),
    ("Overlay::People", &["people_come_and_go"]),
    ("Overlay::EndWithout", &["end_without"]),
    ("Overlay::Leave", &["leave"]),
    (
        "Overlay::Intermission",
        &["intermission", "people_are_away"],
    ),
    ("Overlay::Compare", &["digest", "large_type"]),
    ("Overlay::Help", &["help"]),
    ("too_small", &["too_small"]),
];

/// Screens that the ceremony of `everywhere` does not look at, and the file that shows or holds
/// each instead, by words that are on it. Only a holder apart reads a request and photographs an
/// answer, and nobody is apart in `everywhere`. A first ceremony has no newest root. The program's
/// digest is another one in every build.
const PICTURED: [(&str, &str, &str); 9] = [
    (
        "EventDevice",
        "tests/ceremony/signing_event/by_hand.rs",
        "Type sign and press Enter",
    ),
    (
        "PlanScreen",
        "src/tui/tests/snapshots/keymoot__tui__tests__pictures__everybody_agrees_to_the_plan_before_the_first_step-2.snap",
        "When all agree, type agree and press Enter:",
    ),
    (
        "NewestRoot",
        "tests/screens/occasions.rs",
        "Is this the newest root that was published?",
    ),
    (
        "ReadPart",
        "src/tui/tests/snapshots/keymoot__tui__tests__pictures__the_digests_are_read_before_the_first_step.snap",
        "Compare the digest of the program (1 of 4)",
    ),
    (
        "Request",
        "src/tui/tests/snapshots/keymoot__tui__tests__pictures__a_holder_apart_reads_the_request.snap",
        "administrator-1 asks you to sign the documents",
    ),
    (
        "Overlay::Apart",
        "tests/screens/apart.rs",
        "Not answered yet: ",
    ),
    (
        "ToldScreen",
        "tests/screens/apart.rs",
        "Answers recorded: 2. Refused: 1.",
    ),
    (
        "Overlay::Frames",
        "tests/screens/frames.rs",
        "It is the last.",
    ),
    (
        "Overlay::Decline",
        "src/tui/tests/apart/home.rs",
        "Decline, and say why?",
    ),
];

fn source(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The names of all screens, as the sources have them.
fn screens() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui/screens");
    let files = fs::read_dir(folder).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let names = texts.flat_map(|text| {
        let named = text.lines().filter_map(|line| {
            let name = line.strip_prefix("impl Screen for ")?;
            Some(name.trim_end_matches(" {").to_owned())
        });
        named.collect::<Vec<_>>()
    });
    names.collect()
}

/// The variants of an enum, as its source has them.
fn variants(path: &str, name: &str) -> BTreeSet<String> {
    let text = source(path);
    let (_, body) = text.split_once(&format!("enum {name} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let named = body.lines().filter_map(|line| {
        let variant = line.strip_prefix("    ")?;
        let end = variant.find(|c: char| !c.is_alphanumeric())?;
        let is_variant = variant.starts_with(|c: char| c.is_ascii_uppercase());
        is_variant.then(|| format!("{name}::{}", &variant[..end]))
    });
    named.collect()
}

#[test]
fn every_screen_has_a_snapshot_of_all_four_ways_or_another_file_that_shows_it() {
    let mut there = screens();
    there.extend(variants("src/tui/overlay/mod.rs", "Overlay"));
    there.extend(variants("src/driver/operator.rs", "Work"));
    // The terminal is too small for any of them.
    there.insert("too_small".to_owned());
    let mut shown: BTreeSet<String> = SHOWN.iter().map(|(name, _)| (*name).to_owned()).collect();
    for (name, picture, words) in PICTURED {
        assert!(source(picture).contains(words), "{picture} has no {words}");
        shown.insert(name.to_owned());
    }
    assert_eq!(there, shown, "screens, and those that have a snapshot");

    let held = source("tests/screens/everywhere.rs") + &source("tests/screens/rare.rs");
    for name in SHOWN.iter().flat_map(|(_, names)| *names) {
        assert!(
            held.contains(&format!("(\"{name}\")")),
            "{name} is not looked at"
        );
        let path = format!("tests/screens/snapshots/screens__tables__everywhere_{name}.snap");
        let snapshot = source(&path);
        for way in WAYS {
            assert!(snapshot.contains(way), "{path} has no {way}");
        }
    }
}
