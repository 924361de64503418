//! The audit log: 62 entries, each chained to the one before.

use super::plate::Version;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Entries it has room for.
pub const CAPACITY: usize = 62;

/// The objects a command was about, for the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trace {
    /// The first.
    pub target: u16,
    /// The second.
    pub second: u16,
}

impl Default for Trace {
    fn default() -> Self {
        Self {
            target: 0xffff,
            second: 0xffff,
        }
    }
}

/// A command as the log knows it.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// The command's code.
    pub code: u8,
    /// How much data came with it.
    pub length: u16,
    /// The authentication key of the session, `ffff` outside of one.
    pub session_key: u16,
    /// The object it was about, or `ffff`.
    pub target: u16,
    /// The other object it was about, or `ffff`.
    pub second: u16,
    /// The code of the answer, or of the failure.
    pub result: u8,
    /// Milliseconds since the device got power.
    pub tick: u32,
}

/// The log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    entries: Vec<Entry>,
    last: Entry,
    /// Power-ups there was no room for.
    pub unlogged_boots: u16,
    /// Sessions there was no room for.
    pub unlogged_authentications: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry(#[serde(with = "crate::hex_bytes")] Vec<u8>);

impl Entry {
    fn number(&self) -> u16 {
        self.0
            .first_chunk()
            .map_or(0, |number| u16::from_be_bytes(*number))
    }

    fn digest(&self) -> &[u8] {
        self.0.get(16..).unwrap_or_default()
    }
}

impl Log {
    /// The log after a reset: its first entry has a random digest, from which the chain continues.
    #[must_use]
    pub fn after_reset(random: [u8; 16]) -> Self {
        let first = Entry([&[0, 1][..], &[0xff; 14], &random].concat());
        Self {
            entries: vec![first.clone()],
            last: first,
            unlogged_boots: 0,
            unlogged_authentications: 0,
        }
    }

    /// How many entries there are.
    #[must_use]
    pub fn used(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.entries.len() >= CAPACITY
    }

    /// Adds an entry; when there is no room the oldest makes some.
    pub fn append(&mut self, record: &Record) {
        if self.is_full() {
            self.entries.remove(0);
        }
        let number = self.last.number().wrapping_add(1);
        let head = [
            &number.to_be_bytes()[..],
            &[record.code],
            &record.length.to_be_bytes(),
            &record.session_key.to_be_bytes(),
            &record.target.to_be_bytes(),
            &record.second.to_be_bytes(),
            &[record.result],
            &record.tick.to_be_bytes(),
        ]
        .concat();
        let digest = Sha256::new()
            .chain_update(&head)
            .chain_update(self.last.digest())
            .finalize();
        let kept = digest.iter().take(16).copied();
        let entry = Entry(head.into_iter().chain(kept).collect());
        self.entries.push(entry.clone());
        self.last = entry;
    }

    /// Adds the entry of a power-up, unless none may be overwritten.
    pub fn boot(&mut self, forced: bool) {
        if forced && self.is_full() {
            self.unlogged_boots = self.unlogged_boots.saturating_add(1);
            return;
        }
        self.append(&Record {
            code: 0,
            length: 0,
            session_key: 0xffff,
            target: 0,
            second: 0,
            result: 0,
            tick: 0,
        });
    }

    /// Forgets all entries up to this number, and the counts of what found no room; false when
    /// there is no such entry.
    pub fn forget(&mut self, number: u16) -> bool {
        let Some(last) = self.entries.iter().position(|e| e.number() == number) else {
            return false;
        };
        self.entries.drain(..=last);
        self.unlogged_boots = 0;
        self.unlogged_authentications = 0;
        true
    }

    /// The answer to the command that reads it.
    #[must_use]
    pub fn read(&self) -> Vec<u8> {
        let mut answer = [
            self.unlogged_boots.to_be_bytes(),
            self.unlogged_authentications.to_be_bytes(),
        ]
        .concat();
        answer.push(u8::try_from(self.entries.len()).unwrap_or(u8::MAX));
        for entry in &self.entries {
            answer.extend_from_slice(&entry.0);
        }
        answer
    }
}

/// Values of the audit options.
pub mod audit {
    /// Off.
    pub const OFF: u8 = 0;
    /// On.
    pub const ON: u8 = 1;
    /// On, until the device is reset.
    pub const FIXED: u8 = 2;
}

/// The commands whose auditing can be set, in the order in which a device with firmware 2.4 lists
/// them (Yubico's guide to the audit option).
const AUDITABLE: [u8; 65] = [
    0x01, 0x03, 0x04, 0x05, 0x06, 0x07, 0x09, 0x08, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
    0x55, 0x56, 0x48, 0x49, 0x57, 0x4a, 0x4b, 0x4c, 0x4d, 0x67, 0x4e, 0x4f, 0x50, 0x51, 0x52, 0x53,
    0x54, 0x58, 0x59, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f, 0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
    0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x0a, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76,
    0x77,
];

/// Which commands are audited, and whether auditing is forced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Auditing {
    /// Whether commands that cannot be logged are refused: one of [`audit`].
    pub force: u8,
    /// Command and value, in turn.
    commands: Vec<(u8, u8)>,
}

impl Auditing {
    /// As it is after a reset. Before 2.3.1 all but a few commands are audited; from then on, none.
    #[must_use]
    pub fn after_reset(firmware: Version) -> Self {
        let never = [0x01, 0x05, 0x06, 0x07, 0x09, 0x4d];
        let known = |code: u8| match code {
            0x0a | 0x6d..=0x72 => firmware.since(3, 0),
            0x73..=0x77 => firmware.since(4, 0),
            _ => true,
        };
        let commands = AUDITABLE
            .into_iter()
            .filter(|code| known(*code))
            .map(|code| {
                let on = !firmware.since(3, 1) && !never.contains(&code);
                (code, u8::from(on))
            })
            .collect();
        Self {
            force: audit::OFF,
            commands,
        }
    }

    /// Whether auditing is forced.
    #[must_use]
    pub fn forced(&self) -> bool {
        self.force != audit::OFF
    }

    /// Whether this command is audited.
    #[must_use]
    pub fn audits(&self, code: u8) -> bool {
        self.commands
            .iter()
            .any(|(command, value)| *command == code && *value != audit::OFF)
    }

    /// All commands and their values, as the option has them.
    #[must_use]
    pub fn read(&self) -> Vec<u8> {
        self.commands
            .iter()
            .flat_map(|(command, value)| [*command, *value])
            .collect()
    }

    /// Sets commands' values: all of them, or none when one cannot be set.
    pub fn set(&mut self, pairs: &[u8]) -> bool {
        let mut changed = self.commands.clone();
        let (pairs, []) = pairs.as_chunks::<2>() else {
            return false;
        };
        for [command, value] in pairs {
            match changed.iter_mut().find(|(known, _)| known == command) {
                Some((_, old)) if may_change(*old, *value) => *old = *value,
                _ => return false,
            }
        }
        self.commands = changed;
        true
    }
}

/// Whether an audit option may go from one value to another: what is fixed stays.
#[must_use]
pub const fn may_change(old: u8, new: u8) -> bool {
    new <= audit::FIXED && (old != audit::FIXED || new == audit::FIXED)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn when_it_is_full_the_oldest_entry_makes_room_and_the_chain_continues() {
        let mut log = Log::after_reset([7; 16]);
        for _ in 0..100 {
            log.boot(false);
        }
        assert_eq!(log.used(), CAPACITY);
        assert_eq!(log.entries[0].number(), 40);
        for pair in log.entries.windows(2) {
            let digest = Sha256::new()
                .chain_update(&pair[1].0[..16])
                .chain_update(pair[0].digest())
                .finalize();
            assert_eq!(pair[1].digest(), &digest[..16]);
        }
    }

    #[test]
    fn when_auditing_is_forced_a_power_up_without_room_is_only_counted() {
        let mut log = Log::after_reset([7; 16]);
        for _ in 0..100 {
            log.boot(true);
        }
        assert_eq!((log.used(), log.unlogged_boots), (CAPACITY, 39));
        assert!(log.forget(CAPACITY as u16));
        assert_eq!((log.used(), log.unlogged_boots), (0, 0));
    }

    #[test]
    fn what_is_fixed_stays() {
        let mut auditing = Auditing::after_reset("2.4.1".parse().unwrap());
        assert!(auditing.set(&[0x56, audit::FIXED]));
        assert!(!auditing.set(&[0x46, audit::ON, 0x56, audit::OFF]));
        assert!(auditing.audits(0x56) && !auditing.audits(0x46));
    }
}
