//! What a command prints, and whether it arrived.
//!
//! A ceremony prints between its events, and a disk that is full on the other side of `>` must not
//! end it. So printing never fails: the first failure is kept, and [`finish`] reports it at the
//! end.

use std::{
    fmt,
    io::{self, Write as _},
    process::ExitCode,
    sync::OnceLock,
};

use keymoot_core::HostError;

/// The first failure to write to the standard output.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Prints a line on the standard output; [`output::finish`](crate::output::finish) reports a
/// failure.
#[macro_export]
macro_rules! say {
    () => {
        $crate::say!("")
    };
    ($($words:tt)*) => {
        $crate::output::line(::std::format_args!($($words)*))
    };
}

/// Prints a line on the standard error. If it cannot be written, the exit code alone speaks.
#[macro_export]
macro_rules! complain {
    ($($words:tt)*) => {
        $crate::output::complaint(::std::format_args!($($words)*))
    };
}

/// Prints a line, for [`crate::say!`].
pub fn line(words: fmt::Arguments<'_>) {
    note(writeln!(io::stdout(), "{words}"));
}

/// Prints a text as it is.
pub fn text(text: &str) {
    bytes(text.as_bytes());
}

/// Prints bytes as they are.
pub fn bytes(bytes: &[u8]) {
    let mut out = io::stdout();
    note(out.write_all(bytes).and_then(|()| out.flush()));
}

/// Keeps the outcome of writing to the standard output in another way.
///
/// A reader that has closed the pipe, as `head` does, has what it wants: that is no failure.
pub fn note(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        // Of several failures the first is the one to report.
        let _ = FAILED.set(error);
    }
}

/// Prints a line, for [`crate::complain!`].
pub fn complaint(words: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{words}");
}

/// The exit code of a process that prints nothing more: where its output did not arrive, that is
/// reported, and success becomes 1.
#[must_use]
pub fn finish(code: ExitCode) -> ExitCode {
    note(io::stdout().flush());
    let Some(error) = FAILED.get() else {
        return code;
    };
    complain!("keymoot: {}", lost(error));
    match code == ExitCode::SUCCESS {
        true => ExitCode::from(1),
        false => code,
    }
}

fn lost(error: &io::Error) -> HostError {
    HostError::new(
        format!("cannot write to the standard output: {error}"),
        "free some space there, or send the output elsewhere. Files that the command wrote are whole",
    )
}
