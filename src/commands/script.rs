//! `keymoot script`: the scripts, shipped and your own.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use keymoot::{
    ceremony::script::CheckedScript,
    host::{HostError, folder},
};

use super::{Failure, conduct};

/// The shipped policy, without an online key.
pub const POLICY: &str = include_str!("../../ceremony-scripts/policy.toml");

/// The shipped scripts, by name.
const SHIPPED: [(&str, &str); 1] = [(
    "initial-root",
    include_str!("../../ceremony-scripts/initial-root.toml"),
)];

/// Check a script
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Read a script and say whether its steps can be carried out in their order
    Check {
        /// The script: a name in ceremony-scripts/ or a path
        file: String,
    },
}

/// Exit codes: 0 it can be carried out, 1 it could not be read, 3 it cannot.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let What::Check { file } = &args.what;
    let script = CheckedScript::parse(&find(file)?).map_err(Failure::violations)?;
    for verdict in script.verdicts() {
        println!("{}: {}", verdict.rule, verdict.detail);
    }
    println!("{} minutes in all", script.minutes());
    Ok(ExitCode::SUCCESS)
}

/// The text of a script: a file, or else one of the shipped ones.
pub fn find(name: &str) -> Result<String, HostError> {
    let path = PathBuf::from(name);
    let shipped = SHIPPED.iter().find(|(shipped, _)| *shipped == name);
    match shipped {
        Some((_, text)) if !Path::new(name).is_file() => Ok((*text).to_owned()),
        _ => folder::read_text(&path, conduct::LARGEST_PLAN),
    }
}
