//! One command to one device: faults, touch, and keeping what changed before the answer goes out.

use super::Room;
use super::handles::ClientId;
use super::world::Touch;
use crate::pcsc::code::{self, Code};
use crate::yubikey::fault::Kind;
use crate::yubikey::{Card, Outcome};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// How often a wait looks whether its client is still there.
const LOOK: Duration = Duration::from_millis(50);

impl Room {
    /// Sends a command to the device behind a handle. `alive` says whether the client still
    /// listens: a command that waits is given up when it does not.
    ///
    /// # Errors
    /// The handle cannot be used, or the device was pulled out meanwhile.
    pub fn transmit(
        &self,
        client: ClientId,
        number: i32,
        command: &[u8],
        alive: impl Fn() -> bool,
    ) -> Result<Vec<u8>, Code> {
        let (mut world, index) = self.acquire(client, number, |bay| bay.card.is_some())?;
        let insertion = world.usable(client, number)?.insertion;
        let fault = world.faults.strike(index + 1, command.get(1).copied());
        if fault == Some(Kind::Unplug) {
            world.unplug(index);
            self.changed.notify_all();
            return Err(code::REMOVED_CARD);
        }
        let bay = &mut world.bays[index];
        let mut card = bay.card.take().ok_or(code::SHARING_VIOLATION)?;
        if bay.card_epoch != bay.epoch {
            card.power_cycle();
            bay.card_epoch = bay.epoch;
        }
        drop(world);

        let answer = match fault {
            Some(Kind::Error(word)) => Ok(word.to_be_bytes().to_vec()),
            Some(Kind::Service(code)) => Err(code),
            Some(Kind::Hang) => Err(self.hang(index, insertion, &alive)),
            _ => {
                card.use_other_slot(fault == Some(Kind::OtherSlot));
                let answer = self.execute(index, insertion, &mut card, command, &alive);
                card.use_other_slot(false);
                answer
            }
        };
        let kept = self.keep(index, &card);

        let mut world = self.lock();
        world.bays[index].card = Some(card);
        self.changed.notify_all();
        if let Err(error) = kept {
            // Nothing may be answered that would not survive a restart.
            eprintln!("hsm-sim: {error}");
            return Err(code::COMMUNICATION);
        }
        if fault == Some(Kind::UnplugAfter) {
            world.unplug(index);
        }
        if world.bays[index]
            .plugged
            .is_none_or(|plugged| plugged.insertion != insertion)
        {
            return Err(code::REMOVED_CARD);
        }
        answer.map(|bytes| fault.map_or(bytes.clone(), |kind| kind.spoil(bytes)))
    }

    fn execute(
        &self,
        index: usize,
        insertion: u64,
        card: &mut Card,
        command: &[u8],
        alive: &impl Fn() -> bool,
    ) -> Result<Vec<u8>, Code> {
        match card.transmit(command) {
            Outcome::Answer(answer) => Ok(answer),
            Outcome::AwaitTouch => {
                let touched = self.await_touch(index, insertion, alive)?;
                Ok(card.resume(touched))
            }
        }
    }

    /// Waits until the device is touched (true) or its patience ends (false).
    fn await_touch(
        &self,
        index: usize,
        insertion: u64,
        alive: &impl Fn() -> bool,
    ) -> Result<bool, Code> {
        let deadline = Instant::now() + self.touch_timeout;
        let mut world = self.lock();
        world.bays[index].touch = Touch::Awaited;
        world.announce("touch-awaited", index);
        let touched = loop {
            let bay = &world.bays[index];
            if bay
                .plugged
                .is_none_or(|plugged| plugged.insertion != insertion)
            {
                break Err(code::REMOVED_CARD);
            }
            if bay.touch == Touch::Given {
                break Ok(true);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || !alive() {
                break Ok(false);
            }
            world = self
                .changed
                .wait_timeout(world, left.min(LOOK))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        };
        world.bays[index].touch = Touch::Idle;
        match touched {
            Ok(true) => world.announce("touched", index),
            Ok(false) => world.announce("touch-timeout", index),
            Err(_) => {}
        }
        touched
    }

    fn hang(&self, index: usize, insertion: u64, alive: &impl Fn() -> bool) -> Code {
        let mut world = self.lock();
        while world.bays[index]
            .plugged
            .is_some_and(|plugged| plugged.insertion == insertion)
            && alive()
        {
            world = self
                .changed
                .wait_timeout(world, LOOK)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        code::REMOVED_CARD
    }
}
