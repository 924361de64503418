//! The keymoot program.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use keymoot_attestation::TrustStore;
use zeroizing_alloc::ZeroAlloc;

/// Wipes all freed memory: the libraries through which PINs and keys pass to devices
/// free their copies as they are.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    keymoot::program::main(TrustStore::vendor())
}
