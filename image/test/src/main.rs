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
mod screens;
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
    /// What a Linux console gets and shows, as tests/screens writes it to KEYMOOT_CONSOLE; without it the case `screens` is left out
    #[arg(long, value_name = "DIR")]
    console: Option<PathBuf>,
    /// The seed of the simulated devices whose vendor that program trusts
    #[arg(long, value_name = "N", default_value_t = 1202)]
    seed: u64,
    /// For sticks, logs and pictures; a folder with a short path, because sockets are in it
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// The cases; all if none is named
    cases: Vec<String>,
}

type Case = (&'static str, Need, fn(&Bench) -> Step);

/// What a case needs in addition to the image that is given away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    /// The image with the test vendor's program.
    Vendor,
    /// The recordings of a console.
    Console,
}

impl Need {
    /// What is missing, and the option that gives it.
    fn missing(self, arguments: &Arguments) -> Option<&'static str> {
        match self {
            Self::Vendor if arguments.tested.is_none() => {
                Some("no program of the test vendor is there (--tested)")
            }
            Self::Console if arguments.console.is_none() => {
                Some("no recordings of a console are there (--console)")
            }
            _ => None,
        }
    }
}

/// Name, requirement, and function.
const CASES: &[Case] = &[
    ("one-file-differs", Need::Vendor, cases::one_file_differs),
    ("rehearsal", Need::Nothing, cases::rehearsal_from_the_menu),
    ("machine-rules", Need::Nothing, cases::machine_rules),
    ("screen", Need::Nothing, screens::from_the_firmware),
    ("screens", Need::Console, screens::equal_their_pictures),
    ("ceremony", Need::Vendor, cases::ceremony),
    ("pulled-out", Need::Vendor, cases::pulled_out),
    ("power-cuts-vfat", Need::Vendor, |bench| {
        cases::power_cuts(bench, FileSystem::Vfat)
    }),
    ("power-cuts-exfat", Need::Vendor, |bench| {
        cases::power_cuts(bench, FileSystem::Exfat)
    }),
    ("power-cuts-ext4", Need::Vendor, |bench| {
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
    for (name, need, case) in CASES {
        if !arguments.cases.is_empty() && !arguments.cases.iter().any(|chosen| chosen == name) {
            continue;
        }
        if let Some(missing) = need.missing(&arguments) {
            println!("left out  {name}: {missing}");
            left_out += 1;
            continue;
        }
        println!("begins    {name}");
        // Of its own: the simulated devices of a case still look for their ports.
        let bench = Bench {
            shipped: arguments.shipped.clone(),
            tested: arguments.tested.clone(),
            console: arguments.console.clone(),
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
