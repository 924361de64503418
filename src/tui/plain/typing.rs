//! Lines as the terminal gives them, and a terminal that does not show a PIN.

use std::{
    io,
    sync::{
        Mutex, MutexGuard, PoisonError,
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

/// Locked while a line is read. It says whether the beginning of the next line was dropped.
static READING: Mutex<bool> = Mutex::new(false);

/// The end of a line that Ctrl-C sends: it asks to leave.
pub(super) const LEAVES: char = '\u{3}';
const LEAVES_BYTE: u8 = LEAVES as u8;

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
        taken.special_codes[SpecialCodeIndex::VEOL] = LEAVES_BYTE;
        tcsetattr(io::stdin(), OptionalActions::Now, &taken)?;
        Ok(Self { hidden: false })
    }

    /// Shows the typed characters from now on, or not. What was typed before that is dropped: it
    /// was meant for another question. So is the rest of a line that was begun.
    ///
    /// # Errors
    /// What the terminal refused.
    pub(super) fn hide_from_now(&mut self, hide: bool) -> io::Result<()> {
        if self.hidden != hide {
            let mut begun = reading();
            self.hide(hide)?;
            if let Some(last) = drop_typed()? {
                *begun = !matches!(last, b'\n' | LEAVES_BYTE);
            }
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

fn found_before() -> MutexGuard<'static, Option<Termios>> {
    FOUND.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reading() -> MutexGuard<'static, bool> {
    READING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads everything that was typed, a line without its end too, and drops it. `None` when there
/// was nothing; otherwise its last byte.
fn drop_typed() -> io::Result<Option<u8>> {
    // A terminal that gives lines does not say that one was begun. One that gives bytes does.
    let lines = tcgetattr(io::stdin())?;
    let mut bytes = lines.clone();
    bytes.local_modes.remove(LocalModes::ICANON);
    bytes.special_codes[SpecialCodeIndex::VMIN] = 0;
    bytes.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(io::stdin(), OptionalActions::Now, &bytes)?;
    let mut last = None;
    let mut dropped = Zeroizing::new([0; LONGEST]);
    let read = loop {
        match rustix::io::read(io::stdin(), &mut dropped[..]) {
            Ok(0) | Err(Errno::AGAIN) => break Ok(last),
            Ok(read) => last = dropped.get(read - 1).copied(),
            Err(Errno::INTR) => {}
            Err(error) => break Err(error.into()),
        }
    };
    tcsetattr(io::stdin(), OptionalActions::Now, &lines)?;
    read
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
            Ok(true) => match next_line() {
                Ok(Some(message)) => message,
                Ok(None) => continue,
                Err(_) => Message::KeyboardLost,
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

/// The line that is ready; `None` when it was dropped meanwhile.
fn next_line() -> io::Result<Option<Message>> {
    let mut begun = reading();
    if !is_ready(Duration::ZERO)? {
        return Ok(None);
    }
    let Some(line) = read_line()? else {
        return Ok(Some(Message::KeyboardLost));
    };
    if std::mem::take(&mut *begun) && !line.contains(LEAVES) {
        return Ok(Some(Message::Cut));
    }
    if is_ready(Duration::ZERO).unwrap_or(false) {
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        return Ok(Some(Message::Pasted));
    }
    Ok(Some(Message::Line(line, Instant::now())))
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
