//! A person at a terminal: types, and waits until the program waits.
//!
//! It reads a screen, and types, only when the program is at rest. All output of the program is
//! then on the screen, it has read all input, and all its processes sleep. The last frame is whole
//! and shows the newest entry of the transcript. No time is waited for.

mod film;
mod frame;
mod pty;
mod shown;
mod state;
mod steady;

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::{Child, ExitStatus},
    time::{Duration, Instant},
};

pub use self::{
    film::Film,
    frame::{Frame, same_picture},
    state::State,
};
use self::{
    pty::Pty,
    shown::{Shown, find},
    state::Newest,
};
use crate::{asleep::Asleep, programs::program};

/// A program that has not come to rest after this time is broken.
const PATIENCE: Duration = Duration::from_secs(120);

/// How soon a program that does not write is looked at again.
const GLANCE: Duration = Duration::from_millis(10);

/// The PgDn key.
const PAGE_DOWN: &str = "\u{1b}[6~";

/// What kind of terminal it is.
#[derive(Clone, Copy)]
pub struct Kind {
    /// The value of `TERM`.
    pub term: &'static str,
    /// The value of `LANG`.
    pub lang: &'static str,
    /// Whether `NO_COLOR` is set.
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

/// A terminal at which keymoot runs.
pub struct Terminal {
    pty: Pty,
    shown: Shown,
    child: Child,
    /// The folder of the ceremony.
    ceremony: Option<PathBuf>,
    keystrokes: usize,
    /// How many bytes of what came were recorded.
    recorded: usize,
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
        Self::running(kind, variables, Vec::new(), arguments)
    }

    /// Starts another program with keymoot's path and these arguments, at a Linux console.
    pub fn under<A: AsRef<OsStr>>(
        program: impl IntoIterator<Item = OsString>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self::running(CONSOLE, &[], program.into_iter().collect(), arguments)
    }

    fn running<A: AsRef<OsStr>>(
        kind: Kind,
        variables: &[(&str, &str)],
        mut words: Vec<OsString>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let arguments: Vec<OsString> = arguments
            .into_iter()
            .map(|a| a.as_ref().to_owned())
            .collect();
        // `--dir FOLDER`, or `resume FOLDER`.
        let mut pairs = arguments.windows(2);
        let ceremony = pairs.find(|pair| pair[0] == "--dir" || pair[0] == "resume");
        let ceremony = ceremony.map(|pair| PathBuf::from(&pair[1]));
        words.push(program().into());
        words.extend(arguments);
        let (columns, rows) = kind.size;
        let pty = Pty::open(columns, rows).unwrap();
        let child = pty.spawn(&words, |command| {
            command.env("TERM", kind.term).env("LANG", kind.lang);
            for without in ["LC_ALL", "LC_CTYPE", "NO_COLOR", "PCSCLITE_CSOCK_NAME"] {
                command.env_remove(without);
            }
            if kind.no_color {
                command.env("NO_COLOR", "1");
            }
            command.envs(variables.iter().copied());
        });
        Self {
            pty,
            shown: Shown::new(columns, rows),
            child: child.expect("setsid, of util-linux, is needed"),
            ceremony,
            keystrokes: 0,
            recorded: 0,
        }
    }

    /// Takes what the program wrote.
    fn drain(&mut self) {
        let mut bytes = [0; 1 << 14];
        while self.pty.is_written().unwrap() {
            let read = self.pty.read(&mut bytes).unwrap();
            self.shown.take(&bytes[..read]);
        }
    }

    /// The result of `holds` on the screen, if the program is at rest and all its output was
    /// taken. The cheapest check comes first: the program needs the processor, too.
    fn at_rest<T>(&self, holds: impl Fn(&Self) -> Option<T>) -> Option<T> {
        let before = Asleep::of(self.child.id())?;
        if self.pty.is_typed().unwrap() || self.pty.is_written().unwrap() || !self.shown.is_whole()
        {
            return None;
        }
        let found = holds(self).filter(|_| self.shows_newest())?;
        (Asleep::of(self.child.id())? == before).then_some(found)
    }

    /// The newest entry of the transcript.
    fn newest(&self) -> Option<Newest> {
        Newest::of(self.ceremony.as_ref()?)
    }

    /// Whether the frame is one of after the newest entry.
    fn shows_newest(&self) -> bool {
        let contents = self.shown.contents();
        let head = contents
            .lines()
            .find(|line| line.starts_with("transcript: "));
        match (head, self.newest()) {
            (Some(head), Some(newest)) => head.contains(&newest.words),
            // Lines, or a terminal that is too small: neither has a row for the head.
            _ => true,
        }
    }

    /// Waits until the program is at rest and `holds` of the screen.
    fn until<T>(&mut self, what: &str, holds: impl Fn(&Self) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            let asleep = Asleep::of(self.child.id());
            self.drain();
            if let Some(found) = self.at_rest(&holds) {
                return found;
            }
            assert!(
                !asleep.is_some_and(|asleep| asleep.have_ended()),
                "the program ended, and {what} did not come; the screen is\n{}",
                self.shown.contents()
            );
            assert!(
                Instant::now() < until,
                "{what} did not come; the newest entry is {:?}, asleep is {:?}, and the screen is\n{}",
                self.newest(),
                Asleep::of(self.child.id()),
                self.shown.contents()
            );
            self.pty.wait(GLANCE).unwrap();
        }
    }

    /// Waits until the program shows this.
    pub fn expect<'s>(&mut self, state: impl Into<State<'s>>) -> &mut Self {
        self.expect_any([state.into()]);
        self
    }

    /// Waits until the program shows one of these, and says which.
    pub fn expect_any<'s, S: Into<State<'s>>>(
        &mut self,
        states: impl IntoIterator<Item = S>,
    ) -> usize {
        let states: Vec<State<'_>> = states.into_iter().map(Into::into).collect();
        self.until(&format!("{states:?}"), |at| {
            let newest = at.newest();
            states
                .iter()
                .position(|state| at.shown.shows(state.words) && state.is_after(newest.as_ref()))
        })
    }

    /// Waits for the review of a document, and reads it page by page to its end.
    pub fn read_on(&mut self, document: &str) -> &mut Self {
        let end = format!("to be signed ({document})");
        self.expect_any([end.as_str(), "Read on to the end"]);
        self.page_down("first two words").expect(&end)
    }

    /// Presses PgDn until all was shown, and the question is there.
    pub fn page_down(&mut self, confirmed: &str) -> &mut Self {
        while self.expect_any([confirmed, "Read on to the end"]) == 1 {
            let before = self.shown.contents();
            self.press(PAGE_DOWN);
            self.until("another page", |at| {
                (at.shown.contents() != before).then_some(())
            });
        }
        self
    }

    /// Waits until this is written after everything read before, and reads up to
    /// its end: for output line by line.
    pub fn read(&mut self, text: &str) -> String {
        self.read_any(&[text]).1
    }

    /// Waits until one of these is written; which, and all up to its end.
    pub fn read_any(&mut self, texts: &[&str]) -> (usize, String) {
        let (which, end) = self.until(&format!("{texts:?}"), |at| {
            let unread = &at.shown.written[at.shown.read..];
            let found = texts.iter().enumerate().filter_map(|(which, text)| {
                let at = find(unread, text)?;
                Some((at, which, at + text.len()))
            });
            found.min().map(|(_, which, end)| (which, end))
        });
        let read = self.shown.read;
        self.shown.read += end;
        let said = String::from_utf8_lossy(&self.shown.written[read..self.shown.read]);
        (which, said.into_owned())
    }

    /// Makes the terminal another size, and waits until all of it is drawn again.
    pub fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.squeeze(columns, rows);
        self.until("another size", |at| {
            let contents = at.shown.contents();
            let last = contents.lines().nth(usize::from(rows) - 1)?;
            let drawn = ["F1 help", "Esc back"].iter().any(|key| last.contains(key));
            drawn.then_some(())
        });
        self
    }

    /// Makes the terminal another size, and waits for nothing.
    pub fn squeeze(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.drain();
        self.shown.resize(columns, rows);
        self.pty.resize(columns, rows).unwrap();
        self
    }

    /// Presses keys, one by one, once the program waits for some.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        self.until("an end of what is under way", |_| Some(()));
        self.keystrokes += keys.chars().count();
        self.pty.write(keys.as_bytes()).unwrap();
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

    /// How many keys were pressed by people.
    pub fn keystrokes(&self) -> usize {
        self.keystrokes
    }

    /// The screen at rest.
    pub fn frame(&mut self) -> Frame {
        self.until("a whole frame", |at| {
            at.shown.is_drawn().then(|| at.shown.frame())
        })
    }

    /// The first whole frame.
    pub fn first_frame(&mut self) -> Frame {
        self.until("a first frame", |at| at.shown.first.clone())
    }

    /// The screen, with what differs from run to run taken out.
    pub fn picture(&mut self) -> String {
        self.frame().text()
    }

    /// Whether the program ever sent these bytes to the terminal.
    pub fn was_sent(&self, text: &str) -> bool {
        find(&self.shown.written, text).is_some()
    }

    /// What a terminal without an alternate screen, such as the Linux console, shows by now, on which
    /// this text was before the program started.
    pub fn on_a_console(&self, before: &str) -> String {
        self.shown.on_a_console(before)
    }

    /// The bytes that the terminal received since the last call.
    pub fn recorded(&mut self) -> Vec<u8> {
        let new = self.shown.written[self.recorded..].to_vec();
        self.recorded = self.shown.written.len();
        new
    }

    /// The bytes since the last call, and the emulator's present screen.
    pub fn record(&mut self) -> (Vec<u8>, String) {
        self.frame();
        (self.recorded(), self.shown.contents())
    }

    /// The number of the program's process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the program's end.
    pub fn exit_code(&mut self) -> i32 {
        let ended: ExitStatus = loop {
            self.drain();
            match self.child.try_wait().unwrap() {
                Some(ended) => break ended,
                None => self.pty.wait(GLANCE).unwrap(),
            };
        };
        ended.code().expect("the program was ended by a signal")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::Terminal;

    #[test]
    fn nothing_is_typed_before_what_was_typed_has_been_dealt_with() {
        let works = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done";
        let script = format!("echo ready; while read n; do {works}; echo done $n; done");
        let words = ["sh", "-c", &script].map(OsString::from);
        let mut at = Terminal::under(words, [""; 0]);
        at.expect("ready");
        for n in 1..=20 {
            at.enter(&n.to_string());
            // No key, once the program waits for one.
            at.press("");
            assert!(at.was_sent(&format!("done {n}")));
        }
    }
}
