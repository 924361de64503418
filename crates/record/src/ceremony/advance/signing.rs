//! The events in which a holder's key signs: documents, the presence proof, the manifest.

use super::Step;
use crate::{
    ceremony::{
        State,
        enrolment::Signature,
        script::{Document, Kind},
        turn::Stage,
    },
    rules::roster::Handle,
    transcript::Event,
};
use keymoot_attestation::Family;
use keymoot_core::digest::Digest;

impl State {
    /// Folds in an event of a signing turn.
    pub(super) fn advance_signing(&mut self, event: &Event) -> Step {
        match event {
            Event::SignAnnounced {
                holder,
                serial,
                document,
                signed,
            } => {
                self.may_sign(holder, *document, signed, *serial)?;
                self.announce(holder, *serial)
            }
            Event::Signed {
                holder,
                serial,
                document,
                signed,
                keyid,
                signature,
            } => {
                self.may_sign(holder, *document, signed, *serial)?;
                let signature = Signature {
                    keyid: keyid.clone(),
                    bytes: signature.clone(),
                };
                self.signed(holder, *serial, *document, signature)
            }
            Event::Proved {
                holder,
                serial,
                statement,
            } => {
                self.in_step(Kind::Prove)?;
                self.signs(holder, *serial)?;
                let seat = self.seat_mut(holder).ok_or(NO_SEAT)?;
                seat.proof = Some(*statement);
                self.remove_when_done(holder);
                Ok(())
            }
            Event::CloseAnnounced { holder, serial } => {
                self.in_step(Kind::Close)?;
                self.announce(holder, *serial)
            }
            Event::Closed {
                holder,
                serial,
                keyid,
                signature,
            } => {
                self.in_step(Kind::Close)?;
                self.signs(holder, *serial)?;
                let closing = Signature {
                    keyid: keyid.clone(),
                    bytes: signature.clone(),
                };
                let seat = self.seat_mut(holder).ok_or(NO_SEAT)?;
                seat.closing = Some(closing);
                self.remove_when_done(holder);
                Ok(())
            }
            _ => Err("it has no place here".to_owned()),
        }
    }

    fn announce(&mut self, holder: &Handle, serial: u32) -> Step {
        self.device_at_stage(holder, serial, &[Stage::Sign])?
            .announced = true;
        Ok(())
    }

    fn signed(
        &mut self,
        holder: &Handle,
        serial: u32,
        document: Document,
        signature: Signature,
    ) -> Step {
        self.signs(holder, serial)?;
        let seat = self.seat_mut(holder).ok_or(NO_SEAT)?;
        if seat
            .signatures
            .insert((document, serial), signature)
            .is_some()
        {
            return Err("this device has signed this document".to_owned());
        }
        self.remove_when_done(holder);
        Ok(())
    }

    /// Checks that the holder is at the table, with a device that has announced a signature.
    fn signs(&mut self, holder: &Handle, serial: u32) -> Step {
        self.announced(holder, serial, &[Stage::Sign]).map(|_| ())
    }

    /// Whether this device's key may sign the document, and people have reviewed it.
    fn may_sign(&self, holder: &Handle, document: Document, signed: &Digest, serial: u32) -> Step {
        self.in_step(Kind::Sign)?;
        self.is_reviewed(document, signed)?;
        let may = self.seat(holder).is_some_and(|seat| {
            self.signers(seat, document)
                .any(|enrolment| enrolment.serial == serial)
        });
        may.then_some(())
            .ok_or("the key in this device has no part in this document".to_owned())
    }

    fn remove_when_done(&mut self, handle: &Handle) {
        let Some((turn, seat)) = self.turn.as_ref().zip(self.seat(handle)) else {
            return;
        };
        let device = turn.device.as_ref().map(|seen| seen.serial);
        let stage = if self.has_done(seat, turn.purpose) {
            self.purpose_reached()
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
}

const NO_SEAT: &str = "this holder has no seat";
