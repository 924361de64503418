//! The outside world: what the program needs from the machine it runs on.

pub mod secret;
