//! The outside world: clock, entropy, durable files, the machine, the program, secrets.

pub mod bundle;
pub mod clock;
pub(crate) mod contain;
pub mod machine;
pub mod program;
pub mod secret;
pub mod whole;
