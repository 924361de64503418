//! Every parser of foreign bytes, under a fuzzer: one module a target.
//!
//! A target is a function of bytes that panics where something is wrong: the code
//! under test panicked, or a promise that it makes does not hold. The head of each module
//! lists its promises. libFuzzer calls it from `fuzz_targets/`;
//! the tests call it with every file of the corpus, so every run of the tests repeats
//! what a fuzzer once found.

// A target panics where something is wrong.
#![allow(clippy::expect_used)]

pub mod bundle;
pub mod connector;
pub mod documents;
pub mod evidence;
pub mod input;
pub mod pcsc;
pub mod plans;
pub mod transcript;

use std::sync::LazyLock;

use keymoot_attestation::TrustStore;

/// The keys by which live evidence counts.
static VENDOR: LazyLock<TrustStore> =
    LazyLock::new(|| TrustStore::vendor().expect("the shipped vendor is sound"));

#[cfg(fuzzing)]
pub use libfuzzer_sys;

/// The way in for libFuzzer, or without one a program that says so.
#[macro_export]
macro_rules! target {
    ($module:ident) => {
        #[cfg(fuzzing)]
        $crate::libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::$module::run(data));

        #[cfg(not(fuzzing))]
        fn main() {
            println!("built without a fuzzer: see `make fuzz`");
        }
    };
}
