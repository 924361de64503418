//! A person at a terminal: types, and waits for what must come to the screen.

use std::{
    ffi::OsStr,
    io::{Read as _, Write},
    num::NonZeroU16,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::{
    frame::{Frame, divider},
    rehearsal::END,
};

/// How long anything may take to come to the screen.
const PATIENCE: Duration = Duration::from_secs(30);

/// What begins a frame and what ends it (synchronized output, DEC mode 2026).
const BEGINS: &[u8] = b"\x1b[?2026h";
const ENDS: &[u8] = b"\x1b[?2026l";

/// What kind of terminal it is.
#[derive(Clone, Copy)]
pub struct Kind {
    pub term: &'static str,
    pub lang: &'static str,
    pub no_color: bool,
    /// Columns and rows.
    pub size: (u16, u16),
}

/// A Linux console.
pub const CONSOLE: Kind = Kind {
    term: "linux",
    lang: "C.UTF-8",
    no_color: false,
    size: (80, 24),
};

pub struct Terminal {
    screen: Arc<(Mutex<Shown>, Condvar)>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    keystrokes: usize,
    master: Box<dyn MasterPty + Send>,
}

/// What has come to the terminal.
struct Shown {
    parser: vt100::Parser,
    /// All of it, as it came.
    written: Vec<u8>,
    /// How much of it was read, where it is written line by line.
    read: usize,
    /// Whether the last frame is whole.
    whole: bool,
    /// The last bytes: a mark may come in two parts.
    tail: Vec<u8>,
    /// The first whole frame.
    first: Option<Frame>,
}

impl Shown {
    fn take(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        if self.first.is_none() {
            let joined = [self.tail.as_slice(), bytes].concat();
            let mut marks = joined.windows(ENDS.len());
            if let Some(at) = marks.position(|part| part == ENDS) {
                let (first, rest) = bytes.split_at(at + ENDS.len() - self.tail.len());
                self.process(first);
                self.first = Some(Frame::of(self.parser.screen()));
                bytes = rest;
            }
        }
        self.process(bytes);
    }

    fn process(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.written.extend_from_slice(bytes);
        self.tail.extend_from_slice(bytes);
        let last = |mark: &[u8]| self.tail.windows(mark.len()).rposition(|part| part == mark);
        match (last(BEGINS), last(ENDS)) {
            (Some(begins), ends) if ends.is_none_or(|ends| ends < begins) => self.whole = false,
            (_, Some(_)) => self.whole = true,
            _ => {}
        }
        let keep = self.tail.len().saturating_sub(BEGINS.len() - 1);
        self.tail.drain(..keep);
    }
}

fn characters(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

impl Terminal {
    /// Starts keymoot at a Linux console of 80 by 24.
    pub fn start<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self::with(CONSOLE, &[], arguments)
    }

    /// Starts keymoot at a terminal, with these variables set.
    pub fn with<A: AsRef<OsStr>>(
        kind: Kind,
        variables: &[(&str, &str)],
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut command = CommandBuilder::new(PathBuf::from(env!("CARGO_BIN_EXE_keymoot")));
        command.args(arguments);
        Self::running(kind, variables, command)
    }

    /// Starts another program with keymoot's path and these arguments, at a Linux console.
    pub fn under<A: AsRef<OsStr>>(
        program: &[&OsStr],
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut command = CommandBuilder::new(program[0]);
        command.args(&program[1..]);
        command.arg(env!("CARGO_BIN_EXE_keymoot"));
        command.args(arguments);
        Self::running(CONSOLE, &[], command)
    }

    fn running(kind: Kind, variables: &[(&str, &str)], mut command: CommandBuilder) -> Self {
        let (columns, rows) = kind.size;
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        command.env("TERM", kind.term);
        command.env("LANG", kind.lang);
        command.env_remove("LC_ALL");
        command.env_remove("LC_CTYPE");
        command.env_remove("NO_COLOR");
        if kind.no_color {
            command.env("NO_COLOR", "1");
        }
        command.env_remove("PCSCLITE_CSOCK_NAME");
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap_or_else(|error| {
            panic!("{error}; `make test-packages` installs what tests need")
        });
        drop(pair.slave);

        let shown = Shown {
            parser: vt100::Parser::new(characters(rows), characters(columns), 0),
            written: Vec::new(),
            read: 0,
            whole: true,
            tail: Vec::new(),
            first: None,
        };
        let screen = Arc::new((Mutex::new(shown), Condvar::new()));
        let seen = Arc::clone(&screen);
        let mut output = pair.master.try_clone_reader().unwrap();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read) = output.read(&mut bytes) {
                if read == 0 {
                    return;
                }
                seen.0
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take(&bytes[..read]);
                seen.1.notify_all();
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        Self {
            screen,
            keyboard,
            child,
            keystrokes: 0,
            master: pair.master,
        }
    }

    /// Waits until `holds` of what is shown, once a frame is whole.
    fn until<T>(&self, what: &str, holds: impl Fn(&Shown) -> Option<T>) -> T {
        let (screen, changed) = &*self.screen;
        let until = Instant::now() + PATIENCE;
        let mut shown = screen.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if shown.whole
                && let Some(found) = holds(&shown)
            {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let contents = shown.parser.screen().contents();
                drop(shown);
                panic!("{what} did not come; the screen is\n{contents}");
            }
            shown = changed
                .wait_timeout(shown, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits until the screen shows this; where lines break does not matter.
    pub fn expect(&mut self, text: &str) -> &mut Self {
        self.expect_any(&[text]);
        self
    }

    /// Waits until the screen shows one of these, and says which.
    pub fn expect_any(&mut self, texts: &[&str]) -> usize {
        let wanted: Vec<String> = texts.iter().map(|text| squeezed(text)).collect();
        self.until(&format!("{texts:?}"), |shown| {
            let panes = panes(&shown.parser);
            wanted
                .iter()
                .position(|text| panes.iter().any(|pane| pane.contains(text)))
        })
    }

    /// Waits for the review of a document, and reads it to its end.
    pub fn read_on(&mut self, document: &str) -> &mut Self {
        let end = format!("to be signed ({document})");
        if self.expect_any(&[&end, "Read on to the end"]) == 1 {
            self.press(END);
        }
        self.expect(&end).expect("first two words")
    }

    /// Waits until this is written after all that was read before, and reads up to
    /// its end: for what is written line by line.
    pub fn read(&mut self, text: &str) -> String {
        self.read_any(&[text]).1
    }

    /// Waits until one of these is written; which, and all up to its end.
    pub fn read_any(&mut self, texts: &[&str]) -> (usize, String) {
        let (which, end) = self.until(&format!("{texts:?}"), |shown| {
            let found = texts.iter().enumerate().filter_map(|(which, text)| {
                let at = find(&shown.written[shown.read..], text)?;
                Some((at, which, at + text.len()))
            });
            found.min().map(|(_, which, end)| (which, end))
        });
        let mut shown = self.shown();
        let read = shown.read;
        shown.read += end;
        let said = String::from_utf8_lossy(&shown.written[read..shown.read]);
        (which, said.into_owned())
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.screen.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the terminal another size, and waits until all of it is drawn anew.
    pub fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.shown()
            .parser
            .screen_mut()
            .set_size(characters(rows), characters(columns));
        self.master.resize(size(columns, rows)).unwrap();
        self.until("another size", |shown| {
            let contents = shown.parser.screen().contents();
            let last = contents.lines().nth(usize::from(rows) - 1)?;
            let drawn = ["F1 help", "Esc back"].iter().any(|key| last.contains(key));
            drawn.then_some(())
        });
        self
    }

    /// Makes the terminal another size, of which nothing more is known.
    pub fn squeeze(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.shown()
            .parser
            .screen_mut()
            .set_size(characters(rows), characters(columns));
        self.master.resize(size(columns, rows)).unwrap();
        self
    }

    /// Presses keys, one by one.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        self.keystrokes += keys.chars().count();
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
        self
    }

    /// Types a line and presses Enter.
    pub fn enter(&mut self, line: &str) -> &mut Self {
        self.press(&format!("{line}\r"))
    }

    /// Keys that a rehearsal has for its simulated devices: no part of a ceremony.
    pub fn by_hand(&mut self, keys: &str) -> &mut Self {
        let before = self.keystrokes;
        self.press(keys);
        self.keystrokes = before;
        self
    }

    pub fn keystrokes(&self) -> usize {
        self.keystrokes
    }

    /// The last whole frame.
    pub fn frame(&self) -> Frame {
        self.until("a whole frame", |shown| {
            Some(Frame::of(shown.parser.screen()))
        })
    }

    /// The first whole frame.
    pub fn first_frame(&self) -> Frame {
        self.until("a first frame", |shown| shown.first.clone())
    }

    /// The screen, with what differs from run to run taken out.
    pub fn picture(&self) -> String {
        self.frame().text()
    }

    /// Whether these bytes ever came to the terminal, wherever they went on the screen.
    pub fn was_sent(&self, text: &str) -> bool {
        find(&self.shown().written, text).is_some()
    }

    /// The number of the program's process.
    pub fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub fn exit_code(&mut self) -> u32 {
        self.child.wait().unwrap().exit_code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a text begins in what was written.
fn find(written: &[u8], text: &str) -> Option<usize> {
    let mut parts = written.windows(text.len());
    parts.position(|part| part == text.as_bytes())
}

/// What the screen shows, squeezed: the left pane, the right one, and whole lines.
fn panes(parser: &vt100::Parser) -> [String; 3] {
    let contents = parser.screen().contents();
    let columns = usize::from(parser.screen().size().1.get());
    let seats = divider(columns).unwrap_or(0);
    let part = |from: usize, count: usize| -> String {
        contents
            .lines()
            .map(|line| line.chars().skip(from).take(count).collect::<String>())
            .collect()
    };
    [
        squeezed(&part(0, seats)),
        squeezed(&part(seats, columns)),
        squeezed(&contents),
    ]
}

/// Text without white space: where lines break does not matter.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
