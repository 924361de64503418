//! `keymoot plan new`: files to fill in, from the previous state where there is one.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use keymoot_attestation::TrustStore;
use keymoot_core::{
    HostError, Rule, Violation,
    text::{escape, escape_path, several},
};
use keymoot_record::{
    bundle::Bundle,
    ceremony::{
        previous::Previous,
        script::{CheckedScript, Scenario},
    },
    rules::{policy::Policy, roster::Roster},
};
use keymoot_tuf::Dialect;
use keymoot_verify::say;

use super::{notes::Occasion, write};
use crate::{
    commands::{Failure, arguments, inputs::Sources, script},
    host::whole,
};

/// Write a roster, a policy and notes for an occasion, to be filled in
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A script: a name in ceremony-scripts/ or a path
    script: String,
    /// The folder for the files, which is made
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    sources: Sources,
    /// The previous bundle or repository is of a rehearsal
    #[arg(long)]
    rehearsal: bool,
}

/// Exit codes: 0 done, 1 could not run, 3 a rule was violated.
pub(super) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let script = CheckedScript::parse(&script::find(&args.script)?).map_err(Failure::violations)?;
    starts_from_what_it_needs(args, script.script().scenario)?;
    let bundle = args.sources.bundle(args.rehearsal, vendor)?;
    let (policy, roster) = files(args, script.script().scenario, bundle.as_ref())?;
    let previous = args.sources.previous.as_deref();
    let previous = previous.map(arguments::shortest).transpose()?;
    // The template of a first policy has no online key yet, so nobody can read it as a policy.
    let has_crates = Policy::parse(&policy).map_or(true, |policy| policy.tuf_crates);
    let notes = Occasion {
        script: &named(&args.script)?,
        previous: previous.as_deref(),
        rehearsal: args.rehearsal,
        crates_root: has_crates && script.brings_crates_root(),
    }
    .notes();
    arguments::make_new_folder(&args.dir, |dir| {
        for (name, text) in [
            ("policy.toml", policy.as_str()),
            ("roster.toml", &roster),
            ("newcomer.toml", write::NEWCOMER),
            ("NOTES.md", &notes),
        ] {
            whole::write_durably(&dir.join(name), text.as_bytes())?;
        }
        Ok(())
    })?;
    let dir = escape_path(&args.dir);
    say!(
        "{dir}/policy.toml and {dir}/roster.toml: fill in what is empty\n\
         {dir}/newcomer.toml: the lines that each new holder sends you\n\
         {dir}/NOTES.md: where everything comes from, and what to do next"
    );
    Ok(ExitCode::SUCCESS)
}

/// Without the previous state, every holder would be new.
fn starts_from_what_it_needs(args: &Args, scenario: Scenario) -> Result<(), HostError> {
    if args.sources.previous.is_some() || !scenario.has_previous() {
        return Ok(());
    }
    Err(HostError::new(
        format!(
            "{} starts from a previous state, and none was named",
            escape(&args.script)
        ),
        "name the last bundle, or a working tree of tuf-root, with --previous",
    ))
}

/// A script as it is named in another folder.
fn named(script: &str) -> Result<PathBuf, HostError> {
    match script.contains('/') {
        true => arguments::shortest(Path::new(script)),
        false => Ok(PathBuf::from(script)),
    }
}

/// Policy and roster: those of the previous bundle, or what a working tree says, or templates.
fn files(
    args: &Args,
    scenario: Scenario,
    bundle: Option<&Bundle>,
) -> Result<(String, String), Failure> {
    let Some(path) = &args.sources.previous else {
        return Ok((write::first_policy(), write::first_roster()));
    };
    let kept = |name: &str| {
        let bytes = bundle?.files().get(name)?;
        String::from_utf8(bytes.clone()).ok()
    };
    if let (Some(policy), Some(roster)) = (kept("policy.toml"), kept("roster.toml")) {
        let dialect = Policy::parse(&policy).map_err(Failure::violations)?.dialect;
        let previous = previous(args, bundle, dialect)?;
        let roster = Roster::parse(&roster).map_err(Failure::violations)?;
        return Ok((policy, write::next_roster(&roster, &previous, scenario)));
    }
    let dialect = Dialect::detect(&|name| fs::read(path.join(name)).ok());
    let dialect = dialect.ok_or_else(|| unread(path))?;
    let previous = previous(args, None, dialect)?;
    Ok((
        write::policy_of(&previous, dialect),
        write::roster_of(&previous, scenario),
    ))
}

fn previous(args: &Args, bundle: Option<&Bundle>, dialect: Dialect) -> Result<Previous, Failure> {
    let inputs = args.sources.read(bundle)?;
    let previous = Previous::read(&inputs, dialect).map_err(Failure::violations)?;
    let named = args.sources.previous.as_deref().unwrap_or(Path::new("."));
    let previous = previous.ok_or_else(|| unread(named))?;
    let rehearsed = previous.of_rehearsal();
    match args.rehearsal || rehearsed.is_empty() {
        true => Ok(previous),
        false => Err(Failure::violations(vec![Violation::new(
            Rule::PlanLive,
            several(&rehearsed, "; "),
            "name the live repository; with this one only a rehearsal can be planned: add --rehearsal",
        )])),
    }
}

fn unread(path: &Path) -> HostError {
    HostError::new(
        format!("{} is neither a bundle nor a repository", escape_path(path)),
        "name the last bundle, or the folder that holds metadata/",
    )
}
