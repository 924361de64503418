//! The serial console of the machine: its output, and typing there.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Step};

/// How long one look at the console waits.
const LOOK: Duration = Duration::from_millis(100);

/// How long a command takes that does nearly nothing.
const SHORT: Duration = Duration::from_secs(300);

/// A console, and everything that was written to it.
pub(crate) struct Console {
    stream: UnixStream,
    log: File,
    text: String,
    /// Up to where it was looked through.
    mark: usize,
}

impl Console {
    /// Connects to the socket of a console.
    ///
    /// # Errors
    /// Nothing listens there, or the log cannot be made.
    pub(crate) fn connect(socket: &Path, log: &Path) -> Step<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(LOOK))?;
        Ok(Self {
            stream,
            log: File::create(log)?,
            text: String::new(),
            mark: 0,
        })
    }

    /// Takes what has arrived; false when nothing did for a moment.
    ///
    /// # Errors
    /// The machine is gone.
    pub(crate) fn look(&mut self) -> Step<bool> {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(0) => Err(Failure("the machine is gone".to_owned())),
            Ok(count) => {
                let new = bytes.get(..count).unwrap_or_default();
                self.log.write_all(new)?;
                let new = String::from_utf8_lossy(new).replace('\r', "");
                self.text.push_str(&new);
                Ok(true)
            }
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What was written since the mark.
    pub(crate) fn fresh(&self) -> &str {
        self.text.get(self.mark..).unwrap_or_default()
    }

    /// Everything that was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Sets the mark to the end.
    pub(crate) fn turn_page(&mut self) {
        self.mark = self.text.len();
    }

    /// Waits until one of these texts was written after the mark; gives the number of the text
    /// and everything up to its end, and sets the mark there.
    ///
    /// # Errors
    /// None came in time, or the machine is gone.
    pub(crate) fn expect(&mut self, texts: &[&str], limit: Duration) -> Step<(usize, String)> {
        let end = Instant::now() + limit;
        loop {
            let found = texts
                .iter()
                .enumerate()
                .filter_map(|(number, text)| {
                    let at = self.fresh().find(text)?;
                    Some((at + text.len(), number))
                })
                .min();
            if let Some((length, number)) = found {
                let said = self.fresh().get(..length).unwrap_or_default().to_owned();
                self.mark += length;
                return Ok((number, said));
            }
            if Instant::now() > end {
                let tail: Vec<_> = self.fresh().lines().rev().take(12).collect();
                let tail: Vec<_> = tail.into_iter().rev().collect();
                return Err(Failure(format!(
                    "the console did not show {texts:?} within {} s; its last lines:\n{}",
                    limit.as_secs(),
                    tail.join("\n")
                )));
            }
            self.look()?;
        }
    }

    /// Types a line.
    ///
    /// # Errors
    /// The machine is gone.
    pub(crate) fn type_line(&mut self, line: &str) -> Step {
        self.stream.write_all(format!("{line}\r").as_bytes())?;
        Ok(())
    }

    /// Goes from the first page to the menu, and from there to a shell.
    ///
    /// # Errors
    /// The menu did not come.
    pub(crate) fn open_shell(&mut self, limit: Duration) -> Step {
        self.expect(&["Compare the words, then Enter> "], limit)?;
        self.type_line("")?;
        self.expect(&["Number, then Enter> "], limit)?;
        self.type_line("s")?;
        self.expect(&["live# "], limit)?;
        Ok(())
    }

    /// Has the shell run a command; gives its exit code and what it wrote.
    ///
    /// # Errors
    /// It did not end in time.
    pub(crate) fn shell(&mut self, command: &str, limit: Duration) -> Step<(i32, String)> {
        self.turn_page();
        // The marks are put together by the shell, so that the echo of the line is neither.
        self.type_line(&format!(
            "echo \"=\"\"begins =\"; {command}; echo \"=\"\"ended $? =\""
        ))?;
        self.expect(&["=begins =\n"], limit)?;
        let (_, said) = self.expect(&["=ended "], limit)?;
        let (_, code) = self.expect(&[" ="], limit)?;
        // The shell listens again after its prompt.
        self.expect(&["live# "], limit)?;
        let code = code.trim_end_matches('=').trim().parse();
        let code = code.map_err(|_| Failure("the shell gave no exit code".to_owned()))?;
        Ok((code, said.trim_end_matches("=ended ").to_owned()))
    }

    /// The same for a command that must succeed.
    ///
    /// # Errors
    /// It failed, or did not end in time.
    pub(crate) fn must(&mut self, command: &str, limit: Duration) -> Step<String> {
        match self.shell(command, limit)? {
            (0, said) => Ok(said),
            (code, said) => Err(Failure(format!("`{command}` ended with {code}:\n{said}"))),
        }
    }

    /// Waits for a question after a numbered list, and types the number of the line with a text.
    ///
    /// # Errors
    /// The question did not come, or no such line is in the list.
    pub(crate) fn choose(&mut self, question: &str, text: &str, limit: Duration) -> Step {
        let (_, said) = self.expect(&[question], limit)?;
        let line = said.lines().rev().find(|line| line.contains(text));
        let number = line.and_then(|line| line.split_whitespace().next());
        let number = number.ok_or_else(|| Failure(format!("{text} is not offered: {said}")))?;
        self.type_line(number)
    }

    /// Writes a file in the machine.
    ///
    /// # Errors
    /// The shell refuses it.
    pub(crate) fn put(&mut self, path: &str, text: &str) -> Step {
        /// The number of bytes that fit into a line of the shell in hexadecimal.
        const PIECE: usize = 350;
        self.must(&format!("rm -f {path}"), SHORT)?;
        for piece in text.as_bytes().chunks(PIECE) {
            let digits: String = piece.iter().map(|byte| format!("{byte:02x}")).collect();
            self.must(&format!("echo {digits} | xxd -r -p >> {path}"), SHORT)?;
        }
        Ok(())
    }
}
