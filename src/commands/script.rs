//! `keymoot script`: the scripts, shipped and your own.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use keymoot::{
    ceremony::script::CheckedScript,
    host::{HostError, folder},
    rules::policy::Policy,
    runbook,
};

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

const SHIPPED: [Shipped; 7] = [
    Shipped {
        name: "initial-root",
        text: include_str!("../../ceremony-scripts/initial-root.toml"),
        opening: include_str!("../../runbooks/opening/initial-root.md"),
    },
    Shipped {
        name: "annual-resign",
        text: include_str!("../../ceremony-scripts/annual-resign.toml"),
        opening: include_str!("../../runbooks/opening/annual-resign.md"),
    },
    Shipped {
        name: "onboard-member",
        text: include_str!("../../ceremony-scripts/onboard-member.toml"),
        opening: include_str!("../../runbooks/opening/onboard-member.md"),
    },
    Shipped {
        name: "emergency-revocation",
        text: include_str!("../../ceremony-scripts/emergency-revocation.toml"),
        opening: include_str!("../../runbooks/opening/emergency-revocation.md"),
    },
    Shipped {
        name: "crates-root-change",
        text: include_str!("../../ceremony-scripts/crates-root-change.toml"),
        opening: include_str!("../../runbooks/opening/crates-root-change.md"),
    },
    Shipped {
        name: "heartbeat",
        text: include_str!("../../ceremony-scripts/heartbeat.toml"),
        opening: include_str!("../../runbooks/opening/heartbeat.md"),
    },
    Shipped {
        name: "quorum-lost",
        text: include_str!("../../ceremony-scripts/quorum-lost.toml"),
        opening: include_str!("../../runbooks/opening/quorum-lost.md"),
    },
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
        _ => folder::read_text(&path, conduct::LARGEST_PLAN),
    }
}
