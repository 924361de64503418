//! The keymoot program.
#![forbid(unsafe_code)]

fn main() {}
