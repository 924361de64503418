//! Completions for shells, and manual pages, from the command line's definition.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Command;
use clap_mangen::Man;
use keymoot_core::HostError;
use keymoot_verify::output;

use super::Failure;
use crate::host::whole;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell that reads them
    shell: clap_complete::Shell,
}

/// Write the manual pages into a folder
#[derive(Debug, clap::Args)]
pub(crate) struct Manual {
    /// The folder; a new one is made
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Exit code: 0.
pub(crate) fn completions(args: &Completions, mut command: Command) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "keymoot", &mut script);
    output::bytes(&script);
    ExitCode::SUCCESS
}

/// Exit codes: 0 written, 1 the folder cannot be written.
pub(crate) fn manual(args: &Manual, mut command: Command) -> Result<ExitCode, Failure> {
    command.build();
    fs::create_dir_all(&args.folder)
        .map_err(|error| HostError::file("make", &args.folder, &error))?;
    write(&command, &args.folder)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the page of a command and of every command below it: `keymoot.1`, `keymoot-verify.1`.
fn write(command: &Command, folder: &Path) -> Result<(), HostError> {
    let man = Man::new(command.clone());
    let path = folder.join(man.get_filename());
    let mut page = Vec::new();
    man.render(&mut page)
        .map_err(|error| HostError::file("write", &path, &error))?;
    whole::publish_durably(&path, &page)?;
    command
        .get_subcommands()
        .filter(|below| !below.is_hide_set() && below.get_name() != "help")
        .try_for_each(|below| write(below, folder))
}
