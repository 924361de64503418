//! The record of what keymoot sent to a YubiHSM 2, compared with the device's audit log.
//!
//! keymoot records every command in the ceremony's folder. It records a command beforehand
//! if the device may perform it without an answer. So the audit log can be
//! accounted for after any interruption.

use super::{Driver, Stop};
use crate::device::{
    Device, DeviceError, Serial,
    yubihsm::{Errand, auditor_password},
};
use keymoot_attestation::yubihsm_log::{ENTRY_LENGTH, Sent};
use keymoot_core::{HostError, Rule, Verdict};
use keymoot_record::{
    ceremony::audited,
    rules::{audit, roster::Handle},
    transcript::Event,
};

impl Driver<'_, '_> {
    /// Records the commands that were sent, and those of a task that is about to begin. A YubiKey
    /// has no audit log, so there is nothing to record.
    pub(super) fn write_down(
        &self,
        device: &Device,
        errand: Option<Errand>,
    ) -> Result<Vec<u8>, HostError> {
        let Some(unit) = device.unit() else {
            return Ok(Vec::new());
        };
        let sent = unit.sent_and_planned(errand);
        self.world.folder.keep_sent(unit.serial().0, &sent)
    }

    /// Reads the log, compares it with the record, keeps both, and has the device
    /// clear the read entries.
    pub(super) fn read_log(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let device = self.at_hand(holder, serial)?;
        let Some(unit) = device.unit() else {
            return Ok(());
        };
        self.ensure_pin(holder, serial)?;
        let auditor = auditor_password(&self.typed(&device)?, Serial(serial));
        self.write_down(&device, Some(Errand::ReadLog))?;
        self.busy("reading the device's audit log");
        let log = unit.read_log(&auditor);
        let sent = self.write_down(&device, None)?;
        if log.as_ref().is_err_and(DeviceError::is_wrong_secret) {
            self.secrets = None;
        }
        let log = log?;
        let verdicts = self.account_for(serial, &log, &unit.sent())?;
        let kept = self.world.folder.keep(&log)?;
        let sent = self.world.folder.keep(&sent)?;
        let whole = !verdicts.iter().any(|verdict| verdict.is_violated());
        self.record(Event::LogRead {
            holder: holder.clone(),
            serial,
            log: kept,
            sent,
            verdicts,
        })?;
        if let Some(last) = last_entry(&log).filter(|_| whole) {
            self.write_down(&device, Some(Errand::ForgetLog))?;
            let forgotten = unit.forget_log(&auditor, last);
            self.write_down(&device, None)?;
            forgotten?;
        }
        Ok(())
    }

    fn account_for(
        &self,
        serial: u32,
        log: &[u8],
        sent: &[Sent],
    ) -> Result<Vec<Verdict>, HostError> {
        let chain = self.world.journal.chain();
        let Some(account) = audited::account(chain.entries(), serial) else {
            return Ok(vec![Verdict::not_asked(
                Rule::DeviceAudit,
                format!(
                    "the log of YubiHSM 2 {serial} from its reset on is in the bundle of the ceremony that made its key"
                ),
            )]);
        };
        let mut readings = Vec::new();
        for reading in &account.readings {
            readings.push(self.world.folder.kept(&reading.log)?);
        }
        readings.push(log.to_vec());
        let audited = audit::Audited {
            serial,
            readings: &readings,
            sent,
            signatures: account.signatures,
        };
        Ok(match audit::check(&audited) {
            Ok((verdict, _)) => vec![verdict],
            Err(violations) => violations.into_iter().map(Verdict::from).collect(),
        })
    }
}

/// The number of the last entry in the device's answer: its first two bytes.
fn last_entry(log: &[u8]) -> Option<u16> {
    let entry = log.get(log.len().checked_sub(ENTRY_LENGTH)?..)?;
    match entry {
        [high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}
