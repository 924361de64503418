//! The people in the room: the roll call, and arrivals and departures after it.

use super::{advance::Step, script::Kind, state::State};
use crate::{
    rules::roster::Handle,
    transcript::{Event, Person},
};

impl State {
    /// Whether somebody may arrive or depart now: after the roll call, while no holder is at the
    /// table and the bundle is not written. Transcripts of format 1 have no such event.
    #[must_use]
    pub fn may_come_and_go(&self) -> bool {
        self.calls_witnesses()
            && self.is_roll_called
            && self.turn.is_none()
            && self.apart.is_none()
            && !self.exported
    }

    /// Whether the roll call counts witnesses, too: transcripts of format 1 do not.
    #[must_use]
    pub fn calls_witnesses(&self) -> bool {
        self.opening.as_ref().is_some_and(|o| o.format >= 2)
    }

    /// Everybody who may come and go, and whether they are here: the holders by their seats, then
    /// the witnesses.
    #[must_use]
    pub fn attendance(&self) -> Vec<(Person, bool)> {
        let holders = self
            .seats
            .iter()
            .map(|seat| (Person::Holder(seat.handle.clone()), seat.present));
        let witnesses = self.plan.roster.witnesses.iter().map(|witness| {
            let here = self.witnesses.contains(&witness.name);
            (Person::Witness(witness.name.clone()), here)
        });
        holders.chain(witnesses).collect()
    }

    /// Whether this person is in the room.
    #[must_use]
    pub fn is_here(&self, person: &Person) -> bool {
        let all = self.attendance();
        all.iter().any(|(one, here)| one == person && *here)
    }

    /// Whether a request awaits this person's answer. Until it comes, or the request is withdrawn,
    /// the person neither comes nor goes.
    #[must_use]
    pub fn is_asked(&self, person: &Person) -> bool {
        match person {
            Person::Holder(handle) => self.unanswered().any(|asked| asked == handle),
            Person::Witness(_) => false,
        }
    }

    /// The event that records that this person came or went.
    #[must_use]
    pub fn comes_or_goes(&self, person: Person) -> Event {
        match self.is_here(&person) {
            true => Event::Departed { person },
            false => Event::Arrived { person },
        }
    }

    /// Whether holders may take part apart: transcripts of format 1 record none.
    pub(super) fn has_holders_apart(&self) -> bool {
        self.format() >= 2
    }

    /// Counts those present, and who takes part apart.
    pub(super) fn roll_call(
        &mut self,
        present: &[Handle],
        apart: &[Handle],
        witnesses: &[String],
    ) -> Step {
        self.in_step(Kind::RollCall)?;
        let known = |named: &[Handle]| named.iter().all(|handle| self.seat(handle).is_some());
        let listed = &self.plan.roster.witnesses;
        let watches = witnesses
            .iter()
            .all(|name| listed.iter().any(|witness| witness.name == *name));
        if !known(present) || !known(apart) || !watches {
            return Err("somebody is not in the roster".to_owned());
        }
        if !self.has_holders_apart() && !apart.is_empty() {
            return Err("its format has no holders apart".to_owned());
        }
        for seat in &mut self.seats {
            seat.present = present.contains(&seat.handle);
            seat.apart = apart.contains(&seat.handle);
        }
        self.witnesses = witnesses.iter().cloned().collect();
        let take_part: Vec<Handle> = self
            .seats
            .iter()
            .filter(|seat| seat.present != seat.apart)
            .map(|seat| seat.handle.clone())
            .collect();
        let lacking = self.lacking(&take_part);
        self.is_roll_called = true;
        self.finish(
            take_part.len() == present.len() + apart.len()
                && self.witnesses.len() == witnesses.len()
                && lacking.is_none(),
            &lacking.unwrap_or_else(|| "somebody is named twice".to_owned()),
        )
    }

    /// Records an arrival or a departure after the roll call.
    pub(super) fn come_or_go(&mut self, person: &Person, comes: bool) -> Step {
        if !self.may_come_and_go() {
            return Err("people come and go after the roll call, between turns".to_owned());
        }
        let mut everybody = self.attendance().into_iter();
        let Some((_, here)) = everybody.find(|(one, _)| one == person) else {
            return Err("this person is not in the roster".to_owned());
        };
        if here == comes {
            return Err("this person is there already, or gone already".to_owned());
        }
        if self.is_asked(person) {
            return Err("a request to this holder is open: withdraw it first".to_owned());
        }
        match person {
            Person::Holder(handle) => {
                if let Some(seat) = self.seat_mut(handle) {
                    seat.present = comes;
                    seat.apart = false;
                }
            }
            Person::Witness(name) if comes => drop(self.witnesses.insert(name.clone())),
            Person::Witness(name) => drop(self.witnesses.remove(name)),
        }
        Ok(())
    }
}
