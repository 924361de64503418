//! The events in which a holder's device is set up, makes a key and proves it.

use super::Step;
use crate::{
    ceremony::{
        State,
        enrolment::Enrolment,
        turn::{Purpose, Stage},
    },
    rules::roster::Handle,
    transcript::Event,
};
use keymoot_attestation::Family;
use keymoot_core::{Rule, Verdict, digest::Digest};

impl State {
    /// Folds in an event of an enrolment.
    pub(super) fn advance_enrolment(&mut self, event: &Event) -> Step {
        match event {
            Event::DeviceConfirmed { holder, serial } => self.device_confirmed(holder, *serial),
            Event::ResetAnnounced { holder, serial } => self.reset_announced(holder, *serial),
            Event::ResetDone { holder, serial } => {
                self.moves_on(holder, *serial, Stage::Reset, Stage::Provision)
            }
            Event::EscrowKept {
                holder,
                serial,
                sealed,
            } => {
                self.device_at_stage(holder, *serial, &[Stage::Provision])?
                    .escrow = *sealed;
                self.moves_on(holder, *serial, Stage::Provision, Stage::HalfProvisioned)
            }
            Event::EscrowHanded { holder, serial, .. } => {
                let turn = self.device_at_stage(holder, *serial, &[Stage::Remove])?;
                if turn.escrow.is_none() || turn.handed {
                    return Err("nothing is left to be handed over".to_owned());
                }
                turn.handed = true;
                Ok(())
            }
            Event::Provisioned {
                holder,
                serial,
                verdicts,
                ..
            } => {
                let violated = Verdict::violated(verdicts);
                let next = match violated.is_empty() {
                    true => Stage::Generate,
                    false => Stage::Refused(violated),
                };
                self.moves_on(holder, *serial, Stage::HalfProvisioned, next)
            }
            Event::GenerateAnnounced { holder, serial } => {
                self.moves_on(holder, *serial, Stage::Generate, Stage::HalfGenerated)
            }
            Event::KeyGenerated {
                holder,
                serial,
                spki,
                adopted,
            } => {
                let spki = spki.clone();
                let from = match adopted {
                    true => Stage::Found(spki.clone()),
                    false => Stage::HalfGenerated,
                };
                self.moves_on(holder, *serial, from, Stage::Attest(spki))
            }
            Event::KeyFound {
                holder,
                serial,
                spki,
            } => {
                let found = Stage::Found(spki.clone());
                self.moves_on(holder, *serial, Stage::HalfGenerated, found)
            }
            Event::KeyMissing { holder, serial } => {
                let brought = self.turn.as_ref().is_some_and(|turn| turn.brings_key);
                let next = match brought {
                    true => Stage::Erase,
                    false => Stage::Reset,
                };
                self.moves_on(holder, *serial, Stage::HalfGenerated, next)
            }
            Event::Attested {
                holder,
                serial,
                attestation,
                device,
                verdicts,
            } => self.attested(holder, *serial, [*attestation, *device], verdicts),
            Event::StatementAnnounced { holder, serial } => {
                self.statement_announced(holder, *serial)
            }
            Event::Enrolled {
                holder,
                serial,
                statement,
                formerly,
            } => self.enrolled(holder, *serial, *statement, formerly.as_ref()),
            _ => Err("it has no place here".to_owned()),
        }
    }

    fn moves_on(&mut self, holder: &Handle, serial: u32, from: Stage, to: Stage) -> Step {
        self.device_at_stage(holder, serial, &[from])?.stage = to;
        Ok(())
    }

    fn device_confirmed(&mut self, holder: &Handle, serial: u32) -> Step {
        let of_format_1 = self.format() < Rule::DeviceTries.since();
        let adopts = self.plan.policy.device.adopt.is_some() && !of_format_1;
        let turn = self.device_at_stage(holder, serial, &[Stage::Identify])?;
        let used = turn.device.as_ref().is_some_and(|seen| seen.used);
        let adoptable = turn
            .device
            .as_ref()
            .is_some_and(|seen| seen.state.adoptable);
        turn.brings_key = adopts && used && adoptable && turn.family() == Family::YubiKey;
        turn.stage = match (used, turn.family()) {
            // As after an interruption: the key is read, and its holder decides.
            _ if turn.brings_key => Stage::HalfGenerated,
            (true, _) => Stage::Erase,
            // It only had to seem fresh; nobody had asked for its tries.
            (false, Family::YubiKey) if of_format_1 => Stage::Provision,
            // A YubiHSM 2's log is to begin with a reset, a YubiKey's tries are to be the
            // factory's.
            (false, _) => Stage::HalfProvisioned,
        };
        Ok(())
    }

    fn reset_announced(&mut self, holder: &Handle, serial: u32) -> Step {
        let turn = self.with_device(holder, serial)?;
        match turn.stage {
            Stage::Erase | Stage::Reset | Stage::HalfProvisioned | Stage::Found(_) => {
                turn.brings_key = false;
                turn.stage = Stage::Reset;
                Ok(())
            }
            _ => Err("nobody agreed that the device is erased".to_owned()),
        }
    }

    fn attested(
        &mut self,
        holder: &Handle,
        serial: u32,
        [attestation, device]: [Digest; 2],
        verdicts: &[Verdict],
    ) -> Step {
        let turn = self.with_device(holder, serial)?;
        let Stage::Attest(spki) = turn.stage.clone() else {
            return Err("there is no key to attest".to_owned());
        };
        let violated = Verdict::violated(verdicts);
        if !violated.is_empty() {
            turn.stage = Stage::Refused(violated);
            return Ok(());
        }
        turn.stage = Stage::Prove;
        let seen = turn.device.as_ref();
        let enrolment = Enrolment {
            serial,
            family: turn.family(),
            firmware: seen.map(|seen| seen.firmware.clone()).unwrap_or_default(),
            spki,
            attestation,
            device,
            statement: None,
            escrow: turn.escrow,
        };
        let (holder, purpose) = (turn.holder.clone(), turn.purpose);
        if let Some(seat) = self.seat_mut(&holder) {
            match purpose {
                Purpose::Spare => seat.spares.push(enrolment),
                _ => seat.enrolment = Some(enrolment),
            }
        }
        Ok(())
    }

    fn statement_announced(&mut self, holder: &Handle, serial: u32) -> Step {
        let turn = self.with_device(holder, serial)?;
        let due = match turn.purpose {
            Purpose::Prove => Stage::Sign,
            _ => Stage::Prove,
        };
        if turn.stage != due {
            return Err("it is out of turn".to_owned());
        }
        turn.announced = true;
        Ok(())
    }

    fn enrolled(
        &mut self,
        holder: &Handle,
        serial: u32,
        statement: Digest,
        formerly: Option<&Handle>,
    ) -> Step {
        self.at_table(holder)?;
        if self.formerly_at_table() != formerly {
            return Err("it gives a wrong former handle".to_owned());
        }
        let reached = self.purpose_reached();
        let turn = self.announced(holder, serial, &[Stage::Prove])?;
        turn.stage = match turn.family() {
            Family::YubiKey => reached,
            Family::YubiHsm => Stage::ReadLog,
        };
        let making = self.making_mut();
        making.ok_or("there is no key to prove")?.statement = Some(statement);
        Ok(())
    }

    /// The handle in the previous root of a renamed holder at the table. Not for a spare device:
    /// the key in it is another one.
    #[must_use]
    pub fn formerly_at_table(&self) -> Option<&Handle> {
        let turn = self.turn.as_ref();
        let enrols = turn.filter(|turn| turn.purpose == Purpose::Enroll)?;
        self.seat(&enrols.holder)?.formerly()
    }

    /// The enrolment that the turn at the table is making.
    #[must_use]
    pub fn making(&self) -> Option<&Enrolment> {
        let turn = self.turn.as_ref()?;
        let seat = self.seat(&turn.holder)?;
        match turn.purpose {
            Purpose::Enroll => seat.enrolment.as_ref(),
            Purpose::Spare => seat.spares.last(),
            Purpose::Sign | Purpose::Prove | Purpose::Close => None,
        }
    }

    fn making_mut(&mut self) -> Option<&mut Enrolment> {
        let turn = self.turn.as_ref()?;
        let (holder, purpose) = (turn.holder.clone(), turn.purpose);
        let seat = self.seat_mut(&holder)?;
        match purpose {
            Purpose::Enroll => seat.enrolment.as_mut(),
            Purpose::Spare => seat.spares.last_mut(),
            Purpose::Sign | Purpose::Prove | Purpose::Close => None,
        }
    }
}
