//! A pseudo-terminal and the program that runs at it.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    process::{Child, Command},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

/// Both ends of a pseudo-terminal. The test keeps the program's end open, too: only
/// there can it see whether everything that was typed has been read.
pub(super) struct Pty {
    ours: OwnedFd,
    theirs: OwnedFd,
}

impl Pty {
    /// A terminal of this many columns and rows.
    pub(super) fn open(columns: u16, rows: u16) -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let ours = openpt(flags)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let theirs = ioctl_tiocgptpeer(&ours, flags)?;
        let pty = Self { ours, theirs };
        pty.resize(columns, rows)?;
        Ok(pty)
    }

    /// Gives the terminal another size.
    pub(super) fn resize(&self, columns: u16, rows: u16) -> io::Result<()> {
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        Ok(tcsetwinsize(&self.ours, size)?)
    }

    /// Starts a program in a session of its own, whose terminal this is. util-linux's
    /// setsid turns into the program, which so has the number of the child.
    pub(super) fn spawn(
        &self,
        program: &[std::ffi::OsString],
        surround: impl FnOnce(&mut Command),
    ) -> io::Result<Child> {
        let end = || self.theirs.try_clone();
        let mut command = Command::new("setsid");
        command.arg("--ctty").args(program);
        command.stdin(end()?).stdout(end()?).stderr(end()?);
        surround(&mut command);
        command.spawn()
    }

    /// Types.
    pub(super) fn write(&self, mut keys: &[u8]) -> io::Result<()> {
        while !keys.is_empty() {
            let written = rustix::io::write(&self.ours, keys)?;
            keys = &keys[written..];
        }
        Ok(())
    }

    /// Reads the waiting bytes, as many as fit.
    pub(super) fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(&self.ours, into)?)
    }

    /// Whether the program wrote anything that was not read here.
    ///
    /// poll(2) on a terminal first ends what the kernel does to bring bytes from one end
    /// to the other (`tty_buffer_flush_work` in `n_tty_poll`), so "no" means none at all.
    pub(super) fn is_written(&self) -> io::Result<bool> {
        has_come(self.ours.as_fd(), Duration::ZERO)
    }

    /// Whether anything was typed that the program has not read.
    pub(super) fn is_typed(&self) -> io::Result<bool> {
        has_come(self.theirs.as_fd(), Duration::ZERO)
    }

    /// Waits until the program writes something, no longer than this.
    pub(super) fn wait(&self, most: Duration) -> io::Result<bool> {
        has_come(self.ours.as_fd(), most)
    }
}

fn has_come(end: BorrowedFd<'_>, within: Duration) -> io::Result<bool> {
    let within = Timespec::try_from(within).map_err(io::Error::other)?;
    match poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&within)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
