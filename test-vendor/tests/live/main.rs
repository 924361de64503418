//! A live ceremony by the program with a simulated vendor, on a machine that is prepared as a real
//! one would be; the released program's verdicts on it; and a release's content of that vendor.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod apart;
mod bundle;
mod ceremony;
mod dress;
mod forged;
mod golden;
mod lines;
mod loaded;
mod machine;
mod plan;
mod previous;
mod records;
mod release;
mod room;
mod settings;
mod signing_event;

use std::path::PathBuf;

/// The program with the simulated vendor.
fn test_vendor() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_keymoot-test-vendor"))
}
