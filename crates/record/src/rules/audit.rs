//! The rule on the audit log of a YubiHSM 2: it accounts for every command to the
//! device, and for no other.

use std::ops::RangeInclusive;

use super::{Verdict, Violation};
use keymoot_attestation::yubihsm_log::{AuditLog, Sent};
use keymoot_core::Rule;

/// GENERATE ASYMMETRIC KEY.
const GENERATE: u8 = 0x46;
/// SIGN ECDSA.
const SIGN: u8 = 0x56;

/// A device's audit log since its reset, to be checked.
#[derive(Debug)]
pub struct Audited<'a> {
    /// The device.
    pub serial: u32,
    /// Every reading since the reset, in order.
    pub readings: &'a [Vec<u8>],
    /// The commands sent to it since.
    pub sent: &'a [Sent],
    /// How many signatures the transcript accounts for: those recorded at least, those
    /// announced at most.
    pub signatures: RangeInclusive<usize>,
}

/// DEVICE-AUDIT: the log is whole, shows what was sent and nothing else, one
/// key made, and the signatures that the transcript records.
///
/// # Errors
/// The violations. Otherwise the verdict, and the number of the last entry.
pub fn check(audited: &Audited<'_>) -> Result<(Verdict, u16), Vec<Violation>> {
    let log = AuditLog::check(audited.readings, audited.sent)?;
    let done = |command: u8| {
        let of = |entry: &&_| told(entry, command);
        log.entries().iter().filter(of).count()
    };
    let (made, signed) = (done(GENERATE), done(SIGN));
    if made != 1 || !audited.signatures.contains(&signed) {
        return Err(vec![Violation::new(
            Rule::DeviceAudit,
            format!(
                "the log of YubiHSM 2 {} has {made} generated keys and {signed} signatures; the transcript has one key and {} to {} signatures",
                audited.serial,
                audited.signatures.start(),
                audited.signatures.end()
            ),
            "do not use this device; keep it for an investigation, and set up another",
        )]);
    }
    let verdict = Verdict::held(
        Rule::DeviceAudit,
        format!(
            "the log of YubiHSM 2 {} is complete: its {} entries since the reset match the commands; it was plugged in {} times since",
            audited.serial,
            log.entries().len(),
            log.restarts()
        ),
    );
    Ok((verdict, log.last()))
}

fn told(entry: &keymoot_attestation::yubihsm_log::LogEntry, command: u8) -> bool {
    entry.command() == command && entry.result() == command | 0x80
}
