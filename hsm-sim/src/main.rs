//! hsm-sim.
fn main() {}
