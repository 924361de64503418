//! The program at the other end of a connection.

use rustix::fd::AsFd;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

/// Whether it still listens. What it has sent stays to be read.
pub fn listens(stream: impl AsFd) -> bool {
    let mut byte = [0; 1];
    match recv(stream, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT) {
        Ok((count, _)) => count > 0,
        Err(error) => error == Errno::AGAIN,
    }
}
