//! The audit log of a YubiHSM 2, as a transcript records it.

use std::ops::RangeInclusive;

use crate::transcript::{Entry, Event};
use keymoot_core::digest::Digest;

/// A reading of a log: the device's answer, and the commands sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The answer to GET LOG ENTRIES.
    pub log: Digest,
    /// The record of the commands, as JSON.
    pub sent: Digest,
}

/// The events about a device since its last reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The readings, in order.
    pub readings: Vec<Reading>,
    /// Signatures recorded, and announced.
    pub signatures: RangeInclusive<usize>,
}

/// The events about the device with this serial number since its last reset;
/// `None` where it was not reset in them.
#[must_use]
pub fn account(entries: &[Entry], device: u32) -> Option<Account> {
    let reset = entries.iter().rposition(
        |entry| matches!(&entry.event, Event::ResetDone { serial, .. } if *serial == device),
    )?;
    let (mut readings, mut recorded, mut announced) = (Vec::new(), 0, 0);
    for entry in entries.iter().skip(reset) {
        match &entry.event {
            Event::LogRead {
                serial, log, sent, ..
            } if *serial == device => readings.push(Reading {
                log: *log,
                sent: *sent,
            }),
            Event::Enrolled { serial, .. }
            | Event::Signed { serial, .. }
            | Event::Proved { serial, .. }
            | Event::Closed { serial, .. }
                if *serial == device =>
            {
                recorded += 1;
            }
            Event::StatementAnnounced { serial, .. }
            | Event::SignAnnounced { serial, .. }
            | Event::CloseAnnounced { serial, .. }
                if *serial == device =>
            {
                announced += 1;
            }
            _ => {}
        }
    }
    Some(Account {
        readings,
        signatures: recorded..=announced,
    })
}
