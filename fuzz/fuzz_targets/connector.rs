//! The entry point of libFuzzer; `src/connector.rs` uses the bytes.
#![cfg_attr(fuzzing, no_main)]

keymoot_fuzz::target!(connector);
