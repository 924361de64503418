//! How each event of a holder's turn changes the state, and when it may come.

use super::{
    advance::{Step, violated},
    script::{Document, Kind},
    state::{Enrolment, Signature, State},
    turn::{Purpose, Seen, Stage, Turn},
};
use crate::{rules::roster::Handle, transcript::Event};
use keymoot_attestation::Family;

impl State {
    /// Folds in an event of the holder's turn.
    pub(super) fn advance_turn(&mut self, event: &Event) -> Step {
        match event {
            Event::TurnBegun { holder } => {
                let purpose = self.purpose().ok_or("this step has no turns")?;
                if self.turn.is_some() || !self.begun {
                    return Err("somebody else is at the table".to_owned());
                }
                if purpose == Purpose::Close && self.manifest.is_none() {
                    return Err("there is no manifest to sign".to_owned());
                }
                let waiting = self
                    .waiting(purpose)
                    .into_iter()
                    .find(|h| h.as_str() == holder);
                let handle = waiting.ok_or("this holder is not awaited")?;
                if let Some(seat) = self.seat_mut(&handle) {
                    // A spare that an earlier turn left unproven counts for nothing.
                    seat.spares.retain(|spare| spare.statement.is_some());
                }
                self.progress.called.insert(handle.clone());
                self.turn = Some(Turn::new(handle, purpose));
                Ok(())
            }
            Event::TurnEnded { holder, unfinished } => {
                let at_end = self.at_table(holder)?.stage == Stage::Remove;
                if at_end == unfinished.is_some() {
                    return Err("the turn's purpose and its end do not agree".to_owned());
                }
                if self.turn.as_ref().is_some_and(Turn::is_unaccounted) {
                    // What a log was not read of does not count.
                    self.disown();
                }
                self.turn = None;
                Ok(())
            }
            Event::DeviceSeen {
                holder,
                serial,
                family,
                firmware,
                used,
                verdicts,
            } => {
                let turn = self.at_stage(holder, &[Stage::Insert])?;
                turn.device = Some(Seen {
                    serial: *serial,
                    family: *family,
                    firmware: firmware.clone(),
                    used: *used,
                });
                let violated = violated(verdicts);
                turn.stage = match turn.purpose {
                    _ if !violated.is_empty() => Stage::Refused(violated),
                    Purpose::Enroll | Purpose::Spare => Stage::Identify,
                    Purpose::Sign | Purpose::Prove | Purpose::Close => Stage::Sign,
                };
                Ok(())
            }
            Event::DeviceSetAside { holder, serial } => {
                let turn = self.with_device(holder, *serial)?;
                if !matches!(turn.stage, Stage::Refused(_) | Stage::Identify) {
                    return Err("the device is in use".to_owned());
                }
                turn.device = None;
                turn.stage = Stage::Insert;
                Ok(())
            }
            Event::DeviceConfirmed { holder, serial } => {
                let turn = self.device_at_stage(holder, *serial, &[Stage::Identify])?;
                let used = turn.device.as_ref().is_some_and(|seen| seen.used);
                turn.stage = match (used, turn.family()) {
                    (true, _) => Stage::Erase,
                    (false, Family::YubiKey) => Stage::Provision,
                    // Its log is to begin with a reset.
                    (false, Family::YubiHsm) => Stage::HalfProvisioned,
                };
                Ok(())
            }
            Event::ResetAnnounced { holder, serial } => {
                let turn = self.with_device(holder, *serial)?;
                match turn.stage {
                    Stage::Erase | Stage::Reset | Stage::HalfProvisioned | Stage::Found(_) => {
                        turn.stage = Stage::Reset;
                        Ok(())
                    }
                    _ => Err("nobody agreed that the device is erased".to_owned()),
                }
            }
            Event::ResetDone { holder, serial } => {
                self.device_at_stage(holder, *serial, &[Stage::Reset])?
                    .stage = Stage::Provision;
                Ok(())
            }
            Event::EscrowKept {
                holder,
                serial,
                sealed,
            } => {
                let turn = self.device_at_stage(holder, *serial, &[Stage::Provision])?;
                turn.escrow = *sealed;
                turn.stage = Stage::HalfProvisioned;
                Ok(())
            }
            Event::Provisioned { holder, serial } => {
                let turn = self.device_at_stage(holder, *serial, &[Stage::HalfProvisioned])?;
                turn.stage = Stage::Generate;
                Ok(())
            }
            Event::GenerateAnnounced { holder, serial } => {
                self.device_at_stage(holder, *serial, &[Stage::Generate])?
                    .stage = Stage::HalfGenerated;
                Ok(())
            }
            Event::KeyGenerated {
                holder,
                serial,
                spki,
                adopted,
            } => {
                let spki = bytes(spki)?;
                let expected = if *adopted {
                    Stage::Found(spki.clone())
                } else {
                    Stage::HalfGenerated
                };
                self.device_at_stage(holder, *serial, &[expected])?.stage = Stage::Attest(spki);
                Ok(())
            }
            Event::KeyFound {
                holder,
                serial,
                spki,
            } => {
                let spki = bytes(spki)?;
                let turn = self.device_at_stage(holder, *serial, &[Stage::HalfGenerated])?;
                turn.stage = Stage::Found(spki);
                Ok(())
            }
            Event::KeyMissing { holder, serial } => {
                self.device_at_stage(holder, *serial, &[Stage::HalfGenerated])?
                    .stage = Stage::Reset;
                Ok(())
            }
            Event::Attested {
                holder,
                serial,
                attestation,
                device,
                verdicts,
            } => {
                let turn = self.with_device(holder, *serial)?;
                let Stage::Attest(spki) = turn.stage.clone() else {
                    return Err("there is no key to attest".to_owned());
                };
                let violated = violated(verdicts);
                let refused = !violated.is_empty();
                turn.stage = if refused {
                    Stage::Refused(violated)
                } else {
                    Stage::Prove
                };
                let enrolment = Enrolment {
                    serial: *serial,
                    family: turn.family(),
                    firmware: turn
                        .device
                        .as_ref()
                        .map(|seen| seen.firmware.clone())
                        .unwrap_or_default(),
                    spki,
                    attestation: *attestation,
                    device: *device,
                    statement: None,
                    escrow: turn.escrow,
                };
                let (seat, purpose) = (turn.holder.clone(), turn.purpose);
                if let Some(seat) = self.seat_mut(&seat).filter(|_| !refused) {
                    match purpose {
                        Purpose::Spare => seat.spares.push(enrolment),
                        _ => seat.enrolment = Some(enrolment),
                    }
                }
                Ok(())
            }
            Event::StatementAnnounced { holder, serial } => {
                let turn = self.at_table(holder)?;
                turn.has(*serial)?;
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
            Event::Enrolled {
                holder,
                serial,
                statement,
            } => {
                let turn = self.announced(holder, *serial, &[Stage::Prove])?;
                turn.stage = match turn.family() {
                    Family::YubiKey => Stage::Remove,
                    Family::YubiHsm => Stage::ReadLog,
                };
                let making = self.making_mut();
                making.ok_or("there is no key to prove")?.statement = Some(*statement);
                Ok(())
            }
            Event::SignAnnounced {
                holder,
                serial,
                document,
                signed,
            } => {
                self.in_step(Kind::Sign)?;
                let document = self.is_reviewed(document, signed)?;
                self.may_sign(holder, document, *serial)?;
                self.device_at_stage(holder, *serial, &[Stage::Sign])?
                    .announced = true;
                Ok(())
            }
            Event::Signed {
                holder,
                serial,
                document,
                signed,
                keyid,
                signature,
            } => {
                self.in_step(Kind::Sign)?;
                let document = self.is_reviewed(document, signed)?;
                self.may_sign(holder, document, *serial)?;
                let turn = self.announced(holder, *serial, &[Stage::Sign])?;
                let handle = turn.holder.clone();
                let signature = Signature {
                    keyid: keyid.clone(),
                    bytes: bytes(signature)?,
                };
                let seat = self.seat_mut(&handle).ok_or("this holder has no seat")?;
                let place = (document, *serial);
                if seat.signatures.insert(place, signature).is_some() {
                    return Err("this device has signed this document".to_owned());
                }
                self.remove_when_done(&handle);
                Ok(())
            }
            Event::LogRead {
                holder,
                serial,
                verdicts,
                ..
            } => {
                // A full log is read and emptied before the device signs.
                let due = [Stage::ReadLog, Stage::Prove, Stage::Sign];
                let turn = self.device_at_stage(holder, *serial, &due)?;
                if turn.family() != Family::YubiHsm {
                    return Err("this device has no audit log".to_owned());
                }
                let violated = violated(verdicts);
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
            Event::DeviceExchanged { holder, serial } => {
                let turn = self.device_at_stage(holder, *serial, &[Stage::Exchange])?;
                turn.device = None;
                turn.stage = Stage::Insert;
                Ok(())
            }
            Event::Proved {
                holder,
                serial,
                statement,
            } => {
                self.in_step(Kind::Prove)?;
                let turn = self.announced(holder, *serial, &[Stage::Sign])?;
                let handle = turn.holder.clone();
                let seat = self.seat_mut(&handle).ok_or("this holder has no seat")?;
                seat.proof = Some(*statement);
                self.remove_when_done(&handle);
                Ok(())
            }
            Event::CloseAnnounced { holder, serial } => {
                self.in_step(Kind::Close)?;
                self.device_at_stage(holder, *serial, &[Stage::Sign])?
                    .announced = true;
                Ok(())
            }
            Event::Closed {
                holder,
                serial,
                keyid,
                signature,
            } => {
                self.in_step(Kind::Close)?;
                let turn = self.announced(holder, *serial, &[Stage::Sign])?;
                let handle = turn.holder.clone();
                let signature = Signature {
                    keyid: keyid.clone(),
                    bytes: bytes(signature)?,
                };
                let seat = self.seat_mut(&handle).ok_or("this holder has no seat")?;
                seat.closing = Some(signature);
                self.remove_when_done(&handle);
                Ok(())
            }
            _ => Err("it has no place here".to_owned()),
        }
    }

    fn remove_when_done(&mut self, handle: &Handle) {
        let Some((turn, seat)) = self.turn.as_ref().zip(self.seat(handle)) else {
            return;
        };
        let device = turn.device.as_ref().map(|seen| seen.serial);
        let stage = if self.has_done(seat, turn.purpose) {
            Stage::Remove
        } else if self.next_signature(seat, device).is_none() {
            Stage::Exchange
        } else {
            return;
        };
        if let Some(turn) = &mut self.turn {
            turn.stage = match turn.family() {
                Family::YubiKey => stage,
                Family::YubiHsm => Stage::ReadLog,
            };
        }
    }

    /// Takes back what the device at the table did for the turn's purpose: its log
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

    /// Whether the key in this device of the holder has a part in the document.
    fn may_sign(&self, holder: &str, document: Document, serial: u32) -> Step {
        let seat = self
            .seats
            .iter()
            .find(|seat| seat.handle.as_str() == holder);
        let may = seat.is_some_and(|seat| {
            self.signers(seat, document)
                .any(|enrolment| enrolment.serial == serial)
        });
        may.then_some(())
            .ok_or("the key in this device has no part in this document".to_owned())
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

    fn with_device(&mut self, holder: &str, serial: u32) -> Result<&mut Turn, String> {
        let turn = self.at_table(holder)?;
        turn.has(serial)?;
        Ok(turn)
    }

    fn at_stage(&mut self, holder: &str, stages: &[Stage]) -> Result<&mut Turn, String> {
        let turn = self.at_table(holder)?;
        if stages.contains(&turn.stage) {
            Ok(turn)
        } else {
            Err("it is out of turn".to_owned())
        }
    }

    fn device_at_stage(
        &mut self,
        holder: &str,
        serial: u32,
        stages: &[Stage],
    ) -> Result<&mut Turn, String> {
        self.at_table(holder)?.has(serial)?;
        self.at_stage(holder, stages)
    }

    fn announced(
        &mut self,
        holder: &str,
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

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    hex::decode(text).map_err(|_| "it holds something that is not hexadecimal".to_owned())
}
