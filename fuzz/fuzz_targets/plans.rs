//! libFuzzer's way in; what is done with the bytes is in `src/plans.rs`.
#![cfg_attr(fuzzing, no_main)]

keymoot_fuzz::target!(plans);
