//! The demonstration: a first root by three holders, one of whom is apart, as moving pictures.
//! `make demo` keeps them in `docs/pictures/`.

use std::{fs, path::Path};

use keymoot::rehearsal::cast;
use keymoot_core::digest::Digest;
use keymoot_record::{
    ceremony::question::{self, last_four},
    transcript::PlanPart,
};
use testkit::{
    programs::keymoot,
    terminal::{Film, Kind, State, Terminal},
};

use super::{
    rehearsal::{
        DOCUMENTS, OUTSIDE, PLUG, TOUCH, agree, all_agree, pauses, pin, plan_words, reading_words,
        serials, takes_bags,
    },
    states::{
        BLINKS, CALL_TO_CLOSE, CALL_TO_ENROL, CALL_TO_SIGN, CLOSING, DIGEST, ENOUGH, FAREWELL,
        HAND_OVER, IDENTIFY, INSERT, NEW_PIN, NEW_PIN_AGAIN, OPENING, REMOVE, REVIEW_END,
        ROLL_CALL, TYPE_PIN,
    },
    tables::SMALL,
};

/// A description of the pictures, for a reader who does not see them.
const ABOUT: &str =
    "A rehearsal: three holders make the first root, one of them away from the table";

/// The key that asks whether to leave.
const LEAVE: &str = "\u{c}";

/// An SVG that a page loads at once.
const LARGEST: usize = 300_000;

/// How long a screen is seen, in milliseconds.
const GLANCE: u32 = 500;
const LOOK: u32 = 1_200;
const READ: u32 = 2_400;

/// A terminal that is filmed.
struct Set<'f> {
    at: Terminal,
    film: &'f mut Film,
}

impl<'f> Set<'f> {
    fn new(film: &'f mut Film, command: &str, arguments: &[&str]) -> Self {
        film.shell(command, "");
        Self {
            at: Terminal::with(SMALL, &[], arguments),
            film,
        }
    }

    /// Waits for a state, and films it.
    fn see<'s>(&mut self, state: impl Into<State<'s>>, milliseconds: u32) -> &mut Self {
        self.at.expect(state);
        let frame = self.at.frame();
        let bytes = self.at.recorded();
        self.film.scene(frame, milliseconds, &bytes);
        self
    }

    /// Types a line, films it, and presses Enter.
    fn enter(&mut self, line: &str) -> &mut Self {
        self.at.press(line);
        self.see("", GLANCE);
        self.at.press("\r");
        self
    }

    /// Moves a simulated device.
    fn hand(&mut self, key: &str) -> &mut Self {
        self.at.press(key);
        self
    }

    /// A holder with a new device, from its insertion until it is out again.
    fn enrol(&mut self, n: usize, serial: u32) -> &mut Self {
        self.see(INSERT, GLANCE).hand(PLUG);
        self.see(IDENTIFY, LOOK).enter(&last_four(serial));
        self.see(NEW_PIN, LOOK).enter(&pin(n));
        self.see(NEW_PIN_AGAIN, GLANCE).enter(&pin(n));
        self.see(BLINKS, LOOK).hand(TOUCH)
    }

    /// A holder signs all documents.
    fn sign(&mut self, n: usize) {
        self.see(CALL_TO_SIGN, LOOK).enter(&n.to_string());
        self.see(INSERT, GLANCE).hand(PLUG);
        self.see(TYPE_PIN, GLANCE).enter(&pin(n));
        for name in DOCUMENTS {
            let what = format!("the signature on {name}");
            self.at.expect(BLINKS.with(&what));
            self.see(BLINKS, GLANCE).hand(TOUCH);
        }
        self.see(REMOVE, GLANCE).hand(PLUG);
    }

    /// A holder signs the manifest.
    fn close(&mut self, n: usize) {
        self.see(CALL_TO_CLOSE, GLANCE).enter(&n.to_string());
        self.see(INSERT, GLANCE).hand(PLUG);
        self.see(TYPE_PIN, GLANCE).enter(&pin(n));
        self.see(BLINKS, GLANCE).hand(TOUCH);
        self.see(REMOVE, GLANCE).hand(PLUG);
    }

    fn end(mut self) -> i32 {
        self.at.exit_code()
    }
}

/// Runs a command in a folder, and films it as it was typed at a shell.
fn shell(film: &mut Film, folder: &Path, line: &str) -> String {
    let output = keymoot()
        .current_dir(folder)
        .args(line.split(' '))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let failed = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{line}: {said}{failed}");
    film.shell(&format!("keymoot {line}"), &said);
    said
}

#[test]
fn the_demonstration_is_a_verified_ceremony_in_a_picture_that_loads_at_once() {
    // A name that looks well on the screen.
    let folder = tempfile::Builder::new().prefix("keymoot-").tempdir();
    let folder = folder.unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (dir, out) = (path("ceremony"), path("bundle"));
    let Kind {
        size: (columns, rows),
        ..
    } = SMALL;
    let mut film = Film::new(columns, rows);

    let policy = include_str!("../../ceremony-scripts/policy.toml")
        .replace("holders = 9", "holders = 3")
        .replace("threshold = 5", "threshold = 2");
    fs::write(path("policy.toml"), cast::with_online_key(&policy).unwrap()).unwrap();
    let policy = path("policy.toml");
    let begin = ["rehearse", "--holders", "3", "--policy", &policy];
    let begin = [&begin[..], &["--seed", "7", "--dir", &dir, "--out", &out]].concat();
    let typed = "keymoot rehearse --holders 3 --policy policy.toml";
    let mut room = Set::new(&mut film, typed, &begin);
    agree(&mut room.at);
    for part in PlanPart::ALL {
        let compared = format!("digest of the {} (", part.name());
        room.at.expect(DIGEST.with(&compared));
        let words = plan_words(dir.as_ref(), part);
        room.see("first two words", LOOK).enter(&words);
    }
    room.see(OPENING, READ)
        .enter("bag 17")
        .enter("12:00")
        .enter(OUTSIDE);
    room.see("type confirm", GLANCE).enter("confirm");
    // Space marks the next holder; a second time, as apart.
    room.see(ROLL_CALL, LOOK).hand("    3 ");
    room.see("[a] apart", LOOK).enter("present");
    let serials = serials(dir.as_ref());
    for n in 1..=2 {
        room.see(CALL_TO_ENROL, LOOK).enter(&n.to_string());
        room.enrol(n, serials[n - 1]);
        room.see(HAND_OVER, GLANCE).enter("taken");
        room.see(REMOVE, GLANCE).hand(PLUG);
    }
    room.see("Apart, to be asked: holder-3", READ).hand(LEAVE);
    room.see("To leave, type leave", GLANCE).enter("leave");
    assert_eq!(room.end(), 4);

    let asked = "request ceremony --to holder-3 --by mail -o request.json";
    shell(&mut film, folder.path(), asked);
    let request = Digest::of(&fs::read(path("request.json")).unwrap());
    let words = question::reading_words(&request);
    let (request, answer, turn) = (path("request.json"), path("answer.json"), path("turn"));
    let answering = [
        "answer",
        &request,
        "--rehearsal",
        "--devices",
        &dir,
        "--expect",
        "rehearsal-small",
        "-o",
        &answer,
        "--dir",
        &turn,
    ];
    let mut home = Set::new(
        &mut film,
        "keymoot answer request.json -o answer.json    # at home, on holder-3's machine",
        &answering,
    );
    home.see("asks you to make a key", READ);
    home.at.page_down("Type the first two words");
    home.see("Type the first two words", READ)
        .enter(&format!("{words} phone"));
    home.see("Your turn begins now", GLANCE).enter("");
    home.enrol(3, serials[2]);
    home.see("the statement over your answer", LOOK).hand(TOUCH);
    home.at
        .expect("in the folder of your turn:")
        .expect("/turn/escrow/");
    home.see("or taken if you have a copy", GLANCE)
        .enter("taken");
    home.see("Take your device out", GLANCE).hand(PLUG);
    home.see("Your answer is written", READ).enter("done");
    assert_eq!(home.end(), 0);

    shell(&mut film, folder.path(), "collect ceremony answer.json");
    let resume = ["resume", &dir];
    let mut room = Set::new(&mut film, "keymoot resume ceremony", &resume);
    room.see("type enough and Enter", LOOK).enter("enough");
    pauses(&mut room.at);
    for name in DOCUMENTS {
        room.see("What changes in", LOOK);
        room.at.read_on(name);
        let words = reading_words(dir.as_ref(), name);
        room.see(REVIEW_END, LOOK).enter(&words);
    }
    all_agree(&mut room.at);
    for n in 1..=2 {
        room.sign(n);
    }
    room.see(ENOUGH, READ).enter("enough");
    takes_bags(&mut room.at);
    room.see(CLOSING, LOOK).enter("confirm");
    for n in 1..=2 {
        room.close(n);
    }
    room.see(ENOUGH, GLANCE).enter("enough");
    let still = room.film.scenes();
    room.see(FAREWELL, READ).enter("done");
    assert_eq!(room.end(), 0);
    let verify = "verify bundle --rehearsal --expect rehearsal-small";
    let verdict = shell(&mut film, folder.path(), verify);
    assert!(verdict.contains("rules passed"), "{verdict}");

    let svg = film.svg(ABOUT, still);
    assert!(svg.len() < LARGEST, "{} bytes", svg.len());
    if std::env::var_os("KEYMOOT_DEMO").is_some() {
        let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
        fs::write(pictures.join("demo.svg"), svg).unwrap();
        fs::write(pictures.join("demo.cast"), film.cast(ABOUT)).unwrap();
    }
}
