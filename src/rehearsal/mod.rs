//! Rehearsals: the same program, with simulated devices on the wire.
//!
//! What is here makes the surroundings of a rehearsal: a roster of simulated
//! holders, a policy with an online key that nobody holds, the simulator beside
//! this program, and the hands that plug and touch its devices. The ceremony
//! itself knows none of it.

pub mod cast;
pub mod hands;
pub mod room;
pub mod simulator;
pub mod stand_in;
pub mod team;
pub mod unattended;
