//! The command line: what is asked for, and setting it up.

use crate::fault::{self, Plan};
use crate::room::Room;
use crate::store::{Store, StoreError};
use crate::yubikey::plate::Model;
use clap::{Args, Parser, Subcommand};
use serde_json::json;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a predecessor that is about to end is waited for.
const PREDECESSOR: Duration = Duration::from_secs(1);

/// Simulated signing devices at wire level, for rehearsals and tests.
#[derive(Parser)]
#[command(version)]
pub struct Arguments {
    #[command(subcommand)]
    device: Family,
}

#[derive(Subcommand)]
enum Family {
    /// Serve YubiKeys to programs started with PCSCLITE_CSOCK_NAME set to the socket.
    Yubikey(Yubikey),
}

#[derive(Args)]
struct Yubikey {
    /// Unix socket to serve; its folder must exist. The control socket is beside it, with ".control" appended.
    #[arg(long, value_name = "PATH")]
    socket: PathBuf,
    /// How many devices there are. With a state file that has fewer, the missing ones are made; none is ever taken away.
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: usize,
    /// Firmware of new devices; several are given to them in turn. 5.4.3-fips is a device of the FIPS series.
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "5.7.4",
        value_delimiter = ','
    )]
    firmware: Vec<Model>,
    /// Make serial numbers and keys repeatable.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Keep the devices in this file, and find them there the next time.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Devices plugged in from the start: all, none, or numbers.
    #[arg(long, value_name = "1,2,…", default_value = "none")]
    inserted: Inserted,
    /// Let something go wrong.
    #[arg(long, value_name = "PLAN", default_value = "", long_help = format!("Let something go wrong. {}", fault::GRAMMAR))]
    fault: Plan,
    /// How long a device waits to be touched.
    #[arg(long, value_name = "SECONDS", default_value_t = 15.0)]
    touch_timeout: f64,
    /// End when standard input ends: when the program that started this one is gone.
    #[arg(long)]
    until_eof: bool,
}

#[derive(Clone)]
enum Inserted {
    All,
    These(Vec<usize>),
}

impl FromStr for Inserted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            "none" => Ok(Self::These(Vec::new())),
            numbers => numbers
                .split(',')
                .map(|n| {
                    n.trim().parse().map_err(|_| {
                        format!("{n:?} is not a device number; give all, none, or numbers from 1")
                    })
                })
                .collect::<Result<_, _>>()
                .map(Self::These),
        }
    }
}

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
    /// The touch time-out is no time.
    #[error("--touch-timeout: {0} is not a number of seconds from 0 to a day")]
    TouchTimeout(f64),
    /// Standard input or output failed.
    #[error("standard input or output: {0}")]
    Streams(#[from] io::Error),
}

/// Serves until told to stop.
///
/// # Errors
/// When the sockets, the state file or the arguments are not usable.
pub fn run(arguments: Arguments) -> Result<(), CliError> {
    let Family::Yubikey(options) = arguments.device;
    let touch_timeout = Duration::try_from_secs_f64(options.touch_timeout)
        .ok()
        .filter(|time| *time <= Duration::from_secs(86_400))
        .ok_or(CliError::TouchTimeout(options.touch_timeout))?;
    let mut control = options.socket.clone().into_os_string();
    control.push(".control");
    let control = PathBuf::from(control);
    // Sockets first: they tell whether another is serving the same devices already.
    let cards = Socket::bind(&options.socket)?;
    let controls = Socket::bind(&control)?;

    let store = Store::open(
        options.state,
        options.seed,
        options.count,
        &options.firmware,
    )?;
    let vendor = store.vendor().published();
    let devices: Vec<_> = (1..)
        .zip(store.devices())
        .map(|(device, d)| json!({ "device": device, "serial": d.plate.serial, "firmware": d.plate.model.to_string() }))
        .collect();
    let room = Arc::new(Room::new(store, options.fault, touch_timeout));
    let inserted = match options.inserted {
        Inserted::All => (1..=devices.len()).collect(),
        Inserted::These(numbers) => numbers,
    };
    for device in inserted {
        room.insert(device)?;
    }
    let ready = json!({
        "ready": true,
        "socket": options.socket,
        "control": control,
        "vendor": vendor,
        "devices": devices,
    });

    let listener = cards.listener.try_clone()?;
    let service = std::thread::spawn({
        let room = Arc::clone(&room);
        move || crate::pcsc::serve(&listener, &room)
    });
    let listener = controls.listener.try_clone()?;
    std::thread::spawn(move || crate::control::serve(&listener, &room));
    let mut stdout = io::stdout();
    writeln!(stdout, "{ready}")?;
    stdout.flush()?;
    if options.until_eof {
        io::copy(&mut io::stdin().by_ref(), &mut io::sink())?;
        return Ok(());
    }
    // Serving ends only with the program.
    let _ = service.join();
    Ok(())
}

/// A socket that is removed again when the program ends in order.
struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    fn bind(path: &Path) -> Result<Self, CliError> {
        let error = |why: String| CliError::Socket {
            path: path.to_owned(),
            why,
        };
        match std::fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => {
                // A predecessor whose parent just died may need a moment to notice and go.
                let deadline = Instant::now() + PREDECESSOR;
                while UnixStream::connect(path).is_ok() {
                    if Instant::now() >= deadline {
                        return Err(error(
                            "another program is serving it. Stop that one, or choose another path"
                                .into(),
                        ));
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                // Left behind by a program that was killed; one that ended in order took it along.
                match std::fs::remove_file(path) {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => {
                        return Err(error(e.to_string()));
                    }
                    _ => {}
                }
            }
            Ok(_) => {
                return Err(error(
                    "there is a file of that name. Choose another path".into(),
                ));
            }
            Err(_) => {}
        }
        // The mode is set while the socket is made: there is no moment in which others could connect.
        let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
        let listener = UnixListener::bind(path);
        rustix::process::umask(mask);
        let listener = listener.map_err(|e| {
            error(format!(
                "{e}. Its folder must exist, and the whole path fit into 107 bytes"
            ))
        })?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // When it is gone already there is nothing left to do.
        let _ = std::fs::remove_file(&self.path);
    }
}
