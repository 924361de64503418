//! The simulated user of a rehearsal: which simulated device the keys insert and touch.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{RoomCommand, RoomDevice, RoomSeen};
use keymoot_record::{ceremony::State, rules::roster::Handle};

/// The simulated devices, and the one that the keys move.
#[derive(Debug, Default)]
pub(in crate::tui) struct Hands {
    seen: RoomSeen,
    /// The device taken in hand by its number, and for whose turn.
    taken: Option<(usize, Option<Handle>)>,
    /// The number being typed.
    typing: Option<usize>,
    /// A wish from before the first look at the devices, or a touch before the device blinked.
    owed: Option<Wanted>,
}

/// What a key does to the device in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Plug,
    Touch,
}

impl Wanted {
    fn is_possible(self, device: &RoomDevice) -> bool {
        matches!(self, Self::Plug) || (device.inserted && device.awaiting_touch)
    }

    fn of(self, device: &RoomDevice) -> RoomCommand {
        match self {
            Self::Plug if device.inserted => RoomCommand::Remove(device.number),
            Self::Plug => RoomCommand::Insert(device.number),
            Self::Touch => RoomCommand::Touch(device.number),
        }
    }
}

impl Hands {
    /// Takes a look at the devices, and returns the wish that waited for it.
    pub(in crate::tui) fn see(
        &mut self,
        seen: RoomSeen,
        state: Option<&State>,
    ) -> Option<RoomCommand> {
        self.seen = seen;
        let device = self.in_hand(state)?;
        let owed = self.owed.filter(|wanted| wanted.is_possible(device))?;
        let command = owed.of(device);
        self.owed = None;
        Some(command)
    }

    /// The devices.
    pub(in crate::tui) fn devices(&self) -> &[RoomDevice] {
        &self.seen.devices
    }

    /// Why the last command failed.
    pub(in crate::tui) fn failed(&self) -> Option<&str> {
        self.seen.failed.as_deref()
    }

    /// The number being typed, while another device is taken in hand.
    pub(in crate::tui) fn typing(&self) -> Option<usize> {
        self.typing
    }

    /// The device in hand is the one taken for this turn. Otherwise it is the one that the holder
    /// at the table has in use, or is awaited with. Otherwise it is one that nobody has enrolled:
    /// one that the roster lets the holder bring and that of the seat's number before others.
    pub(in crate::tui) fn in_hand(&self, state: Option<&State>) -> Option<&RoomDevice> {
        let by_number = |number: usize| self.seen.devices.iter().find(|d| d.number == number);
        let turn = state.and_then(|state| state.turn.as_ref());
        let holder = turn.map(|turn| &turn.holder);
        if let Some((number, whose)) = &self.taken
            && whose.as_ref() == holder
        {
            return by_number(*number);
        }
        let (Some(state), Some(turn)) = (state, turn) else {
            let inserted = self.seen.devices.iter().find(|device| device.inserted);
            return inserted.or(self.seen.devices.first());
        };
        let of_serial = |serial: u32| self.seen.devices.iter().find(|d| d.serial == serial);
        if let Some(seen) = &turn.device {
            return of_serial(seen.serial);
        }
        let place = state.seats.iter().position(|s| s.handle == turn.holder)?;
        let awaited = state.awaited_devices(state.seats.get(place)?, turn.purpose);
        match awaited.first() {
            Some(serial) => of_serial(*serial),
            None => {
                let free = |device: &&RoomDevice| state.is_free(device.serial);
                let roster = &state.plan.roster;
                let brings = |device: &&RoomDevice| {
                    free(device) && roster.brings(&turn.holder, device.serial)
                };
                let own = || by_number(place + 1);
                let found = |which: &dyn Fn(&&RoomDevice) -> bool| {
                    let own = own().filter(|device| which(device));
                    own.or_else(|| self.seen.devices.iter().find(|device| which(device)))
                };
                found(&brings).or_else(|| found(&free))
            }
        }
    }

    /// Takes a key, while a question is `asked` or not. Returns the command to the simulator, or
    /// `None` for another key.
    pub(in crate::tui) fn key(
        &mut self,
        key: &KeyEvent,
        state: Option<&State>,
        asked: bool,
    ) -> Option<Option<RoomCommand>> {
        if let Some(number) = self.typing {
            return Some(self.type_number(number, key, state));
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let wanted = match key.code {
            KeyCode::F(5) => Some(Wanted::Plug),
            KeyCode::Char('n') if control => Some(Wanted::Plug),
            KeyCode::F(6) => Some(Wanted::Touch),
            KeyCode::Char('t') if control => Some(Wanted::Touch),
            _ => None,
        };
        if let Some(wanted) = wanted {
            // A touch goes to the device that blinks, also when another is in hand.
            let mut blinking = self.seen.devices.iter().filter(|_| wanted == Wanted::Touch);
            let blinking = blinking.find(|device| wanted.is_possible(device));
            let in_hand = self.in_hand(state).filter(|d| wanted.is_possible(d));
            let device = in_hand.or(blinking);
            let command = device.map(|device| wanted.of(device));
            // A key that comes a moment too early takes effect as soon as possible. A device that is
            // touched while its holder still types is not touched again later.
            let waits = wanted == Wanted::Plug || !asked;
            self.owed = (command.is_none() && waits).then_some(wanted);
            return Some(command);
        }
        match key.code {
            KeyCode::F(7) => {
                self.typing = Some(0);
                Some(None)
            }
            KeyCode::Char('p') if control => {
                self.typing = Some(0);
                Some(None)
            }
            _ => None,
        }
    }

    /// Another digit of the number. The number is taken as soon as it can get no longer.
    fn type_number(
        &mut self,
        number: usize,
        key: &KeyEvent,
        state: Option<&State>,
    ) -> Option<RoomCommand> {
        let most = self.seen.devices.iter().map(|device| device.number).max();
        let typed = match key.code {
            KeyCode::Char(c) => c.to_digit(10).map(|digit| number * 10 + digit as usize),
            _ => None,
        };
        match (typed, key.code) {
            (Some(longer), _) if longer * 10 <= most.unwrap_or(0) && longer > 0 => {
                self.typing = Some(longer);
            }
            (Some(complete), _) => self.take(complete, state),
            (None, KeyCode::Enter) if number > 0 => self.take(number, state),
            _ => self.typing = None,
        }
        None
    }

    fn take(&mut self, number: usize, state: Option<&State>) {
        self.typing = None;
        if self
            .seen
            .devices
            .iter()
            .any(|device| device.number == number)
        {
            let turn = state.and_then(|state| state.turn.as_ref());
            self.taken = Some((number, turn.map(|turn| turn.holder.clone())));
        }
    }
}
