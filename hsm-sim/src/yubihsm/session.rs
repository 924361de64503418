//! Sessions: sixteen of them, each forgotten when nobody used it for thirty seconds.

use super::channel::Channel;
use std::time::Duration;

/// Sessions there can be at a time.
pub const SEATS: usize = 16;
/// How long an unused session is kept.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// In whose name a command comes: the authentication key of its session, as it was when the session
/// began.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The authentication key's identifier.
    pub key: u16,
    /// What it may do.
    pub capabilities: u64,
    /// What it may hand on to objects it makes.
    pub delegated: u64,
    /// The domains it is in.
    pub domains: u16,
}

/// A session.
#[derive(Clone)]
pub struct Session {
    /// In whose name it is.
    pub caller: Caller,
    /// Its secure channel.
    pub channel: Channel,
    /// What the host has to show before the session can be used; nothing any more once it did.
    pub awaited: Option<[u8; 8]>,
    used: Duration,
}

/// All sessions.
#[derive(Default)]
pub struct Sessions([Option<Session>; SEATS]);

impl Sessions {
    /// Takes the lowest free seat; its number. `None` when all are taken.
    pub fn open(
        &mut self,
        caller: Caller,
        channel: Channel,
        awaited: Option<[u8; 8]>,
        now: Duration,
    ) -> Option<u8> {
        self.expire(now);
        let seat = self.0.iter().position(Option::is_none)?;
        *self.0.get_mut(seat)? = Some(Session {
            caller,
            channel,
            awaited,
            used: now,
        });
        u8::try_from(seat).ok()
    }

    /// The session with this number, which is in use from now on.
    pub fn get(&mut self, number: u8, now: Duration) -> Option<&mut Session> {
        self.expire(now);
        let session = self.0.get_mut(usize::from(number))?.as_mut()?;
        session.used = now;
        Some(session)
    }

    /// The session with this number, without using it.
    #[must_use]
    pub fn peek(&self, number: u8) -> Option<&Session> {
        self.0.get(usize::from(number))?.as_ref()
    }

    /// Ends a session.
    pub fn close(&mut self, number: u8) {
        if let Some(seat) = self.0.get_mut(usize::from(number)) {
            *seat = None;
        }
    }

    /// Ends all of them.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn expire(&mut self, now: Duration) {
        for seat in &mut self.0 {
            if seat
                .as_ref()
                .is_some_and(|session| now.saturating_sub(session.used) >= PATIENCE)
            {
                *seat = None;
            }
        }
    }
}
