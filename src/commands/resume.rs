//! `keymoot resume`: continues after the last event.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    device::yubihsm::Place,
    rehearsal::hands::Simulators,
    store::{Folder, Journal, Settings},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{
    HostError,
    text::{escape, escape_path},
};
use keymoot_record::transcript::{Entry, Mode};

use super::{
    Failure, amend, amend::Corrected, arguments, begin, conduct, conduct::Surroundings,
    operate::Manner, rehearse,
};

/// Continue a ceremony where it stopped
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The ceremony's folder
    dir: PathBuf,
    /// Show numbered lines and questions instead of screens, for a serial console or a screen reader
    #[arg(long)]
    plain: bool,
    /// Write the bundle to another place, which must not exist yet. Once for each copy
    #[arg(long, value_name = "BUNDLE")]
    out: Vec<PathBuf>,
    /// Where YubiHSM 2s are now: a connector on this machine, or `usb`
    #[arg(long, value_name = "URL", value_parser = arguments::place)]
    connector: Option<Place>,
    /// The four words of the transcript that were noted last, from the bottom of the screen. A copy
    /// of the folder that is older does not have them, and is refused
    #[arg(long, value_name = "WORDS")]
    noted: Option<String>,
    #[command(flatten)]
    corrected: Corrected,
    /// The control socket of the simulator under which this process runs
    #[arg(long, hide = true)]
    simulator: Option<PathBuf>,
    /// The control socket of the simulator of YubiHSM 2s
    #[arg(long, hide = true, requires = "simulator")]
    unit_simulator: Option<PathBuf>,
}

/// Exit codes: 0 done, 1 could not run, 3 a rule was violated, 4 left.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let dir = arguments::absolute(&args.dir)?;
    Folder::look(&dir)?;
    if let Some(noted) = &args.noted {
        is_as_new_as(&dir, noted)?;
    }
    let settings = Settings::read(&dir)?;
    let tried = args.out.iter().map(|out| arguments::new_place(out));
    let outs = tried.collect::<Result<Vec<_>, _>>()?;
    arguments::are_apart(&dir, &outs)?;
    let manner = Manner::of(args.plain);
    let mode = begin::opened_as(&dir, &settings)?;
    if args.corrected.is_given() {
        amend::amend(&dir, &args.corrected, mode, vendor)?;
    }
    match (mode, &args.simulator, &settings.simulator) {
        (Mode::Rehearsal, None, Some(simulated)) => rehearse::enter(&dir, simulated, &outs, manner),
        // A dress rehearsal has real devices, and starts no simulator.
        (_, yubikeys, _) => {
            let surroundings = Surroundings {
                simulators: yubikeys.clone().map(|yubikeys| Simulators {
                    yubikeys,
                    units: args.unit_simulator.clone(),
                }),
                connector: args.connector,
                outs,
                ..Surroundings::default()
            };
            conduct::conduct(&dir, &surroundings, manner, vendor)
        }
    }
}

/// Checks that the transcript in a folder once had the head with these words. An older copy
/// does not have it: it lacks events that people saw, and keys that devices made.
fn is_as_new_as(dir: &Path, noted: &str) -> Result<(), HostError> {
    let chain = Journal::look(dir)?;
    let noted: Vec<_> = noted.split_whitespace().collect();
    // The note as it is printed begins with the number of the event.
    let noted = match noted.as_slice() {
        ["event", _, words @ ..] | words => words.join(" "),
    };
    let had = |entry: &Entry| entry.digest().short_words().eq_ignore_ascii_case(&noted);
    if chain.entries().iter().any(had) {
        return Ok(());
    }
    Err(HostError::new(
        format!(
            "the transcript in {} never had the words \"{}\": it ends with \"{}\", at event {}",
            escape_path(dir),
            escape(&noted),
            chain.head().short_words(),
            chain.entries().len().saturating_sub(1),
        ),
        "compare the words with the note. If they are right, this copy is older: look for a newer one. Resume this one only if there is none.",
    ))
}
