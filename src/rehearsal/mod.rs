//! Rehearsals: the same program, with simulated devices on the wire.
//!
//! This module makes the surroundings of a rehearsal: a roster of simulated
//! holders, a policy with an online key without a private half, the simulator beside
//! this program, and the simulated user of its devices. The ceremony
//! itself knows none of it.

pub mod cast;
pub mod hands;
pub mod room;
pub mod simulator;
pub mod stand_in;
pub mod team;
pub mod unattended;
