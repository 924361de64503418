//! What is asked of a YubiHSM 2: the turns' effects on that family of devices.
//!
//! Everything that is sent to it is written down in the ceremony's folder, beforehand
//! where it may come to be done and not be known of, so that its audit log can be
//! accounted for after any interruption.

use std::sync::Arc;

use super::{Driver, Stop, TurnSecrets, Work};
use crate::{
    device::{
        self, Cancel, DeviceError, Serial,
        yubihsm::{Bench, Passwords, Role, SIGNING_KEY, Seen, Unit, UnitInfo, auditor_password},
    },
    host::secret::Secret,
    store::escrow,
};
use keymoot_attestation::{
    Evidence, Family,
    yubihsm_log::{GET_LOG_ENTRIES, Outcome, Sent},
};
use keymoot_core::{HostError, Rule, Verdict};
use keymoot_record::{
    ceremony::audited,
    rules::{audit, roster::Handle},
    transcript::Event,
};

const CREATE_SESSION: u8 = 0x03;
const AUTHENTICATE_SESSION: u8 = 0x04;
const SIGN_ECDSA: u8 = 0x56;
const SET_LOG_INDEX: u8 = 0x67;

impl Driver<'_, '_> {
    /// Where units are looked for.
    pub(super) fn units(&self) -> Bench {
        Bench::of([self.world.connector])
    }

    pub(super) fn wait_for_unit(
        &mut self,
        holder: &Handle,
        serial: Option<u32>,
    ) -> Result<UnitInfo, Stop> {
        let cancel = Cancel::new();
        let bench = self.units();
        let operator = &mut *self.operator;
        let mut tell = |seen: Option<String>| {
            let work = Work::Insert {
                holder: holder.clone(),
                serial,
                family: Family::YubiHsm,
                seen,
            };
            operator.working(&work, Some(&cancel));
        };
        Ok(bench.wait_for_one(&cancel, |seen| match seen {
            Seen::One(_) => {}
            Seen::Nothing => tell(None),
            Seen::Several { count } => tell(Some(format!(
                "{count} devices are inserted: leave only one"
            ))),
        })?)
    }

    /// Whether a unit is as the factory left it.
    pub(super) fn is_fresh_unit(&mut self, serial: Serial) -> Result<bool, Stop> {
        self.busy("reading what is on the device");
        let unit = Unit::new(self.world.connector, serial);
        Ok(unit.contents()?.is_fresh())
    }

    /// Waits until the unit with this serial number is the one inserted.
    pub(super) fn unit_at_hand(&mut self, holder: &Handle, serial: u32) -> Result<Arc<Unit>, Stop> {
        if let Some(unit) = self.unit.as_ref().filter(|u| u.serial().0 == serial)
            && unit.info().is_ok()
        {
            return Ok(Arc::clone(unit));
        }
        loop {
            let found = self.wait_for_unit(holder, Some(serial))?;
            if found.serial.0 == serial {
                let known = self.unit.take().filter(|u| u.serial().0 == serial);
                let unit = match known {
                    Some(unit) => unit,
                    None => Arc::new(Unit::resumed(
                        found.place,
                        found.serial,
                        self.world.folder.sent(serial)?,
                    )),
                };
                self.unit = Some(Arc::clone(&unit));
                return Ok(unit);
            }
            let seen = format!("YubiHSM 2 {} is inserted: take it out", found.serial);
            self.wait_until_empty(&Work::Insert {
                holder: holder.clone(),
                serial: Some(serial),
                family: Family::YubiHsm,
                seen: Some(seen),
            })?;
        }
    }

    /// Writes down what was sent to a unit, and what is about to be.
    fn write_down(
        &self,
        unit: &Unit,
        about_to_be: &[(u8, Role, u16)],
    ) -> Result<Vec<u8>, HostError> {
        let mut sent = unit.sent();
        sent.extend(about_to_be.iter().map(|&(command, role, target)| Sent {
            command,
            session_key: (target != role.key()).then(|| role.key()),
            target: Some(target).filter(|_| command != GET_LOG_ENTRIES && command != SET_LOG_INDEX),
            outcome: Outcome::Unknown,
            logged: true,
        }));
        self.world.folder.keep_sent(unit.serial().0, &sent)
    }

    /// Resets the unit as a whole.
    pub(super) fn reset_unit(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let unit = self.unit_at_hand(holder, serial)?;
        self.busy("resetting the device");
        let administrator = self.administrator(serial);
        unit.reset(administrator.as_ref())?;
        self.secrets = None;
        self.write_down(&unit, &[])?;
        self.record(Event::ResetDone {
            holder: holder.to_string(),
            serial,
        })
    }

    /// Gives the unit its passwords. They are sealed to the holder before it gets them.
    pub(super) fn set_up_unit(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let signer = self.chosen(holder, serial, device::check_new_password)?;
        let passwords = Passwords::of_signer(&signer, Serial(serial)).map_err(|error| {
            HostError::new(error.to_string(), "restart the machine, then resume")
        })?;
        let sealed = match self.recipient(holder) {
            Some(recipient) => {
                let sealed = escrow::seal_passwords(
                    &recipient,
                    serial,
                    [
                        passwords.signer(),
                        passwords.auditor(),
                        passwords.administrator(),
                    ],
                )?;
                let name = format!("{holder}-{serial}.age");
                Some(self.world.folder.keep_escrow(&name, &sealed)?)
            }
            // The holder has chosen the one that will be needed.
            None => None,
        };
        let unit = self.unit_at_hand(holder, serial)?;
        self.record(Event::EscrowKept {
            holder: holder.to_string(),
            serial,
            sealed,
        })?;
        self.busy("forcing the device to audit, and setting its passwords");
        // Remembered before the device gets it: with it a half set up device can be reset.
        self.secrets = Some(TurnSecrets {
            serial,
            pin: signer,
            management: Some(passwords.administrator().duplicate()),
            evidence: None,
        });
        unit.provision(&passwords)?;
        self.write_down(&unit, &[])?;
        self.record(Event::Provisioned {
            holder: holder.to_string(),
            serial,
        })
    }

    fn administrator(&self, serial: u32) -> Option<Secret> {
        let secrets = self.secrets.as_ref().filter(|s| s.serial == serial)?;
        secrets.management.as_ref().map(Secret::duplicate)
    }

    fn known_administrator(&self, serial: u32) -> Result<Secret, HostError> {
        self.administrator(serial).ok_or_else(|| {
            HostError::new(
                "the administrator's password is no longer remembered",
                "leave, and resume: the device is then set up anew",
            )
        })
    }

    /// Generates the key, announced before it happens.
    pub(super) fn generate_in_unit(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let unit = self.unit_at_hand(holder, serial)?;
        let administrator = self.known_administrator(serial)?;
        self.record(Event::GenerateAnnounced {
            holder: holder.to_string(),
            serial,
        })?;
        self.busy("generating the key in the device");
        let spki = unit.generate(&administrator)?;
        self.record(Event::KeyGenerated {
            holder: holder.to_string(),
            serial,
            spki: hex::encode(spki),
            adopted: false,
        })
    }

    /// After a mishap: is there a key or not?
    pub(super) fn look_for_key_in_unit(
        &mut self,
        holder: &Handle,
        serial: u32,
    ) -> Result<(), Stop> {
        let unit = self.unit_at_hand(holder, serial)?;
        let administrator = self.known_administrator(serial)?;
        self.busy("looking for a key on the device");
        let holder = holder.to_string();
        match unit.signing_key(Role::Administrator, &administrator)? {
            Some(spki) => self.record(Event::KeyFound {
                holder,
                serial,
                spki: hex::encode(spki),
            }),
            None => self.record(Event::KeyMissing { holder, serial }),
        }
    }

    pub(super) fn evidence_of_unit(
        &mut self,
        holder: &Handle,
        serial: u32,
    ) -> Result<Evidence, Stop> {
        let known = self.secrets.as_ref().filter(|s| s.serial == serial);
        if let Some(evidence) = known.and_then(|secrets| secrets.evidence.clone()) {
            return Ok(evidence);
        }
        let unit = self.unit_at_hand(holder, serial)?;
        let administrator = self.known_administrator(serial)?;
        self.busy("reading the device's attestation of the key");
        let evidence = unit.attest(&administrator)?;
        if let Some(secrets) = &mut self.secrets {
            secrets.evidence = Some(evidence.clone());
        }
        Ok(evidence)
    }

    /// Takes away the rights to make, export and delete, once the key is proven.
    pub(super) fn restrict_unit(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let unit = self.unit_at_hand(holder, serial)?;
        let administrator = self.known_administrator(serial)?;
        self.busy("taking away every right but to sign and to read the log");
        unit.restrict(&administrator)?;
        unit.no_defaults()?;
        if let Some(secrets) = &mut self.secrets {
            secrets.management = None;
        }
        self.write_down(&unit, &[])?;
        Ok(())
    }

    pub(super) fn sign_with_unit(
        &mut self,
        holder: &Handle,
        serial: u32,
        message: &[u8],
        allows: &str,
    ) -> Result<Vec<u8>, Stop> {
        let unit = self.unit_at_hand(holder, serial)?;
        let Some(signer) = self.secrets.as_ref().map(|secrets| secrets.pin.duplicate()) else {
            return Err(Stop::Device(DeviceError::Cancelled));
        };
        let about_to_be = [
            (CREATE_SESSION, Role::Signer, Role::Signer.key()),
            (AUTHENTICATE_SESSION, Role::Signer, Role::Signer.key()),
            (SIGN_ECDSA, Role::Signer, SIGNING_KEY),
        ];
        self.write_down(&unit, &about_to_be)?;
        self.busy(&format!("the device makes {allows}"));
        let signature = unit.sign(&signer, message);
        self.write_down(&unit, &[])?;
        Ok(signature?)
    }

    /// Reads the log, holds it against what was sent, keeps both, and lets the unit
    /// forget what was kept.
    pub(super) fn read_log(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let unit = self.unit_at_hand(holder, serial)?;
        self.ensure_pin(holder, serial)?;
        let Some(signer) = self.secrets.as_ref().map(|secrets| secrets.pin.duplicate()) else {
            return Err(Stop::Device(DeviceError::Cancelled));
        };
        let auditor = auditor_password(&signer, Serial(serial));
        let auditing = [
            (CREATE_SESSION, Role::Auditor, Role::Auditor.key()),
            (AUTHENTICATE_SESSION, Role::Auditor, Role::Auditor.key()),
            (GET_LOG_ENTRIES, Role::Auditor, 0),
        ];
        self.write_down(&unit, &auditing)?;
        self.busy("reading the device's audit log");
        let log = unit.read_log(&auditor);
        let sent = self.write_down(&unit, &[])?;
        let log = match log {
            Err(error @ DeviceError::WrongPassword { .. }) => {
                self.secrets = None;
                return Err(error.into());
            }
            log => log?,
        };
        let verdicts = self.account_for(serial, &log, &unit.sent())?;
        let kept = self.world.folder.keep(&log)?;
        let sent = self.world.folder.keep(&sent)?;
        let whole = !verdicts.iter().any(|verdict| verdict.is_violated());
        self.record(Event::LogRead {
            holder: holder.to_string(),
            serial,
            log: kept,
            sent,
            verdicts,
        })?;
        if let Some(last) = last_entry(&log).filter(|_| whole) {
            let [session, authentication, _] = auditing;
            let forgetting = [session, authentication, (SET_LOG_INDEX, Role::Auditor, 0)];
            self.write_down(&unit, &forgetting)?;
            let forgotten = unit.forget_log(&auditor, last);
            self.write_down(&unit, &[])?;
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
    let entry = log.get(
        log.len()
            .checked_sub(keymoot_attestation::yubihsm_log::ENTRY_LENGTH)?..,
    )?;
    match entry {
        [high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}
