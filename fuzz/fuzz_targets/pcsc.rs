//! The entry point of libFuzzer; `src/pcsc.rs` uses the bytes.
#![cfg_attr(fuzzing, no_main)]

keymoot_fuzz::target!(pcsc);
