//! Holders apart: requests to them, and how their turns are folded in.
//!
//! A turn away is the same turn on a branch of the transcript. On the holder's machine the branch
//! follows the request's head, and [`State::apart`] says how far the answer has come. In the
//! ceremony's transcript the entry `answered` contains the branch: the same fold takes in its
//! entries, one after the other, on the present state. Turns of different holders change
//! different seats, so the order of the answers changes nothing.

use std::collections::BTreeSet;

use super::{
    advance::Step,
    previous::whose_root,
    requests::{Apart, Asked, Given, MOST_REQUESTS},
    seat::Seat,
    state::State,
    turn::{Purpose, Stage},
};
use crate::{
    rules::roster::Handle,
    transcript::{Branch, Entry, Event, Program},
};
use keymoot_attestation::Family;
use keymoot_core::digest::Digest;

impl State {
    /// The requests of which answers are awaited.
    pub fn open_requests(&self) -> impl Iterator<Item = &Asked> {
        self.requests
            .iter()
            .filter(|asked| asked.open().next().is_some())
    }

    /// What the request shows of the root from which the ceremony starts, where there is one.
    #[must_use]
    pub fn whose_root(&self, given: bool) -> Option<String> {
        let root = self.plan.previous()?.root()?.root();
        Some(whose_root("The ceremony", root.version, given))
    }

    /// The holders who were asked and have not answered, in the order of the requests.
    pub fn unanswered(&self) -> impl Iterator<Item = &Handle> {
        self.requests.iter().flat_map(Asked::open)
    }

    /// The holders apart who can still do what the current step asks.
    #[must_use]
    pub fn awaited_apart(&self, purpose: Purpose) -> Vec<Handle> {
        let left = self
            .seats
            .iter()
            .filter(|seat| self.is_awaited_apart(seat, purpose));
        left.map(|seat| seat.handle.clone()).collect()
    }

    /// The holders who take part apart, can do what the current step asks, and were not asked yet.
    #[must_use]
    pub fn to_be_asked(&self) -> Vec<Handle> {
        let apart = |holder: &Handle| self.seat(holder).is_some_and(|seat| seat.apart);
        let mut left = self.may_be_asked();
        left.retain(apart);
        left
    }

    /// Everybody who is not in the room, can do what the current step asks, and was not asked yet.
    #[must_use]
    pub fn may_be_asked(&self) -> Vec<Handle> {
        let Some(purpose) = self.purpose().filter(|_| self.begun) else {
            return Vec::new();
        };
        let asked: BTreeSet<_> = self.unanswered().collect();
        let away = self.seats.iter().filter(|seat| self.is_away(seat, purpose));
        let left = away.filter(|seat| !asked.contains(&seat.handle));
        left.map(|seat| seat.handle.clone()).collect()
    }

    /// The holders who are not in the room and were not marked as apart, such as those who
    /// departed after the roll call: a request that names them can ask them.
    #[must_use]
    pub fn away(&self) -> Vec<Handle> {
        let apart = |holder: &Handle| self.seat(holder).is_some_and(|seat| seat.apart);
        let mut away = self.may_be_asked();
        away.retain(|holder| !apart(holder) && self.can_answer_apart(holder));
        away
    }

    fn is_awaited_apart(&self, seat: &Seat, purpose: Purpose) -> bool {
        seat.apart && self.is_away(seat, purpose)
    }

    fn is_away(&self, seat: &Seat, purpose: Purpose) -> bool {
        !seat.present && self.takes_part(seat, purpose) && !self.has_done(seat, purpose)
    }

    /// Whether a holder can answer apart: only a YubiKey can.
    #[must_use]
    pub fn can_answer_apart(&self, holder: &Handle) -> bool {
        let enrolled = self.seat(holder).into_iter().flat_map(Seat::proven);
        let listed = self.plan.roster.holder(holder).map(|listed| listed.family);
        let mut families = enrolled.map(|enrolment| enrolment.family).chain(listed);
        families.all(|family| family == Family::YubiKey)
    }

    /// How many touches a holder's turn apart takes now: one for each signature, and one for the
    /// statement of the answer.
    #[must_use]
    pub fn touches(&self, holder: &Handle) -> usize {
        let Some((seat, purpose)) = self.seat(holder).zip(self.purpose()) else {
            return 0;
        };
        let devices = self.awaited_devices(seat, purpose);
        1 + match purpose {
            Purpose::Sign => devices
                .iter()
                .map(|serial| self.unsigned_with(seat, *serial).len())
                .sum(),
            _ => 1,
        }
    }

    /// The holders who declined a request in the current step, and whom no later request asks.
    #[must_use]
    pub fn declined(&self) -> Vec<Handle> {
        let asked = self.requests.iter().filter(|asked| asked.step == self.step);
        let declined = |holder: &Handle| {
            let newest = asked.clone().rfind(|asked| asked.to.contains(holder));
            let newest = newest.filter(|asked| asked.replied.contains(holder));
            newest.is_some_and(|asked| {
                let mut given = self.answers.iter().map(|given| &given.apart);
                !given.any(|given| given.holder == *holder && given.request == asked.request)
            })
        };
        let seats = self.seats.iter().map(|seat| &seat.handle);
        seats.filter(|holder| declined(holder)).cloned().collect()
    }

    /// Folds in an event about requests and answers.
    pub(super) fn advance_requests(&mut self, event: &Event, entry: &Entry) -> Step {
        match event {
            Event::Requested {
                request, to, until, ..
            } => {
                if self.requests.len() >= MOST_REQUESTS {
                    return Err(format!("a ceremony has at most {MOST_REQUESTS} requests"));
                }
                let may = self.may_be_asked();
                let asked: Vec<_> = may
                    .into_iter()
                    .filter(|holder| to.contains(holder))
                    .collect();
                if self.turn.is_some() || asked.is_empty() || asked != *to {
                    return Err("a holder who is asked cannot answer apart".to_owned());
                }
                if !asked.iter().all(|holder| self.can_answer_apart(holder)) {
                    return Err("the holder of a YubiHSM 2 cannot answer apart".to_owned());
                }
                for seat in &mut self.seats {
                    seat.apart |= asked.contains(&seat.handle);
                }
                self.requests.push(Asked {
                    request: *request,
                    head: entry.prev,
                    seq: entry.seq,
                    step: self.step,
                    to: asked,
                    until: *until,
                    replied: BTreeSet::new(),
                    withdrawn: false,
                });
                Ok(())
            }
            Event::Withdrawn { request, .. } => {
                let asked = self
                    .requests
                    .iter_mut()
                    .find(|asked| asked.request == *request);
                let asked = asked.filter(|asked| asked.open().next().is_some());
                let asked = asked.ok_or("no answer to this request is awaited")?;
                let left: Vec<_> = asked.open().cloned().collect();
                asked.withdrawn = true;
                self.progress.called.extend(left);
                Ok(())
            }
            Event::Declined {
                holder, request, ..
            } => {
                let at = self.awaited_answer(request, holder)?;
                self.reply(at, holder)?;
                self.progress.called.insert(holder.clone());
                Ok(())
            }
            Event::Answered {
                holder,
                request,
                branch,
                statement,
                late,
            } => {
                let asked = self.requests.iter().find(|asked| asked.request == *request);
                let due = asked.and_then(|asked| asked.until);
                if *late != due.is_some_and(|due| entry.time > due) {
                    return Err("it is marked late and is not, or the reverse".to_owned());
                }
                let given = self.take_branch(request, holder, branch)?;
                self.answers.push(Given {
                    seq: entry.seq,
                    statement: *statement,
                    branch: branch.head(),
                    apart: given,
                    late: *late,
                });
                Ok(())
            }
            _ => Err("it has no place here".to_owned()),
        }
    }

    /// The place of a request to which an answer of this holder is awaited.
    fn awaited_answer(&self, request: &Digest, holder: &Handle) -> Result<usize, String> {
        let at = self
            .requests
            .iter()
            .position(|asked| asked.request == *request);
        let at = at.ok_or("this ceremony has made no such request")?;
        let asked = self
            .requests
            .get(at)
            .filter(|asked| asked.step == self.step && self.begun);
        let asked = asked.ok_or("the step in which it was asked is over")?;
        match asked.open().any(|open| open == holder) {
            true => Ok(at),
            false => Err("no answer of this holder to it is awaited".to_owned()),
        }
    }

    fn reply(&mut self, at: usize, holder: &Handle) -> Step {
        let asked = self
            .requests
            .get_mut(at)
            .ok_or("there is no such request")?;
        if !asked.to.contains(holder) {
            return Err("this holder was not asked".to_owned());
        }
        asked.replied.insert(holder.clone());
        Ok(())
    }

    /// Folds a branch in: the holder's whole turn, up to the announcement of its statement.
    fn take_branch(
        &mut self,
        request: &Digest,
        holder: &Handle,
        branch: &Branch,
    ) -> Result<Apart, String> {
        let at = self.awaited_answer(request, holder)?;
        if self.turn.is_some() {
            return Err("somebody is at the table".to_owned());
        }
        let base = self.requests.get(at).map(|asked| (asked.head, asked.seq));
        if base != Some(branch.base()) {
            return Err("its branch does not follow the request's head".to_owned());
        }
        let begins = branch.entries().first().is_some_and(|first| {
            matches!(&first.event, Event::AnswerBegun { holder: h, request: r, .. } if h == holder && r == request)
        });
        if !begins {
            return Err("its branch does not begin with this holder's answer".to_owned());
        }
        for entry in branch.entries() {
            self.take(entry)
                .map_err(|why| format!("event {} of the branch: {why}", entry.seq))?;
        }
        let ends = self
            .turn
            .take()
            .is_some_and(|turn| turn.stage == Stage::Answer && turn.announced);
        let apart = self
            .apart
            .take()
            .filter(|apart| ends && apart.violated().is_empty());
        let apart =
            apart.ok_or("its branch does not end with the announcement of its statement")?;
        self.reply(at, holder)?;
        Ok(apart)
    }

    /// A holder apart begins: from here on the events are those of a branch.
    pub(super) fn begin_apart(&mut self, event: &Event, entry: &Entry) -> Step {
        let Event::AnswerBegun {
            holder,
            request,
            program,
            expected,
            trusted_root,
        } = event
        else {
            return Err("it has no place here".to_owned());
        };
        let purpose = self
            .purpose()
            .filter(|_| self.begun)
            .ok_or("this step has no turns")?;
        if self.turn.is_some() {
            return Err("somebody is at the table".to_owned());
        }
        let seat = self.seat(holder);
        let seat = seat.filter(|seat| self.is_away(seat, purpose));
        let holder = seat
            .ok_or("this holder is not awaited apart")?
            .handle
            .clone();
        self.apart = Some(Apart {
            holder,
            purpose,
            request: *request,
            base: entry.prev,
            programs: vec![Program::clone(program)],
            expected: expected.clone(),
            trusted_root: *trusted_root,
            machine: None,
            compared: None,
            serial: None,
            statement: None,
            done: false,
        });
        Ok(())
    }

    /// Folds in an event of a branch.
    pub(super) fn advance_apart(&mut self, entry: &Entry) -> Step {
        let Some(apart) = &mut self.apart else {
            return Err("nobody answers apart".to_owned());
        };
        if apart.done {
            return Err("the answer is given".to_owned());
        }
        match &entry.event {
            Event::Resumed {
                program,
                another,
                settings: None,
                ..
            } => {
                if *another != (apart.programs.last() != Some(program)) {
                    return Err("it names the wrong program".to_owned());
                }
                if *another {
                    apart.programs.push(Program::clone(program));
                }
                // The machine may have changed since its check.
                apart.machine = None;
                if let Some(turn) = &mut self.turn {
                    turn.interrupt();
                }
                Ok(())
            }
            Event::MachineChecked { verdicts } => {
                apart.machine = Some(verdicts.clone());
                Ok(())
            }
            Event::Left {} => Ok(()),
            Event::Note { .. } | Event::Exception { .. } => self.remarked(entry),
            Event::RequestRead {
                holder,
                request,
                compared,
            } => {
                let here = apart.holder == *holder && apart.request == *request;
                if !here || !self.machine_is_fit() {
                    return Err(
                        "it is another request or holder, or the machine is not examined"
                            .to_owned(),
                    );
                }
                if let Some(apart) = &mut self.apart {
                    apart.compared = Some(compared.clone());
                }
                Ok(())
            }
            Event::Mishap { holder, .. } => self.at_table(holder).map(|_| ()),
            Event::AnswerAnnounced { holder, serial } => {
                let turn = self.device_at_stage(holder, *serial, &[Stage::Answer])?;
                turn.announced = true;
                if let Some(apart) = &mut self.apart {
                    apart.serial = Some(*serial);
                }
                Ok(())
            }
            Event::AnswerSigned {
                holder,
                serial,
                statement,
            } => {
                self.announced(holder, *serial, &[Stage::Answer])?.stage = Stage::Remove;
                if let Some(apart) = &mut self.apart {
                    apart.statement = Some(*statement);
                }
                Ok(())
            }
            event => {
                let ready = apart.compared.is_some() && self.machine_is_fit();
                if !ready {
                    return Err(
                        "the request is not read, or the machine is not examined".to_owned()
                    );
                }
                self.advance_turn(event)?;
                let (turn, apart) = (&self.turn, &mut self.apart);
                if let Some(apart) = apart {
                    apart.done = turn.is_none() && apart.statement.is_some();
                }
                Ok(())
            }
        }
    }

    fn machine_is_fit(&self) -> bool {
        let apart = self.apart.as_ref();
        apart.is_some_and(|apart| apart.machine.is_some() && apart.violated().is_empty())
    }

    /// The next stage once a turn's purpose is reached: on a branch the statement of the answer
    /// is still to be signed.
    pub(super) fn purpose_reached(&self) -> Stage {
        match &self.apart {
            Some(_) => Stage::Answer,
            None => Stage::Remove,
        }
    }
}
