//! The `hsm-sim` program; everything it does is in the library.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match hsm_sim::cli::run(hsm_sim::cli::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hsm-sim: {error}");
            ExitCode::FAILURE
        }
    }
}
