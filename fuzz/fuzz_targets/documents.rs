//! The entry point of libFuzzer; `src/documents.rs` uses the bytes.
#![cfg_attr(fuzzing, no_main)]

keymoot_fuzz::target!(documents);
