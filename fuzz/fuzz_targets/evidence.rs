//! The entry point of libFuzzer; `src/evidence.rs` uses the bytes.
#![cfg_attr(fuzzing, no_main)]

keymoot_fuzz::target!(evidence);
