//! Every screen through a whole rehearsal, held at four terminals at once: in colour
//! at 80×24 and at 120×40, without colours, and where only ASCII can be shown. The
//! pictures of the documentation are taken on the way.

use std::{fs, ops::Range, path::PathBuf};

use keymoot::ceremony::question::last_four;

use super::{
    frame::same_picture,
    rehearsal::{DOCUMENTS, END, ESCAPE, PLUG, TOUCH, pin, reading_words, serials},
    terminal::{Kind, Terminal},
};

/// The terminals; the first is also seen at other sizes.
const KINDS: [Kind; 3] = [
    Kind {
        term: "xterm-256color",
        lang: "C.UTF-8",
        no_color: false,
    },
    Kind {
        term: "xterm-256color",
        lang: "C.UTF-8",
        no_color: true,
    },
    Kind {
        term: "linux",
        lang: "C",
        no_color: false,
    },
];

/// The table of the first kind again, at a large terminal.
const LARGE: usize = KINDS.len();

/// Nothing in a picture differs from run to run.
const STEADY: Range<usize> = 0..0;

/// People at their terminals, doing the same.
struct Tables {
    folder: tempfile::TempDir,
    tables: Vec<Terminal>,
    mistaken: Vec<String>,
}

impl Tables {
    fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = |at: usize| folder.path().join(at.to_string());
        let start = |(at, kind): (usize, &Kind)| {
            let dir = dir(at);
            Terminal::of(
                *kind,
                ["rehearse", "--seed", "7", "--dir", dir.to_str().unwrap()],
            )
        };
        let kinds = KINDS.iter().chain([&KINDS[0]]);
        let mut tables: Vec<_> = kinds.enumerate().map(start).collect();
        tables[LARGE]
            .expect("Number of the tamper-evident bag")
            .resize(120, 40);
        Self {
            folder,
            tables,
            mistaken: Vec::new(),
        }
    }

    fn dir(&self, at: usize) -> PathBuf {
        self.folder.path().join(at.to_string())
    }

    fn each(&mut self, act: impl Fn(&mut Terminal)) -> &mut Self {
        self.tables.iter_mut().for_each(act);
        self
    }

    fn expect(&mut self, text: &str) -> &mut Self {
        self.each(|at| {
            at.expect(text);
        })
    }

    fn enter(&mut self, line: &str) -> &mut Self {
        self.each(|at| {
            at.enter(line);
        })
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        self.each(|at| {
            at.press(keys);
        })
    }

    /// Looks at the screen everywhere, and holds it against what somebody has read.
    fn see(&mut self, name: &str) -> &mut Self {
        let small = self.look(name);
        let large = self.tables[LARGE].picture();
        let ascii = self.tables[2].picture();
        let all = format!("{small}\n\n== 120 by 40 ==\n{large}\n\n== LANG=C ==\n{ascii}");
        insta::assert_snapshot!(format!("everywhere_{name}"), all);
        self
    }

    /// Looks at a screen whose text differs from run to run.
    fn look(&mut self, name: &str) -> String {
        let [coloured, plain, ascii] = [0, 1, 2].map(|at| self.tables[at].frame());
        assert!(coloured.is_coloured(), "{name} is in colour");
        assert!(!plain.is_coloured(), "{name} without colours");
        assert!(ascii.text().is_ascii(), "{name}:\n{}", ascii.text());
        for frame in [&coloured, &plain, &ascii] {
            assert!(frame.text().starts_with(" REHEARSAL - nothing here counts"));
        }
        coloured.text()
    }

    /// Takes a picture for the documentation. In a row that varies, or in what is
    /// left out, it may differ from the one that is there.
    fn picture(&mut self, name: &str, about: &str, varying: Range<usize>) -> &mut Self {
        let svg = self.tables[0].frame().svg(about, &varying);
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("docs/pictures")
            .join(format!("{name}.svg"));
        if std::env::var_os("KEYMOOT_PICTURES").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, svg).unwrap();
            return self;
        }
        let same = fs::read_to_string(&path).is_ok_and(|before| same_picture(&before, &svg));
        if !same {
            self.mistaken.push(name.to_owned());
        }
        self
    }
}

#[test]
fn every_screen_is_the_same_everywhere_and_the_pictures_match() {
    let mut all = Tables::begin();
    all.expect("Number of the tamper-evident bag")
        .expect("is out; Ctrl-N inserts")
        .see("a_step_is_confirmed")
        .picture(
            "confirm",
            "A step that is confirmed: words to read aloud, and fields to fill in",
            STEADY,
        );
    all.press("\u{7}").expect("this help").see("help");
    all.press(ESCAPE).expect("Number of the tamper-evident bag");
    all.press(ESCAPE).expect("Ways on").see("ways_on");
    all.enter("1")
        .expect("A note for the transcript")
        .see("note");
    all.press(ESCAPE).expect("Number of the");
    all.press("\u{5}").expect("An exception").see("exception");
    all.press(ESCAPE).expect("Number of the");
    all.press("\u{c}")
        .expect("To leave, type leave")
        .see("leave");
    all.press(ESCAPE).expect("Number of the");
    all.press("\u{2}")
        .expect("An intermission")
        .see("intermission");
    all.enter("1, 2, 3").enter("a witness").enter("13:00");
    all.enter("pause").expect("The ceremony stands still");
    all.expect("entry 5: note").see("people_are_away");
    all.enter("1 to 9").enter("whole").enter("return");
    all.expect("entry 6: note");
    too_small(&mut all.tables[1]);
    all.enter("bag 17").enter("12:00").expect("type confirm");
    all.enter("confirm").expect("Space marks who answers");
    all.press(&" ".repeat(9)).expect("[x] present 9");
    all.see("roll_call").enter("present");

    let serials = serials(&all.dir(0));
    all.expect("Call the next holder to make a key")
        .see("whose_turn");
    all.picture(
        "whose-turn",
        "Whose turn it is, with the seats beside it",
        STEADY,
    );
    for (n, serial) in (1..=9).zip(serials) {
        all.expect("Call the next holder to make a key");
        all.enter(&n.to_string()).expect("Insert your device");
        if n == 1 {
            all.expect("is out; Ctrl-N inserts").see("insert");
        }
        all.press(PLUG).expect("Type its last four digits");
        if n == 1 {
            all.expect("is in; Ctrl-N unplugs").see("is_this_yours");
            all.picture(
                "is-this-yours",
                "The holder reads the number off the device",
                STEADY,
            );
        }
        all.enter(&last_four(serial)).expect("New PIN, first time");
        if n == 1 {
            all.press("48").expect("2 typed").see("new_pin");
            all.press("\u{15}");
        }
        all.enter(&pin(n)).expect("New PIN, second time");
        if n == 1 {
            all.see("new_pin_again");
        }
        all.enter(&pin(n)).expect("BLINKS");
        if n == 1 {
            all.expect("BLINKS: Ctrl-T touches").see("touch");
            all.picture("touch", "The device blinks and waits to be touched", STEADY);
        }
        all.press(TOUCH).expect("Take your device out");
        if n == 1 {
            all.expect("is in; Ctrl-N unplugs").see("remove");
        }
        all.press(PLUG);
    }

    all.expect("or type enough").see("spares").enter("enough");
    all.expect("Read on to the end").look("review");
    all.picture("review", "What changes comes first", STEADY);
    all.press("/")
        .expect("Find in the document")
        .enter("threshold");
    all.expect("\"threshold\": 5").look("found");
    all.press(END)
        .expect("first two words")
        .look("review's end");
    all.press("\u{4}")
        .expect("SHA-256 of root.json")
        .look("digest");
    all.each(|at| {
        at.expect_any(&["Scan: it is the digits", "No code is shown"]);
    });
    all.picture(
        "digest",
        "The digest as a QR code, in hexadecimal and in words",
        3..20,
    );
    all.press("\u{1b}[C")
        .expect("root.json: words 1 to")
        .look("large type");
    all.picture("large-type", "The words in large type", 3..20);
    all.press(ESCAPE).expect("first two words");
    for name in DOCUMENTS {
        all.each(|at| {
            at.read_on(name);
        });
        for at in 0..all.tables.len() {
            let words = reading_words(&all.dir(at), name);
            all.tables[at].enter(&words);
        }
    }

    for n in 1..=5 {
        all.expect("Call the next holder to sign")
            .enter(&n.to_string());
        all.expect("Insert your device, YubiKey");
        if n == 1 {
            all.expect("is out; Ctrl-N inserts")
                .see("insert_the_enrolled");
        }
        all.press(PLUG).expect("PIN, then Enter");
        if n == 1 {
            all.expect("is in; Ctrl-N unplugs").see("pin");
        }
        all.enter(&pin(n)).expect("BLINKS").look("touch to sign");
        if n == 4 {
            all.press(PLUG).expect("was taken out while it was at work");
            all.expect("is out; Ctrl-N inserts").see("unplugged");
            all.picture(
                "unplugged",
                "A mishap, what is safe, and the ways on",
                STEADY,
            );
            all.enter("again").expect("Insert your device").press(PLUG);
            all.expect("BLINKS");
            all.picture(
                "signing",
                "holder-4 is about to sign, as the fourth of at least five",
                5..10,
            );
        }
        for name in DOCUMENTS {
            all.expect(&format!("the signature on {name}"))
                .expect("BLINKS");
            all.press(TOUCH);
        }
        all.expect("Take your device out").press(PLUG);
    }
    all.expect("or type enough").see("the_quorum_has_signed");
    all.enter("enough")
        .expect("Anything to record?")
        .expect("type confirm");
    all.enter("confirm");
    for n in 1..=5 {
        all.expect("Call the next holder to sign the manifest");
        all.enter(&n.to_string()).expect("Insert your device");
        all.press(PLUG).expect("PIN, then Enter").enter(&pin(n));
        all.expect("BLINKS")
            .press(TOUCH)
            .expect("Take your device out");
        if n == 1 {
            all.press(ESCAPE)
                .expect("Ways on")
                .look("ways on while waiting");
            all.press(ESCAPE).expect("Take your device out");
        }
        all.press(PLUG);
    }
    all.expect("or type enough").enter("enough");
    all.expect("The ceremony is over").look("the end");
    all.picture("end", "What left the room, and its digest", 4..18);
    all.enter("done");
    for at in &mut all.tables {
        assert_eq!(at.exit_code(), 0);
    }
    assert!(
        all.mistaken.is_empty(),
        "these pictures in docs/pictures no longer match the screens: {}. Look at them, then: make pictures",
        all.mistaken.join(", ")
    );
}

/// A terminal that is too small says so, and nothing is lost.
fn too_small(at: &mut Terminal) {
    at.expect("Number of the tamper-evident bag").press("b");
    at.squeeze(79, 24)
        .expect("this terminal has 79 columns and 24 rows");
    at.squeeze(20, 6).expect("REHEARSAL");
    // What is typed at what cannot be read answers nothing.
    at.press("x");
    at.resize(200, 60).expect("> b_");
    at.resize(80, 24).press("\u{15}");
}
