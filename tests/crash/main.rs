//! The power fails, disks fail and clocks jump: the program continues where it stopped.
//!
//! A ceremony is held once under strace(1), which records everything that the real
//! program does to the disk. From that follows every state in which a power cut can leave
//! it. Each is laid out in a folder of its own, resumed with the real program, brought to
//! its end and verified. docs/reliability.md says more.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod collecting;
mod disk;
mod operations;
mod recording;
mod strace;
mod survival;
mod trial;

mod clock;
mod faults;
mod power;
