//! Lines as the terminal gives them, and a terminal that does not show a PIN.

use std::{
    io,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::Sender,
    },
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    termios::{
        LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr,
        tcsetattr,
    },
};
use zeroize::Zeroizing;

use crate::{
    device::PIN_FIELD,
    host::secret::Secret,
    tui::{give_back, interface, link::Message},
};

/// The terminal's settings from before.
static FOUND: Mutex<Option<Termios>> = Mutex::new(None);

/// The end of a line that Ctrl-C sends: it asks to leave.
pub(super) const LEAVES: char = '\u{3}';

/// The longest line that a terminal gives (Linux: N_TTY_BUF_SIZE).
const LONGEST: usize = 4096;

/// The terminal while it gives lines; dropped, it gets its old settings.
pub(super) struct TypedLines {
    hidden: bool,
}

impl TypedLines {
    /// Takes the terminal over: no key ends, stops or closes anything by itself.
    ///
    /// # Errors
    /// What the terminal refused.
    pub(super) fn take() -> io::Result<Self> {
        give_back::when_panicking(give_back);
        give_back::when_ended(give_back)?;
        give_back::this_thread_ends_screens();
        let found = tcgetattr(io::stdin())?;
        *found_before() = Some(found.clone());
        let mut taken = found;
        taken.local_modes.remove(LocalModes::ISIG);
        taken
            .local_modes
            .insert(LocalModes::ICANON | LocalModes::ECHO);
        // Zero is no key (POSIX: _POSIX_VDISABLE): Ctrl-D does not close the input.
        taken.special_codes[SpecialCodeIndex::VEOF] = 0;
        // Ctrl-C ends the line at once, and leads to leaving.
        taken.special_codes[SpecialCodeIndex::VEOL] = LEAVES as u8;
        tcsetattr(io::stdin(), OptionalActions::Now, &taken)?;
        Ok(Self { hidden: false })
    }

    /// Shows the typed characters from now on, or not. What was typed of a line before that is
    /// dropped: it was meant for another question.
    ///
    /// # Errors
    /// What the terminal refused.
    pub(super) fn hide_from_now(&mut self, hide: bool) -> io::Result<()> {
        if self.hidden != hide {
            self.hide(hide)?;
            tcflush(io::stdin(), QueueSelector::IFlush)?;
        }
        Ok(())
    }

    fn hide(&mut self, hide: bool) -> io::Result<()> {
        let mut terminal = tcgetattr(io::stdin())?;
        terminal.local_modes.set(LocalModes::ECHO, !hide);
        // The end of the line still moves the cursor.
        terminal.local_modes.set(LocalModes::ECHONL, hide);
        tcsetattr(io::stdin(), OptionalActions::Now, &terminal)?;
        self.hidden = hide;
        Ok(())
    }
}

impl Drop for TypedLines {
    fn drop(&mut self) {
        give_back();
    }
}

fn found_before() -> std::sync::MutexGuard<'static, Option<Termios>> {
    FOUND
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn give_back() {
    if let Some(found) = found_before().take() {
        // An error means that there is no terminal any more.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &found);
    }
}

/// Listens for lines until `ended`, and to the clock once a second. Lines that come
/// at once were not typed, and are dropped.
pub(super) fn listen(tell: &Sender<Message>, ended: &AtomicBool) {
    while !ended.load(Ordering::SeqCst) {
        let left = interface::until_next_second();
        let message = match is_ready(left.min(interface::GLANCE)) {
            Ok(false) if left > interface::GLANCE => continue,
            Ok(false) => Message::Tick,
            Ok(true) => match read_line() {
                Ok(Some(line)) => match is_ready(Duration::ZERO) {
                    Ok(true) => {
                        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
                        Message::Pasted
                    }
                    _ => Message::Line(line, Instant::now()),
                },
                Ok(None) | Err(_) => Message::KeyboardLost,
            },
            Err(_) => Message::KeyboardLost,
        };
        let lost = matches!(message, Message::KeyboardLost);
        if tell.send(message).is_err() || lost {
            return;
        }
    }
}

/// One hidden line, after this prompt. Where standard input is no terminal,
/// it is a line of it.
///
/// # Errors
/// What the terminal refused, or that it was closed.
pub(crate) fn hidden_line(words: &str) -> io::Result<Secret> {
    use std::io::{IsTerminal as _, Write as _};
    let terminal = io::stdin().is_terminal();
    let mut lines = terminal.then(TypedLines::take).transpose()?;
    if let Some(lines) = &mut lines {
        lines.hide(true)?;
    }
    eprint!("{words}: ");
    io::stderr().flush()?;
    let mut typed = Secret::field(PIN_FIELD);
    loop {
        // Byte by byte: the next reader gets what comes after the line.
        let mut byte = [0];
        match rustix::io::read(io::stdin(), &mut byte[..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) if byte == *b"\n" => return Ok(typed),
            // A full field takes no more characters; the length is then refused anyway.
            Ok(_) => {
                typed.push(char::from(byte[0]));
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits until there is something to read from the terminal, and says whether there is.
fn is_ready(within: Duration) -> io::Result<bool> {
    let stdin = io::stdin();
    let mut watched = [PollFd::new(&stdin, PollFlags::IN)];
    let within = Timespec::try_from(within).map_err(io::Error::other)?;
    match poll(&mut watched, Some(&within)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A line without its end; `None` when the terminal was closed.
fn read_line() -> io::Result<Option<Zeroizing<String>>> {
    let mut bytes = Zeroizing::new([0; LONGEST]);
    let read = match rustix::io::read(io::stdin(), &mut bytes[..]) {
        Ok(0) => return Ok(None),
        Ok(read) => read,
        Err(Errno::INTR | Errno::AGAIN) => 0,
        Err(error) => return Err(error.into()),
    };
    let line = bytes.get(..read).unwrap_or_default();
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    Ok(Some(Zeroizing::new(
        String::from_utf8_lossy(line).into_owned(),
    )))
}
