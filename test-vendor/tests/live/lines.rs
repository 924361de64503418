//! The administrator at a terminal that shows a ceremony line by line.
//!
//! The output stays, so a test reads on from where it stopped: the next question can
//! be no earlier one.

use std::{
    io::{Read as _, Write},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

/// The program is broken if it writes nothing for this long.
const PATIENCE: Duration = Duration::from_secs(120);

/// The whole output, and whether more can come.
#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    ended: bool,
}

pub(crate) struct Lines {
    written: Arc<(Mutex<Written>, Condvar)>,
    read: usize,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
}

impl Lines {
    /// Starts a program at a terminal of its own.
    pub(crate) fn start(command: CommandBuilder) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        let written = Arc::new((Mutex::new(Written::default()), Condvar::new()));
        let shared = Arc::clone(&written);
        thread::spawn(move || {
            // The terminal stays open as long as something reads from it.
            let _master = pair.master;
            let mut bytes = [0; 4096];
            loop {
                let read = output.read(&mut bytes).unwrap_or(0);
                let mut written = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
                written.bytes.extend_from_slice(&bytes[..read]);
                written.ended = read == 0;
                shared.1.notify_all();
                if written.ended {
                    return;
                }
            }
        });
        Self {
            written,
            read: 0,
            keyboard,
            child,
        }
    }

    /// Waits until one of these is written, and reads up to its end; returns which, and the text.
    pub(crate) fn read_any(&mut self, texts: &[&str]) -> (usize, String) {
        let (written, changed) = &*self.written;
        let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let found = texts.iter().enumerate().filter_map(|(which, text)| {
                let at = find(&written.bytes[self.read..], text.as_bytes())?;
                Some((at, which, at + text.len()))
            });
            if let Some((_, which, end)) = found.min() {
                let from = self.read;
                self.read += end;
                let read = String::from_utf8_lossy(&written.bytes[from..self.read]);
                return (which, read.into_owned());
            }
            let before = written.bytes.len();
            let (now, waited) = changed
                .wait_timeout(written, PATIENCE)
                .unwrap_or_else(PoisonError::into_inner);
            let stuck = waited.timed_out() && now.bytes.len() == before;
            if stuck || now.ended && now.bytes.len() == before {
                let all = String::from_utf8_lossy(&now.bytes).into_owned();
                drop(now);
                panic!("{texts:?} did not come; all that was written:\n{all}");
            }
            written = now;
        }
    }

    pub(crate) fn read(&mut self, text: &str) -> String {
        self.read_any(&[text]).1
    }

    /// Types a line.
    pub(crate) fn enter(&mut self, line: &str) {
        self.keyboard
            .write_all(format!("{line}\r").as_bytes())
            .unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits for the place of an answer, and answers.
    pub(crate) fn reply(&mut self, line: &str) -> String {
        let said = self.read("\n> ");
        self.enter(line);
        said
    }

    /// Waits for a question, and answers.
    pub(crate) fn answer(&mut self, question: &str, line: &str) -> String {
        self.read(question) + &self.reply(line)
    }

    /// Ends the program where it is.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the program's end.
    pub(crate) fn exit_code(&mut self) -> u32 {
        self.child.wait().unwrap().exit_code()
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find(within: &[u8], wanted: &[u8]) -> Option<usize> {
    within.windows(wanted.len()).position(|part| part == wanted)
}
