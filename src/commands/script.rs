//! `keymoot script`: the scripts, shipped and your own.

use keymoot_verify::say;
use std::{path::Path, process::ExitCode};

use keymoot_core::{HostError, text::escape};
use keymoot_record::{
    ceremony::{
        script::CheckedScript,
        shipped::{SHIPPED, shipped},
    },
    rules::policy::Policy,
    runbook,
};

use super::Failure;
use crate::store::plan::LARGEST_PLAN;

/// The shipped policy, without an online key.
pub(crate) use keymoot_record::ceremony::shipped::POLICY;

/// The page written by hand with which the runbook of a shipped script opens.
fn opening(name: &str) -> Option<&'static str> {
    macro_rules! openings {
        ($($name:literal),* $(,)?) => {
            &[$(($name, include_str!(concat!("../../runbooks/opening/", $name, ".md")))),*]
        };
    }
    const OPENINGS: &[(&str, &str)] = openings![
        "initial-root",
        "annual-resign",
        "onboard-member",
        "emergency-revocation",
        "crates-root-change",
        "heartbeat",
        "quorum-lost",
    ];
    let (_, opening) = OPENINGS.iter().find(|(shipped, _)| *shipped == name)?;
    Some(opening)
}

/// Check a script, or print it for people
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
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
pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
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
            let opening = opening(&script.script().name);
            let policy = Policy::parse(POLICY).map_err(Failure::violations)?;
            let page = runbook::markdown(&script, &text, &policy, opening);
            say!("{}", page.trim_end());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The text of a script: a shipped one by its name, or a file by a path, which contains `/`. A file
/// in the current folder never stands in for a shipped script.
///
/// # Errors
/// [`HostError`] when no shipped script has this name, or the file cannot be read.
pub(crate) fn find(name: &str) -> Result<String, HostError> {
    if name.contains('/') {
        return keymoot_verify::files::read_text(Path::new(name), LARGEST_PLAN);
    }
    shipped(name)
        .map(|shipped| shipped.text.to_owned())
        .ok_or_else(|| {
            let names: Vec<_> = SHIPPED.iter().map(|shipped| shipped.name).collect();
            HostError::new(
                format!("no script is called \"{}\"", escape(name)),
                format!(
                    "name one of {}; or a file by a path with a slash, such as ./my-script.toml",
                    names.join(", ")
                ),
            )
        })
}
