//! `keymoot script`: the scripts, shipped and your own.

use keymoot_verify::{files::read_text, say};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use keymoot_attestation::TrustStore;
use keymoot_core::{
    HostError,
    text::{escape, escape_path},
};
use keymoot_record::{
    ceremony::{
        FileNames, Plan, PlanFiles,
        script::CheckedScript,
        shipped::{SHIPPED, shipped},
    },
    rules::policy::Policy,
    runbook::{self, Day},
    transcript::Mode,
};

use super::{Failure, expect, inputs::Sources};
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
        "change-policy",
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
        /// A folder with roster.toml and policy.toml: fills in names, devices, versions and times
        #[arg(long, value_name = "DIR")]
        plan: Option<PathBuf>,
        #[command(flatten)]
        sources: Sources,
        /// The plan is for a rehearsal
        #[arg(long)]
        rehearsal: bool,
        /// When the ceremony begins, UTC
        #[arg(long, value_name = "HH:MM", value_parser = minutes, requires = "plan")]
        begin: Option<u32>,
        /// Print HTML for A4 instead of Markdown
        #[arg(long)]
        html: bool,
    },
}

/// Minutes after midnight.
fn minutes(text: &str) -> Result<u32, String> {
    let parsed = text.split_once(':').and_then(|(hours, minutes)| {
        let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
        (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
    });
    parsed.ok_or_else(|| "give a time such as 09:30".to_owned())
}

/// Exit codes: 0 it can be carried out, 1 it could not be read, 3 it cannot.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let (What::Check { file } | What::Runbook { file, .. }) = &args.what;
    let text = find(file)?;
    let script = CheckedScript::parse(&text).map_err(Failure::violations)?;
    match &args.what {
        What::Check { .. } => {
            for verdict in script.verdicts() {
                say!("{}: {}", verdict.rule, verdict.detail);
            }
            say!("{} minutes in all", script.minutes());
        }
        What::Runbook {
            plan,
            sources,
            rehearsal,
            begin,
            html,
            ..
        } => {
            let plan = plan
                .as_deref()
                .map(|dir| read(dir, &text, sources, *rehearsal, vendor));
            let plan = plan.transpose()?;
            let day = plan.as_ref().map(|plan| Day {
                plan,
                begins: *begin,
            });
            let opening = opening(&script.script().name);
            let shipped = Policy::parse(POLICY).map_err(Failure::violations)?;
            let policy = plan.as_ref().map_or(&shipped, |plan| &plan.policy);
            let page = runbook::markdown(&script, &text, policy, opening, day.as_ref());
            match html {
                true => say!("{}", runbook::html(&page).trim_end()),
                false => say!("{}", page.trim_end()),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The plan whose roster and policy are in a folder.
fn read(
    dir: &Path,
    script: &str,
    sources: &Sources,
    rehearsal: bool,
    vendor: &TrustStore,
) -> Result<Plan, Failure> {
    let bundle = sources.bundle(rehearsal, vendor)?;
    let [policy, roster] = ["policy.toml", "roster.toml"].map(|name| dir.join(name));
    let names = FileNames {
        policy: escape_path(&policy),
        roster: escape_path(&roster),
        ..FileNames::default()
    };
    let files = PlanFiles {
        script: script.to_owned(),
        inputs: sources.read(bundle.as_ref())?,
        policy: read_text(&policy, LARGEST_PLAN)?,
        roster: read_text(&roster, LARGEST_PLAN)?,
    };
    let plan = Plan::check_named(files, &names).map_err(Failure::Violated)?;
    let mode = Mode::of(rehearsal);
    Failure::of_violated(expect::weaker(&plan, mode, sources.expect.as_deref())?)?;
    Ok(plan)
}

/// The text of a script: a shipped one by its name, or a file by a path, which contains `/`. A file
/// in the current folder never replaces a shipped script.
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
