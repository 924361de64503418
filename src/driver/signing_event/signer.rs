//! The device that signs an event: it holds a key that the event awaits, and attests it.

use super::turn::{Stop, Table};
use crate::{
    device::{Device, ErrorKind, PinDemands, Serial, Slots},
    driver::{Work, table},
    host::clock,
};
use keymoot_attestation::{Evidence, Family};
use keymoot_core::{Rule, Verdict, Violation};
use keymoot_record::{
    ceremony::{Answer, Question},
    signing_event::{Owed, receipt},
};
use keymoot_tuf::PublicKey;

/// Rules on the strength of a device, of which the holder decides without a set of expectations.
const OF_STRENGTH: [Rule; 3] = [Rule::DevicePin, Rule::DeviceTouch, Rule::DeviceFirmware];

/// The device that signs.
pub(super) struct Signer {
    pub(super) device: Device,
    pub(super) spki: Vec<u8>,
    pub(super) key: PublicKey,
    pub(super) evidence: Evidence,
    /// The verdicts of the DEVICE rules on the key.
    pub(super) attested: Vec<Verdict>,
}

impl Table<'_, '_> {
    /// Waits for the device whose key the event awaits, and has it attest the key.
    pub(super) fn signer(&mut self) -> Result<(Signer, Vec<Owed>), Stop> {
        let slots = Slots::YubiKeys;
        loop {
            let holder = self.turn.holder.clone();
            let found = self.retried(|table| {
                let holder = &table.turn.holder;
                Ok(table::wait_for_one(
                    table.operator,
                    &slots,
                    holder,
                    Family::YubiKey,
                    None,
                )?)
            })?;
            self.demands = PinDemands::of(&found.config.settings);
            let read = self.retried(|table| table.read(found.serial))?;
            let serial = found.serial.0;
            let violated = match read {
                Ok(signer) => {
                    let owed = self.turn.event.owed_by(&signer.key.fingerprint());
                    return Ok((signer, owed));
                }
                Err(violated) => violated,
            };
            let refused = Question::DeviceRefused {
                holder: holder.clone(),
                serial,
                violated,
                another: true,
            };
            while self.operator.ask(&refused, None)? != Answer::Another {}
            self.retried(|table| {
                let work = Work::Remove {
                    holder: holder.clone(),
                };
                let operator = &mut *table.operator;
                Ok(table::wait_until_gone(
                    operator,
                    &slots,
                    Some(serial),
                    &work,
                )?)
            })?;
        }
    }

    /// Reads the key in a device and its attestation. Returns the rules that keep it from signing.
    fn read(&mut self, serial: Serial) -> Result<Result<Signer, Vec<Verdict>>, Stop> {
        self.busy("reading the key in the device, and its attestation");
        let turn = self.turn;
        let device = Device::YubiKey(serial);
        let spki = device.signing_key(None)?;
        let key = spki
            .as_deref()
            .and_then(|spki| PublicKey::from_spki_der(spki).ok());
        let awaited = turn.event.awaits(
            turn.holder.as_str(),
            key.as_ref().map(PublicKey::fingerprint).as_ref(),
        );
        let (Some(spki), Some(key), false) = (spki, key, awaited.is_violated()) else {
            return Ok(Err(vec![awaited]));
        };
        let evidence = match device.attest(None) {
            Ok(evidence) => evidence,
            Err(error) if error.kind == ErrorKind::NoKey => {
                let what = "the device cannot attest its key: it was not made there";
                let next = "sign with a key that was made in the device";
                return Ok(Err(vec![
                    Violation::new(Rule::DeviceEvidence, what, next).into(),
                ]));
            }
            Err(error) => return Err(error.into()),
        };
        let now = clock::now()?;
        let attested = receipt::of_key(&evidence, &spki, serial.0, now, turn.trust, turn.set);
        let is_of_strength =
            |verdict: &Verdict| OF_STRENGTH.iter().any(|rule| verdict.rule == *rule);
        let keeps_from_signing = |verdict: &&Verdict| {
            verdict.is_violated() && (turn.demanded || !is_of_strength(verdict))
        };
        let violated: Vec<_> = attested
            .iter()
            .filter(keeps_from_signing)
            .cloned()
            .collect();
        match violated.is_empty() {
            true => Ok(Ok(Signer {
                device,
                spki,
                key,
                evidence,
                attested,
            })),
            false => Ok(Err(violated)),
        }
    }
}
