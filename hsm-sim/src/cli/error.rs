//! Why the program cannot run.

use crate::statefile::StoreError;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the program cannot run.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A socket cannot be made.
    #[error("the socket {path} cannot be served: {why}")]
    Socket {
        /// Which.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// The devices cannot be had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A device to insert does not exist.
    #[error("--inserted: {0}")]
    Inserted(#[from] crate::room::RoomError),
    /// A YubiHSM to insert does not exist, or is one too many.
    #[error("--inserted: {0}")]
    InsertedHsm(#[from] crate::yubihsm::room::RoomError),
    /// An address cannot be served.
    #[error("the address {0} cannot be served: {1}")]
    Address(SocketAddr, String),
    /// The touch time-out is no time.
    #[error("--touch-timeout: {0} is not a number of seconds from 0 to a day")]
    TouchTimeout(f64),
    /// Standard input or output failed.
    #[error("standard input or output: {0}")]
    Streams(#[from] io::Error),
}
