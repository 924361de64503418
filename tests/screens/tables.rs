//! People at four terminals at once, with the same input: in colour at 80×24, without
//! colours, where only ASCII can be shown, and in colour at 120×40.

use std::{ffi::OsString, fs, ops::Range, path::PathBuf};

use super::rehearsal::read_digests;
use testkit::terminal::{CONSOLE, Frame, Kind, State, Terminal, same_picture};

pub(crate) const SMALL: Kind = Kind {
    term: "xterm-256color",
    lang: "C.UTF-8",
    no_color: false,
    size: (80, 24),
};

const KINDS: [Kind; 4] = [
    SMALL,
    Kind {
        no_color: true,
        ..SMALL
    },
    Kind {
        term: "linux",
        lang: "C",
        ..SMALL
    },
    Kind {
        size: (120, 40),
        ..SMALL
    },
];

/// The file for the Linux console's bytes and screens, for `make image-test`. Then that console
/// is the only terminal, and nothing is compared.
fn recordings() -> Option<PathBuf> {
    std::env::var_os("KEYMOOT_CONSOLE").map(PathBuf::from)
}

/// The console of the live machine, whose screen is 1280 by 800.
const LIVE_MACHINE: Kind = Kind {
    size: (80, 25),
    ..CONSOLE
};

/// How a snapshot names the four.
pub(crate) const WAYS: [&str; 4] = [
    "== 80 by 24 ==",
    "== NO_COLOR ==",
    "== LANG=C ==",
    "== 120 by 40 ==",
];

/// Nothing in a picture differs from run to run.
pub(crate) const STEADY: Range<usize> = 0..0;

pub(crate) struct Tables {
    folder: tempfile::TempDir,
    pub tables: Vec<Terminal>,
    /// Pictures of the documentation that no longer match.
    pub mistaken: Vec<String>,
}

impl Tables {
    /// Begins a rehearsal at each.
    pub(crate) fn rehearse(more: &[&str]) -> Self {
        Self::begin(&[], |dir| {
            let begin = ["rehearse", "--seed", "7"].iter().chain(more);
            let mut arguments: Vec<OsString> = begin.map(Into::into).collect();
            arguments.extend(["--dir".into(), dir.into_os_string()]);
            arguments
        })
    }

    /// Begins something in a folder at each, with these variables set.
    pub(crate) fn begin(
        variables: &[(&str, &str)],
        arguments: impl Fn(PathBuf) -> Vec<OsString>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let begin = |(at, kind): (usize, &Kind)| {
            let dir = folder.path().join(at.to_string());
            Terminal::with(*kind, variables, arguments(dir))
        };
        let kinds = match recordings() {
            Some(_) => &[LIVE_MACHINE][..],
            None => &KINDS,
        };
        let tables = kinds.iter().enumerate().map(begin).collect();
        Self {
            folder,
            tables,
            mistaken: Vec::new(),
        }
    }

    /// Everybody reads the four digests before the first step.
    pub(crate) fn read_digests(&mut self) -> &mut Self {
        for (at, table) in self.tables.iter_mut().enumerate() {
            read_digests(table, &self.folder.path().join(at.to_string()));
        }
        self
    }

    pub(crate) fn dir(&self, at: usize) -> PathBuf {
        self.folder.path().join(at.to_string())
    }

    pub(crate) fn each(&mut self, act: impl Fn(&mut Terminal)) -> &mut Self {
        self.tables.iter_mut().for_each(act);
        self
    }

    pub(crate) fn expect<'s>(&mut self, state: impl Into<State<'s>>) -> &mut Self {
        let state = state.into();
        self.each(|at| {
            at.expect(state);
        })
    }

    pub(crate) fn enter(&mut self, line: &str) -> &mut Self {
        self.each(|at| {
            at.enter(line);
        })
    }

    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        self.each(|at| {
            at.press(keys);
        })
    }

    /// Takes the screen everywhere, and compares it with the reviewed snapshot.
    pub(crate) fn see(&mut self, name: &str) -> &mut Self {
        if let Some(folder) = recordings() {
            return self.record(name, folder);
        }
        let frames = self.tables.iter_mut().map(Terminal::frame).collect();
        self.hold(name, frames)
    }

    /// Takes the screen that is there first.
    pub(crate) fn see_first(&mut self, name: &str) -> &mut Self {
        if let Some(folder) = recordings() {
            return self.record(name, folder);
        }
        let frames = self.tables.iter_mut().map(Terminal::first_frame).collect();
        self.hold(name, frames)
    }

    /// Writes the console's bytes since the last screen, and its present screen.
    fn record(&mut self, name: &str, folder: PathBuf) -> &mut Self {
        let test = std::thread::current();
        let test = test.name().unwrap_or_default().replace("::", "-");
        let folder = folder.join(test);
        fs::create_dir_all(&folder).unwrap();
        let number = fs::read_dir(&folder).unwrap().count() / 2;
        let (bytes, shown) = self.tables[0].record();
        fs::write(folder.join(format!("{number:03}-{name}.bytes")), bytes).unwrap();
        fs::write(folder.join(format!("{number:03}-{name}.txt")), shown).unwrap();
        self
    }

    fn hold(&mut self, name: &str, frames: Vec<Frame>) -> &mut Self {
        let texts: Vec<String> = frames.iter().map(Frame::text).collect();
        let [small, plain, ascii, large] = texts.as_slice() else {
            panic!("four terminals");
        };
        let has_any = !small.contains("Make it larger");
        assert_eq!(frames[0].is_coloured(), has_any, "{name} in colour");
        assert!(!frames[1].is_coloured(), "{name} without colours");
        assert!(ascii.is_ascii(), "{name}:\n{ascii}");
        for text in &texts {
            let word = text.lines().next().unwrap_or_default().trim_start();
            assert!(
                ["REHEARSAL", "LIVE"]
                    .iter()
                    .any(|mode| word.starts_with(mode))
            );
        }
        let plain = match plain == small {
            true => "the same without any colour",
            false => plain,
        };
        let told = WAYS.iter().zip([small, plain, ascii, large]);
        let told: Vec<_> = told.map(|(way, text)| format!("{way}\n{text}")).collect();
        insta::assert_snapshot!(format!("everywhere_{name}"), told.join("\n\n"));
        self
    }

    /// Takes a picture for the documentation. In a row that varies, or in what is
    /// left out, it may differ from the one that is there.
    pub(crate) fn picture(&mut self, name: &str, about: &str, varying: Range<usize>) -> &mut Self {
        if recordings().is_some() {
            return self;
        }
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
