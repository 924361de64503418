//! `make image-test`: the live machine in qemu, with simulated devices at its USB ports.
//!
//! The program under test is known by what it writes: nothing of it is linked here.

mod cases;
mod console;
mod devices;
mod failure;
#[cfg(test)]
mod glyphs;
mod machine;
mod operator;
mod sticks;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use cases::Bench;
use clap::Parser;
use failure::Step;
use sticks::FileSystem;

/// Start the live machine's image in qemu, and hold ceremonies in it
#[derive(Parser)]
struct Arguments {
    /// The folder of the image as it is given away
    #[arg(long, value_name = "DIR")]
    shipped: PathBuf,
    /// The folder of the image with the test vendor's program; without it those cases are left out, by name
    #[arg(long, value_name = "DIR")]
    tested: Option<PathBuf>,
    /// The seed of the simulated devices whose vendor that program trusts
    #[arg(long, value_name = "N", default_value_t = 1202)]
    seed: u64,
    /// For sticks, logs and pictures; a folder with a short path, because sockets are in it
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// The cases; all if none is named
    cases: Vec<String>,
}

type Case = (&'static str, bool, fn(&Bench) -> Step);

/// Name, whether it needs the test vendor's program, and what is done.
const CASES: &[Case] = &[
    ("one-file-differs", true, cases::one_file_differs),
    ("rehearsal", false, cases::rehearsal_from_the_menu),
    ("machine-rules", false, cases::machine_rules),
    ("screen", false, cases::screen),
    ("ceremony", true, cases::ceremony),
    ("pulled-out", true, cases::pulled_out),
    ("power-cuts-vfat", true, |bench| {
        cases::power_cuts(bench, FileSystem::Vfat)
    }),
    ("power-cuts-exfat", true, |bench| {
        cases::power_cuts(bench, FileSystem::Exfat)
    }),
    ("power-cuts-ext4", true, |bench| {
        cases::power_cuts(bench, FileSystem::Ext4)
    }),
];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(name) = arguments
        .cases
        .iter()
        .find(|name| !CASES.iter().any(|case| case.0 == **name))
    {
        let names: Vec<_> = CASES.iter().map(|case| case.0).collect();
        eprintln!("there is no case {name}; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    let (mut passed, mut failed, mut left_out) = (0, 0, 0);
    for (name, needs_vendor, case) in CASES {
        if !arguments.cases.is_empty() && !arguments.cases.iter().any(|chosen| chosen == name) {
            continue;
        }
        if *needs_vendor && arguments.tested.is_none() {
            println!("left out  {name}: no program of the test vendor is there (--tested)");
            left_out += 1;
            continue;
        }
        println!("begins    {name}");
        // Of its own: the simulated devices of a case go on looking for their ports.
        let bench = Bench {
            shipped: arguments.shipped.clone(),
            tested: arguments.tested.clone(),
            seed: arguments.seed,
            folder: arguments.folder.join(name),
        };
        let begun = Instant::now();
        let made = std::fs::create_dir_all(&bench.folder).map_err(Into::into);
        let outcome = made.and_then(|()| case(&bench));
        let seconds = begun.elapsed().as_secs();
        match outcome {
            Ok(()) => {
                println!("passed    {name}, {seconds} s");
                passed += 1;
            }
            Err(failure) => {
                println!("FAILED    {name}, {seconds} s: {failure}");
                println!("    its logs: {}", bench.folder.display());
                failed += 1;
            }
        }
    }
    println!("{passed} passed, {failed} failed, {left_out} left out");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
