//! The driver: does what the engine asks of the world, and records it.
//!
//! The engine says what comes next; the driver asks the people or moves the
//! devices, writes the resulting events to the disk, and only then folds them in.
//! The terminal's screens, the unattended plan and the tests operate it alike.

pub mod operator;

pub use operator::{Interrupt, Operator, PinPrompt, Reading, Reply, Trouble, View, Work};
