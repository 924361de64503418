//! Rehearsals: the same program, with simulated devices on the wire.
//!
//! What is here makes the surroundings of a rehearsal: a roster of simulated
//! holders, a policy with an online key that nobody holds, the simulator beside
//! this program, and the hands that plug and touch its devices. The ceremony
//! itself knows none of it.

pub mod cast;
pub mod hands;
pub mod room;
pub mod settings;
pub mod simulator;
pub mod team;
pub mod unattended;

pub use settings::Settings;

/// The file in a rehearsal's folder that holds its seed, from which the simulated
/// people's PINs and the keys of the simulated team are made.
pub const SEED: &str = "seed";
