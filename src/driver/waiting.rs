//! Waiting for devices to be inserted and removed.

use super::{Driver, Stop, Work, table};
use std::sync::Arc;

use crate::{
    device::{Device, DeviceInfo, ErrorKind, KnownState, Slots, yubihsm::Unit},
    host::clock,
};
use keymoot_attestation::Family;
use keymoot_core::{HostError, Rule, Verdict};
use keymoot_record::{
    rules::{
        device::{self, Reported},
        roster::Handle,
    },
    transcript::{DeviceState, Event},
};

impl Driver<'_, '_> {
    /// Waits for the device of the holder at the table, and records its identity.
    pub(super) fn await_device(&mut self, holder: &Handle) -> Result<(), Stop> {
        let awaited = self.state.awaited_at_table();
        let expected = awaited.first().copied();
        let family = self.awaited_family(holder, expected);
        let found = self.wait_for_one(holder, family, expected)?;
        let serial = found.serial.0;
        let owner = self.state.owner(serial).map(ToString::to_string);
        let mut known = DeviceState::default();
        let (used, verdicts) = match expected {
            Some(_) => {
                let mut revoked = self.state.plan.roster.revocations.iter();
                let revoked = revoked.find(|key| key.serial == serial);
                let mut verdicts = device::returned(serial, &awaited, owner.as_deref(), revoked);
                if family == Family::YubiKey && self.records_states() {
                    verdicts.push(device::tries(serial, found.tries));
                }
                (false, verdicts)
            }
            None => {
                let mut verdicts = self.brought(holder, &found, owner.as_deref())?;
                let mut used = false;
                if !verdicts.iter().any(|verdict| verdict.is_violated()) {
                    let read = self.known_state(&found)?;
                    (used, known) = (read.used, read.state);
                    known.adoptable &= self.state.plan.policy.device.adopt.is_some();
                    if self.records_states()
                        && (family == Family::YubiKey || read.certificate.is_some())
                    {
                        let certificate = read.certificate.as_deref();
                        let now = clock::now()?;
                        let trust = &self.world.trust;
                        verdicts.push(device::certificate(family, certificate, trust, now));
                    }
                }
                (used, verdicts)
            }
        };
        known.tries = found.tries;
        known.applications.clone_from(&found.config.applications);
        known.settings.clone_from(&found.config.settings);
        self.record(Event::DeviceSeen {
            holder: holder.clone(),
            serial,
            family,
            firmware: found.firmware.to_string(),
            used,
            state: self.records_states().then(|| Box::new(known)),
            verdicts,
        })
    }

    /// Whether the transcript's format records the contents of a device.
    pub(super) fn records_states(&self) -> bool {
        self.state.format() >= Rule::DeviceTries.since()
    }

    /// The rules on a device that the holder brings for a new key.
    fn brought(
        &self,
        holder: &Handle,
        found: &DeviceInfo,
        owner: Option<&str>,
    ) -> Result<Vec<Verdict>, Stop> {
        let serial = found.serial.0;
        let plan = &self.state.plan;
        let listed = plan.roster.holder(holder).ok_or_else(|| {
            HostError::new(
                "the holder at the table is not in the roster",
                "leave, and resume",
            )
        })?;
        let reported = Reported {
            serial,
            family: found.family,
            firmware: found.firmware,
            form_factor: found.config.form_factor,
        };
        let seat = self.state.seat(holder);
        let replaced = seat.and_then(|seat| seat.outgoing.as_ref());
        let revoked = self.state.revoked();
        let revoked = revoked.find(None, serial).map(|r| r.reason.as_str());
        Ok(device::brought(
            reported,
            listed,
            &plan.roster,
            owner,
            replaced.map(|old| old.serial),
            revoked,
            &plan.policy,
        ))
    }

    /// The family of the device that the holder is to insert: that of the key, where a
    /// particular one is awaited, or what the roster says.
    fn awaited_family(&self, holder: &Handle, expected: Option<u32>) -> Family {
        let seat = self.state.seat(holder);
        let enrolled = seat
            .into_iter()
            .flat_map(|seat| seat.proven())
            .find(|enrolment| Some(enrolment.serial) == expected);
        let listed = self.state.plan.roster.holder(holder);
        enrolled
            .map(|enrolment| enrolment.family)
            .or_else(|| listed.map(|holder| holder.family))
            .unwrap_or_default()
    }

    /// Reads the contents of the device, before the ceremony changes it.
    fn known_state(&mut self, found: &DeviceInfo) -> Result<KnownState, Stop> {
        self.busy("reading what is on the device");
        let device = match found.family {
            Family::YubiKey => Device::YubiKey(found.serial),
            // No earlier command has to be accounted for.
            Family::YubiHsm => {
                Device::YubiHsm(Arc::new(Unit::new(self.world.connector, found.serial)))
            }
        };
        Ok(device.known_state()?)
    }

    /// Waits until the device with this serial number is the only one inserted.
    pub(super) fn at_hand(&mut self, holder: &Handle, serial: u32) -> Result<Device, Stop> {
        let family = self.family();
        if let Some(device) = self.device.as_ref().filter(|d| d.serial().0 == serial)
            && let Some(unit) = device.unit()
            && unit.info().is_ok()
        {
            return Ok(device.clone());
        }
        let slots = Slots::of(family, self.world.connector);
        let operator = &mut *self.operator;
        let found = table::wait_for_this(operator, &slots, holder, family, serial)?;
        let known = self.device.take().filter(|d| d.serial().0 == serial);
        let device = match known {
            Some(device) => device,
            None => self.found(&found)?,
        };
        self.device = Some(device.clone());
        Ok(device)
    }

    /// The device, with the record of earlier commands to it.
    fn found(&self, found: &DeviceInfo) -> Result<Device, Stop> {
        Ok(match found.family {
            Family::YubiKey => Device::YubiKey(found.serial),
            Family::YubiHsm => {
                let sent = self.world.folder.sent(found.serial.0)?;
                let unit = Unit::resumed(self.world.connector, found.serial, sent);
                Device::YubiHsm(Arc::new(unit))
            }
        })
    }

    /// The purpose is reached: waits for the device to be removed, and ends the turn.
    pub(super) fn await_removal(&mut self, holder: &Handle) -> Result<(), Stop> {
        self.hand_over(holder)?;
        self.await_holder_removes(holder)?;
        self.record(Event::TurnEnded {
            holder: holder.clone(),
            unfinished: None,
        })
    }

    /// The device has signed all it could: waits until it is out, for the holder's
    /// other one.
    pub(super) fn await_exchange(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        self.await_holder_removes(holder)?;
        self.secrets = None;
        self.device = None;
        self.record(Event::DeviceExchanged {
            holder: holder.clone(),
            serial,
        })
    }

    /// Waits until the device that was set aside is out. The right one may be in already.
    pub(super) fn await_set_aside(&mut self, serial: u32, slots: &Slots) -> Result<(), Stop> {
        let Some(holder) = self.at_table() else {
            return Ok(());
        };
        let work = Work::Remove { holder };
        let operator = &mut *self.operator;
        Ok(table::wait_until_gone(
            operator,
            slots,
            Some(serial),
            &work,
        )?)
    }

    /// Waits until the device is out whose holder's turn ended early: it would be taken for the next
    /// holder's.
    pub(super) fn await_what_was_left_in(&mut self) -> Result<(), Stop> {
        let Some((holder, family)) = self.left_in.clone() else {
            return Ok(());
        };
        let slots = Slots::of(family, self.world.connector);
        // If nothing can be observed, nothing can be waited for: the next turn says why.
        if slots.present().is_ok_and(|present| !present.is_empty()) {
            let work = Work::Remove { holder };
            match table::wait_until_gone(&mut *self.operator, &slots, None, &work) {
                Err(error) if error.kind == ErrorKind::Cancelled => return Err(error.into()),
                _ => {}
            }
        }
        self.left_in = None;
        Ok(())
    }

    fn await_holder_removes(&mut self, holder: &Handle) -> Result<(), Stop> {
        let slots = self.slots();
        let work = Work::Remove {
            holder: holder.clone(),
        };
        let operator = &mut *self.operator;
        Ok(table::wait_until_gone(operator, &slots, None, &work)?)
    }

    fn wait_for_one(
        &mut self,
        holder: &Handle,
        family: Family,
        serial: Option<u32>,
    ) -> Result<DeviceInfo, Stop> {
        let slots = Slots::of(family, self.world.connector);
        let operator = &mut *self.operator;
        Ok(table::wait_for_one(
            operator, &slots, holder, family, serial,
        )?)
    }

    /// Reports work that needs nobody.
    pub(super) fn busy(&mut self, doing: &str) {
        self.operator.working(
            &Work::Busy {
                doing: doing.to_owned(),
            },
            None,
        );
    }
}
