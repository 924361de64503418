//! Time as devices see it: how long the program has run, and what was put on top of that.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// A clock that can be put forward, so that nobody has to wait for a session to time out.
pub struct Clock {
    start: Instant,
    ahead: Mutex<Duration>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            ahead: Mutex::default(),
        }
    }
}

impl Clock {
    /// Now, counted from some moment before.
    #[must_use]
    pub fn now(&self) -> Duration {
        let ahead = *self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        self.start.elapsed().saturating_add(ahead)
    }

    /// Puts it forward.
    pub fn advance(&self, by: Duration) {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        *ahead = ahead.saturating_add(by);
    }
}
