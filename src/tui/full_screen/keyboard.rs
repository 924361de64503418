//! Keys as the terminal sends them, read so that nothing of a PIN stays behind.
//!
//! Anyone who reads keys through crossterm leaves the last 128 of them in its queue,
//! where they stay until others come. Here a key is in a buffer that is wiped, and
//! in a parser that is dropped once it has returned the key.

use std::{
    io,
    os::unix::net::UnixStream,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::Sender,
    },
    time::{Duration, Instant},
};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use signal_hook::{SigId, consts::SIGWINCH, low_level};
use termina::{
    Event, Parser,
    event::{KeyCode as Code, KeyEvent as Pressed, Modifiers},
};
use zeroize::Zeroizing;

use crate::tui::{
    interface::{GLANCE, until_next_second},
    link::Message,
};

/// The most bytes read at once.
const CHUNK: usize = 1024;

/// The keyboard of the terminal that is the standard input.
struct Keyboard {
    parser: Parser,
    /// Readable when the terminal has got another size.
    resized: UnixStream,
    signal: SigId,
}

/// What came from the keyboard.
enum Heard {
    /// Keys, and whether text was pasted.
    Typed(Vec<KeyEvent>, bool),
    Resized,
    Nothing,
}

impl Keyboard {
    fn open() -> io::Result<Self> {
        let (resized, sender) = UnixStream::pair()?;
        resized.set_nonblocking(true)?;
        Ok(Self {
            parser: Parser::default(),
            resized,
            signal: low_level::pipe::register(SIGWINCH, sender)?,
        })
    }

    /// The next input within this time.
    ///
    /// # Errors
    /// The terminal's error, also when the terminal is gone.
    fn hear(&mut self, within: Duration) -> io::Result<Heard> {
        let stdin = io::stdin();
        let mut watched = [
            PollFd::new(&stdin, PollFlags::IN),
            PollFd::new(&self.resized, PollFlags::IN),
        ];
        let within = Timespec::try_from(within).map_err(io::Error::other)?;
        match poll(&mut watched, Some(&within)) {
            Ok(0) | Err(Errno::INTR) => return Ok(Heard::Nothing),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let [keys, _] = watched.map(|of| !of.revents().is_empty());
        if keys {
            return self.read();
        }
        let mut marks = [0; 64];
        while rustix::io::read(&self.resized, &mut marks).is_ok_and(|read| read == marks.len()) {}
        Ok(Heard::Resized)
    }

    fn read(&mut self) -> io::Result<Heard> {
        let mut bytes = Zeroizing::new([0; CHUNK]);
        let read = match rustix::io::read(io::stdin(), &mut bytes[..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => read,
            Err(Errno::INTR | Errno::AGAIN) => return Ok(Heard::Nothing),
            Err(error) => return Err(error.into()),
        };
        let bytes = bytes.get(..read).unwrap_or_default();
        let (mut keys, mut pasted) = (Vec::new(), false);
        for (at, byte) in bytes.iter().enumerate() {
            // Escape alone is a key; as the last byte of a full buffer it may begin one.
            let more = at + 1 < read || read == CHUNK;
            self.parser.parse(std::slice::from_ref(byte), more);
            while let Some(event) = self.parser.pop() {
                // The buffer holds no part of another key yet, so wiping it loses nothing.
                self.parser = Parser::default();
                // Pasted text confirms nothing, and neither do other events.
                match event {
                    Event::Key(pressed) => keys.extend(key_of(pressed)),
                    Event::Paste(_) => pasted = true,
                    _ => {}
                }
            }
        }
        Ok(Heard::Typed(keys, pasted))
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        low_level::unregister(self.signal);
    }
}

/// A key in the words of the screens, if it is one of theirs.
fn key_of(
    Pressed {
        code, modifiers, ..
    }: Pressed,
) -> Option<KeyEvent> {
    let code = match code {
        Code::Char(typed) => KeyCode::Char(typed),
        Code::Enter => KeyCode::Enter,
        Code::Backspace => KeyCode::Backspace,
        Code::Tab => KeyCode::Tab,
        Code::BackTab => KeyCode::BackTab,
        Code::Escape => KeyCode::Esc,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        Code::Insert => KeyCode::Insert,
        Code::Delete => KeyCode::Delete,
        Code::Function(number) => KeyCode::F(number),
        _ => return None,
    };
    let held = [
        (Modifiers::SHIFT, KeyModifiers::SHIFT),
        (Modifiers::ALT, KeyModifiers::ALT),
        (Modifiers::CONTROL, KeyModifiers::CONTROL),
    ];
    let held = held.iter().filter(|(held, _)| modifiers.contains(*held));
    let modifiers = held.fold(KeyModifiers::NONE, |all, (_, one)| all | *one);
    Some(KeyEvent::new(code, modifiers))
}

/// Listens to the keyboard until `ended`, and to the clock once a second.
pub(in crate::tui) fn listen(tell: &Sender<Message>, ended: &AtomicBool) {
    let Ok(mut keyboard) = Keyboard::open() else {
        let _ = tell.send(Message::KeyboardLost);
        return;
    };
    while !ended.load(Ordering::SeqCst) {
        let left = until_next_second();
        let messages = match keyboard.hear(left.min(GLANCE)) {
            Ok(Heard::Nothing) if left > GLANCE => continue,
            Ok(Heard::Nothing) => vec![Message::Tick],
            Ok(Heard::Resized) => vec![Message::Resized],
            Ok(Heard::Typed(keys, pasted)) => {
                let at = Instant::now();
                let keys = keys.into_iter();
                keys.map(|key| Message::Key(Box::new(key), at))
                    .chain(pasted.then_some(Message::Pasted))
                    .collect()
            }
            Err(_) => vec![Message::KeyboardLost],
        };
        for message in messages {
            let lost = matches!(message, Message::KeyboardLost);
            if tell.send(message).is_err() || lost {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use termina::{Event, Parser};

    use super::key_of;

    fn keys(bytes: &[u8]) -> Vec<KeyEvent> {
        let mut parser = Parser::default();
        parser.parse(bytes, false);
        std::iter::from_fn(|| parser.pop())
            .filter_map(|event| match event {
                Event::Key(key) => key_of(key),
                _ => None,
            })
            .collect()
    }

    fn key(code: KeyCode, held: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, held)
    }

    #[test]
    fn keys_of_a_linux_console_and_of_an_xterm_are_the_screens_keys() {
        use KeyModifiers as Held;
        let expected: [(&[u8], KeyEvent); 12] = [
            (b"7", key(KeyCode::Char('7'), Held::NONE)),
            (b"A", key(KeyCode::Char('A'), Held::SHIFT)),
            ("é".as_bytes(), key(KeyCode::Char('é'), Held::NONE)),
            (b"\r", key(KeyCode::Enter, Held::NONE)),
            (b"\x7f", key(KeyCode::Backspace, Held::NONE)),
            (b"\x1b", key(KeyCode::Esc, Held::NONE)),
            (b"\x0e", key(KeyCode::Char('n'), Held::CONTROL)),
            (b"\x1b[[A", key(KeyCode::F(1), Held::NONE)),
            (b"\x1bOP", key(KeyCode::F(1), Held::NONE)),
            (b"\x1b[F", key(KeyCode::End, Held::NONE)),
            (b"\x1b[4~", key(KeyCode::End, Held::NONE)),
            (b"\x1b[Z", key(KeyCode::BackTab, Held::SHIFT)),
        ];
        for (bytes, key) in expected {
            assert_eq!(keys(bytes), [key], "{bytes:?}");
        }
    }

    #[test]
    fn what_was_pasted_is_no_key_and_is_known_to_be_pasted() {
        let pasted = b"\x1b[200~erase\r\x1b[201~";
        assert_eq!(keys(pasted), []);
        let mut parser = Parser::default();
        parser.parse(pasted, false);
        assert!(matches!(parser.pop(), Some(Event::Paste(_))));
    }
}
