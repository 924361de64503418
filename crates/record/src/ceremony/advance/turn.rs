//! The events of a holder's turn: which function folds each one in, and what they share.

use super::Step;
use crate::{
    ceremony::{
        State,
        turn::{Purpose, Seen, Stage, Turn},
    },
    handle::Handle,
    transcript::Event,
};
use keymoot_attestation::Family;
use keymoot_core::Verdict;

impl State {
    /// Folds in an event of the holder's turn.
    pub(in crate::ceremony) fn advance_turn(&mut self, event: &Event) -> Step {
        match event {
            Event::TurnBegun { holder } => self.turn_begun(holder),
            Event::TurnEnded { holder, unfinished } => {
                self.turn_ended(holder, unfinished.is_some())
            }
            Event::DeviceSeen {
                holder,
                serial,
                family,
                firmware,
                used,
                state,
                verdicts,
            } => {
                let seen = Seen {
                    serial: *serial,
                    family: *family,
                    firmware: firmware.clone(),
                    used: *used,
                    state: state.as_deref().cloned().unwrap_or_default(),
                };
                self.device_seen(holder, seen, verdicts)
            }
            Event::DeviceSetAside { holder, serial } => self.device_set_aside(holder, *serial),
            Event::DeviceExchanged { holder, serial } => {
                let turn = self.device_at_stage(holder, *serial, &[Stage::Exchange])?;
                turn.device = None;
                turn.stage = Stage::Insert;
                Ok(())
            }
            Event::LogRead {
                holder,
                serial,
                verdicts,
                ..
            } => self.log_read(holder, *serial, verdicts),
            Event::SignAnnounced { .. }
            | Event::Signed { .. }
            | Event::Proved { .. }
            | Event::CloseAnnounced { .. }
            | Event::Closed { .. } => self.advance_signing(event),
            event => self.advance_enrolment(event),
        }
    }

    fn turn_begun(&mut self, holder: &Handle) -> Step {
        let purpose = self.purpose().ok_or("this step has no turns")?;
        if self.turn.is_some() || !self.begun {
            return Err("somebody else is at the table".to_owned());
        }
        if purpose == Purpose::Close && self.manifest.is_none() {
            return Err("there is no manifest to sign".to_owned());
        }
        let mut waiting = self.waiting(purpose).into_iter();
        let waiting = waiting.find(|handle| handle == holder);
        let handle = waiting.ok_or("this holder is not awaited")?;
        if let Some(seat) = self.seat_mut(&handle) {
            // A spare key that an earlier turn left unproven does not count.
            seat.spares.retain(|spare| spare.statement.is_some());
        }
        self.progress.called.insert(handle.clone());
        self.turn = Some(Turn::new(handle, purpose));
        Ok(())
    }

    fn turn_ended(&mut self, holder: &Handle, unfinished: bool) -> Step {
        let stage = &self.at_table(holder)?.stage;
        let (at_end, stated) = (*stage == Stage::Remove, *stage == Stage::Answer);
        if at_end == unfinished || stated {
            return Err("the turn's purpose and its end do not agree".to_owned());
        }
        if self.turn.as_ref().is_some_and(Turn::is_unaccounted) {
            // A signature does not count before the device's log was read.
            self.disown();
        }
        self.turn = None;
        Ok(())
    }

    fn device_seen(&mut self, holder: &Handle, seen: Seen, verdicts: &[Verdict]) -> Step {
        let turn = self.at_stage(holder, &[Stage::Insert])?;
        let (serial, handle) = (seen.serial, turn.holder.clone());
        turn.device = Some(seen);
        let violated = Verdict::violated(verdicts);
        let (accepted, enrols) = (violated.is_empty(), turn.purpose == Purpose::Enroll);
        turn.stage = match turn.purpose {
            _ if !accepted => Stage::Refused(violated),
            Purpose::Enroll | Purpose::Spare => Stage::Identify,
            Purpose::Sign | Purpose::Prove | Purpose::Close => Stage::Sign,
        };
        if accepted
            && enrols
            && let Some(seat) = self.seat_mut(&handle)
            && let Some(renamed) = &seat.renamed
        {
            let key = renamed.unproven();
            if key.serial != serial {
                return Err("a renamed holder keeps key and device".to_owned());
            }
            seat.enrolment = Some(key);
            // The key is made and attested: it signs that its holder has another name.
            self.at_table(holder)?.stage = Stage::Prove;
        }
        Ok(())
    }

    fn device_set_aside(&mut self, holder: &Handle, serial: u32) -> Step {
        let turn = self.with_device(holder, serial)?;
        if !matches!(turn.stage, Stage::Refused(_) | Stage::Identify) {
            return Err("the device is in use".to_owned());
        }
        turn.device = None;
        turn.brings_key = false;
        turn.stage = Stage::Insert;
        Ok(())
    }

    fn log_read(&mut self, holder: &Handle, serial: u32, verdicts: &[Verdict]) -> Step {
        // A full log is read and emptied before the device signs.
        let due = [Stage::ReadLog, Stage::Prove, Stage::Sign];
        let turn = self.device_at_stage(holder, serial, &due)?;
        if turn.family() != Family::YubiHsm {
            return Err("this device has no audit log".to_owned());
        }
        let violated = Verdict::violated(verdicts);
        if !violated.is_empty() {
            turn.stage = Stage::Refused(violated);
            self.disown();
            return Ok(());
        }
        if turn.stage != Stage::ReadLog {
            return Ok(());
        }
        turn.stage = Stage::Remove;
        if turn.purpose == Purpose::Sign {
            let handle = turn.holder.clone();
            let left = self
                .seat(&handle)
                .is_some_and(|seat| !self.has_done(seat, Purpose::Sign));
            if let Some(turn) = self.turn.as_mut().filter(|_| left) {
                turn.stage = Stage::Exchange;
            }
        }
        Ok(())
    }

    /// Takes back the work of the device at the table in this turn: its log
    /// does not account for it.
    fn disown(&mut self) {
        let Some((holder, purpose, device)) = self
            .turn
            .as_ref()
            .map(|turn| (turn.holder.clone(), turn.purpose, turn.device.clone()))
        else {
            return;
        };
        let documents = self.current().map(|step| step.documents.clone());
        let documents = documents.unwrap_or_default();
        let Some((seat, device)) = self.seat_mut(&holder).zip(device) else {
            return;
        };
        match purpose {
            Purpose::Enroll => seat.enrolment = None,
            Purpose::Spare => seat.spares.retain(|spare| spare.serial != device.serial),
            Purpose::Sign => seat.signatures.retain(|(document, serial), _| {
                *serial != device.serial || !documents.contains(document)
            }),
            Purpose::Prove => seat.proof = None,
            Purpose::Close => seat.closing = None,
        }
    }

    pub(super) fn with_device(
        &mut self,
        holder: &Handle,
        serial: u32,
    ) -> Result<&mut Turn, String> {
        let turn = self.at_table(holder)?;
        turn.has(serial)?;
        Ok(turn)
    }

    pub(super) fn at_stage(
        &mut self,
        holder: &Handle,
        stages: &[Stage],
    ) -> Result<&mut Turn, String> {
        let turn = self.at_table(holder)?;
        if stages.contains(&turn.stage) {
            Ok(turn)
        } else {
            Err("it is out of turn".to_owned())
        }
    }

    pub(in crate::ceremony) fn device_at_stage(
        &mut self,
        holder: &Handle,
        serial: u32,
        stages: &[Stage],
    ) -> Result<&mut Turn, String> {
        self.at_table(holder)?.has(serial)?;
        self.at_stage(holder, stages)
    }

    pub(in crate::ceremony) fn announced(
        &mut self,
        holder: &Handle,
        serial: u32,
        stages: &[Stage],
    ) -> Result<&mut Turn, String> {
        let turn = self.device_at_stage(holder, serial, stages)?;
        if std::mem::take(&mut turn.announced) {
            Ok(turn)
        } else {
            Err("it was not announced".to_owned())
        }
    }
}
