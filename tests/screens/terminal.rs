//! A person at a terminal: types, and waits for what must come to the screen.

use std::{
    ffi::OsStr,
    io::{Read as _, Write},
    path::PathBuf,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take to come to the screen.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long nothing must come before a frame counts as whole; less than a tick.
const STILL: Duration = Duration::from_millis(400);

pub struct Terminal {
    screen: Arc<(Mutex<vt100::Parser>, Condvar)>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    keystrokes: usize,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts keymoot at a terminal of 80 by 24.
    pub fn start<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(PathBuf::from(env!("CARGO_BIN_EXE_keymoot")));
        for argument in arguments {
            command.arg(argument);
        }
        command.env("TERM", "linux");
        command.env("LANG", "C.UTF-8");
        command.env_remove("LC_ALL");
        command.env_remove("NO_COLOR");
        command.env_remove("PCSCLITE_CSOCK_NAME");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);

        let (rows, columns) = (24.try_into().unwrap(), 80.try_into().unwrap());
        let parser = vt100::Parser::new(rows, columns, 0);
        let screen = Arc::new((Mutex::new(parser), Condvar::new()));
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
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .process(&bytes[..read]);
                seen.1.notify_all();
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        Self {
            screen,
            keyboard,
            child,
            keystrokes: 0,
            _master: pair.master,
        }
    }

    /// Waits until the screen shows this; where lines break does not matter.
    pub fn expect(&mut self, text: &str) -> &mut Self {
        self.expect_any(&[text]);
        self
    }

    /// Waits until the screen shows one of these, and says which.
    pub fn expect_any(&mut self, texts: &[&str]) -> usize {
        let (screen, changed) = &*self.screen;
        let wanted: Vec<String> = texts.iter().map(|text| squeezed(text)).collect();
        let shown = |parser: &vt100::Parser| {
            let panes = panes(parser);
            wanted
                .iter()
                .position(|text| panes.iter().any(|pane| pane.contains(text)))
        };
        let until = Instant::now() + PATIENCE;
        let mut parser = screen.lock().unwrap();
        loop {
            if let Some(which) = shown(&parser) {
                return which;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{texts:?} did not come; the screen is\n{}",
                parser.screen().contents()
            );
            parser = changed.wait_timeout(parser, left).unwrap().0;
        }
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

    /// The screen, with what differs from run to run taken out.
    pub fn picture(&self) -> String {
        // A picture is taken of a whole frame: once nothing more comes.
        let (screen, changed) = &*self.screen;
        let mut parser = screen.lock().unwrap();
        loop {
            let (after, still) = changed.wait_timeout(parser, STILL).unwrap();
            parser = after;
            if still.timed_out() {
                break;
            }
        }
        let contents = parser.screen().contents();
        let lines = contents.lines().enumerate().map(|(row, line)| {
            let line = line.trim_end();
            match line.strip_prefix("transcript: ") {
                Some(_) => "transcript: (four words)".to_owned(),
                // The clock stands at the right of the first line.
                None if row == 0 => line
                    .chars()
                    .take(50)
                    .collect::<String>()
                    .trim_end()
                    .to_owned(),
                None => line.to_owned(),
            }
        });
        lines.collect::<Vec<_>>().join("\n")
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

/// The column at which the seats' pane begins.
const SEATS: usize = 52;

/// What the screen shows, squeezed: the left pane, the right one, and whole lines.
fn panes(parser: &vt100::Parser) -> [String; 3] {
    let contents = parser.screen().contents();
    let part = |from: usize, count: usize| -> String {
        contents
            .lines()
            .map(|line| line.chars().skip(from).take(count).collect::<String>())
            .collect()
    };
    [
        squeezed(&part(0, SEATS)),
        squeezed(&part(SEATS, 80)),
        squeezed(&contents),
    ]
}

/// Text without white space: where lines break does not matter.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
