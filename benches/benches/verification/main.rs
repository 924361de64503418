//! keymoot beside sigstore-tuf, python-tuf, tough and OpenSSL: the same files, the same run.
//!
//! `make bench` runs it and prints the table of medians and ratios, and one of processes.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod beside;
mod chain;
mod processes;
mod program;
mod python;
mod table;
mod targets;

use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::Criterion;

fn main() {
    let results = target().join("criterion");
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(8))
        .output_directory(&results)
        .configure_from_args();
    chain::bench(&mut criterion);
    targets::bench(&mut criterion);
    program::bench(&mut criterion);
    criterion.final_summary();
    table::print(&results);
    processes::print();
}

fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Where the built program and the test environment are.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}
