//! libFuzzer's way in; what is done with the bytes is in `src/connector.rs`.
#![cfg_attr(fuzzing, no_main)]

keymoot_fuzz::target!(connector);
