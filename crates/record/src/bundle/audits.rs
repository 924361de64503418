//! The audit logs of YubiHSM 2s in a bundle: their paths, and
//! their verification.

use super::STOP;
use crate::{
    ceremony::{
        audited::{self, Account},
        enrolment::Enrolment,
    },
    rules::audit,
    transcript::{Entry, Event},
};
use keymoot_attestation::yubihsm_log::Sent;
use keymoot_core::{Rule, Verdict, Violation, digest::Digest};

/// The folder of the logs in a bundle.
pub(super) const LOGS: &str = "audit-logs";

/// The files of every reading that the transcript names: path and digest.
pub(super) fn files(entries: &[Entry]) -> impl Iterator<Item = (String, Digest)> {
    let readings = entries.iter().filter_map(|entry| match &entry.event {
        Event::LogRead {
            serial, log, sent, ..
        } => Some((format!("{LOGS}/{serial}/{}", entry.seq), *log, *sent)),
        _ => None,
    });
    readings.flat_map(|(path, log, sent)| {
        [
            (format!("{path}.log"), log),
            (format!("{path}.sent.json"), sent),
        ]
    })
}

/// DEVICE-AUDIT of a key that was made in this ceremony: the log of its device, from
/// its reset to the last reading, is whole, and shows only commands of keymoot.
pub(super) fn judge(
    handle: &str,
    enrolled: &Enrolment,
    entries: &[Entry],
    object: &dyn Fn(&Digest) -> Option<Vec<u8>>,
) -> Verdict {
    let device = enrolled.serial;
    let fault = |what: &str| -> Verdict {
        let what = format!("{handle}: the log of YubiHSM 2 {device} {what}");
        Violation::new(Rule::DeviceAudit, what, STOP).into()
    };
    // Commands after the last reading were taken back, or are after the seal.
    let last = entries.iter().rposition(
        |entry| matches!(&entry.event, Event::LogRead { serial, .. } if *serial == device),
    );
    let read = last.and_then(|last| entries.get(..=last));
    let account = read.and_then(|entries| audited::account(entries, device));
    let Some(Account {
        readings,
        signatures,
    }) = account
    else {
        return fault("was not read after its reset");
    };
    let logs: Option<Vec<_>> = readings
        .iter()
        .map(|reading| object(&reading.log))
        .collect();
    let sent = readings.last().and_then(|reading| object(&reading.sent));
    let Some((logs, sent)) = logs.zip(sent) else {
        return fault("is missing or was altered");
    };
    let Ok(sent) = serde_json::from_slice::<Vec<Sent>>(&sent) else {
        return fault("has no readable record of the commands");
    };
    let audited = audit::Audited {
        serial: device,
        readings: &logs,
        sent: &sent,
        signatures,
    };
    match audit::check(&audited) {
        Ok((verdict, _)) => Verdict {
            detail: format!("{handle}: {}", verdict.detail),
            ..verdict
        },
        Err(violations) => {
            let what: Vec<_> = violations.into_iter().map(|v| v.what).collect();
            fault(&format!("does not account for it: {}", what.join("; ")))
        }
    }
}
