//! `keymoot script`: the scripts, shipped and your own.

use keymoot_verify::say;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use keymoot_core::HostError;
use keymoot_record::{ceremony::script::CheckedScript, rules::policy::Policy, runbook};

use super::{Failure, conduct};

/// The shipped policy, without an online key.
pub const POLICY: &str = include_str!("../../ceremony-scripts/policy.toml");

/// A script that this program carries.
struct Shipped {
    name: &'static str,
    text: &'static str,
    /// The page written by hand with which its runbook opens.
    opening: &'static str,
}

/// The scripts of these names, in ceremony-scripts/, each with its opening.
macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(Shipped {
            name: $name,
            text: include_str!(concat!("../../ceremony-scripts/", $name, ".toml")),
            opening: include_str!(concat!("../../runbooks/opening/", $name, ".md")),
        }),*]
    };
}

const SHIPPED: &[Shipped] = shipped![
    "initial-root",
    "annual-resign",
    "onboard-member",
    "emergency-revocation",
    "crates-root-change",
    "heartbeat",
    "quorum-lost",
];

/// Check a script, or print it for people
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
    /// Print the runbook of a script: what people hold in their hands, in Markdown
    Runbook {
        /// The script: a name in ceremony-scripts/ or a path
        file: String,
    },
}

/// Exit codes: 0 it can be carried out, 1 it could not be read, 3 it cannot.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let (What::Check { file } | What::Runbook { file }) = &args.what;
    let text = find(file)?;
    let script = CheckedScript::parse(&text).map_err(Failure::violations)?;
    match &args.what {
        What::Check { .. } => {
            for verdict in script.verdicts() {
                say!("{}: {}", verdict.rule, verdict.detail);
            }
            say!("{} minutes in all", script.minutes());
        }
        What::Runbook { .. } => {
            let opening = shipped(&script.script().name).map(|shipped| shipped.opening);
            let policy = Policy::parse(POLICY).map_err(Failure::violations)?;
            let page = runbook::markdown(&script, &text, &policy, opening);
            say!("{}", page.trim_end());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The shipped script with this name.
fn shipped(name: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|shipped| shipped.name == name)
}

/// The text of a script: a file, or else one of the shipped ones.
pub fn find(name: &str) -> Result<String, HostError> {
    let path = PathBuf::from(name);
    match shipped(name) {
        Some(shipped) if !Path::new(name).is_file() => Ok(shipped.text.to_owned()),
        _ => keymoot_verify::files::read_text(&path, conduct::LARGEST_PLAN),
    }
}
