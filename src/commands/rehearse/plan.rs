//! The plan of a rehearsal: the user's files, or shipped and simulated ones.

use std::path::{Path, PathBuf};

use super::args::Args;
use crate::{
    commands::{Failure, inputs, script},
    host::clock,
    rehearsal::{
        cast::{self, Cast},
        team,
    },
    store::plan::LARGEST_PLAN,
};
use keymoot_core::{
    HostError,
    text::{escape, escape_path},
};
use keymoot_record::{
    bundle::Bundle,
    ceremony::{
        FileNames, PlanFiles,
        previous::{AUTHORISED, INCOMING, PREVIOUS, Previous},
        script::CheckedScript,
        shipped::{FEW, SMALL_POLICY},
    },
    rules::{
        policy::{AuthorisedKind, FEWEST_HOLDERS, MOST_HOLDERS, Policy},
        scenario::TARGETS,
    },
};

/// The names of the plan's files in errors.
pub(super) fn names(args: &Args) -> FileNames {
    let usual = FileNames::default();
    let path = |given: &Option<PathBuf>| given.as_deref().map(escape_path);
    FileNames {
        script: escape(&args.script),
        policy: path(&args.policy).unwrap_or(usual.policy),
        roster: path(&args.roster).unwrap_or(usual.roster),
    }
}

/// Script, policy, roster and inputs: those that are named, or else those of the
/// previous bundle, or else a shipped script and policy and simulated people.
pub(super) fn files(args: &Args, bundle: Option<&Bundle>) -> Result<PlanFiles, Failure> {
    let read = |path: &Path| keymoot_verify::files::read_text(path, LARGEST_PLAN);
    let kept = |name: &str| {
        let bytes = bundle?.files().get(name)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    };
    let policy = match (&args.policy, kept("policy.toml")) {
        (Some(path), _) => read(path)?,
        (None, Some(policy)) => policy,
        (None, None) => shipped_policy(args.holders())? + &cast::delegations()?,
    };
    let roster = match (&args.roster, kept("roster.toml")) {
        (Some(path), _) => read(path)?,
        (None, Some(roster)) => roster,
        (None, None) => {
            as_many(args.holders(), &policy)?;
            Cast::bringing(args.holders(), |seat| args.device().on_seat(seat)).roster()
        }
    };
    Ok(PlanFiles {
        script: script::find(&args.script)?,
        inputs: args.sources.read(bundle)?,
        policy,
        roster,
    })
}

/// The shipped policy for this many holders, with a simulated online key.
fn shipped_policy(holders: usize) -> Result<String, HostError> {
    match holders {
        FEW => Ok(SMALL_POLICY.to_owned()),
        _ => cast::with_online_key(script::POLICY),
    }
}

/// The policy asks for as many holders as are simulated.
fn as_many(holders: usize, policy: &str) -> Result<(), HostError> {
    // What is wrong with the policy itself is reported with the rest of the plan.
    let asked = Policy::parse(policy).map(|policy| policy.quorum.holders);
    match asked {
        Ok(asked) if usize::try_from(asked) != Ok(holders) && !can_be_seated(holders) => {
            Err(HostError::new(
                format!(
                    "--holders is {holders}, and a ceremony has {FEWEST_HOLDERS} to {MOST_HOLDERS} holders"
                ),
                format!("name {FEWEST_HOLDERS} to {MOST_HOLDERS}; {FEW} and 9 need no --policy"),
            ))
        }
        Ok(asked) if usize::try_from(asked) != Ok(holders) => Err(HostError::new(
            format!("the policy asks for {asked} holders, and --holders is {holders}"),
            format!(
                "copy ceremony-scripts/policy-small.toml, change it to {holders} holders, and name it with --policy"
            ),
        )),
        _ => Ok(()),
    }
}

/// Whether any policy can ask for so many.
fn can_be_seated(holders: usize) -> bool {
    u32::try_from(holders).is_ok_and(|holders| (FEWEST_HOLDERS..=MOST_HOLDERS).contains(&holders))
}

/// If the script needs a root of tuf-crates and the user names none, the simulated
/// team gives its next one.
pub(super) fn with_crates_root(
    mut files: PlanFiles,
    args: &Args,
    seed: u64,
) -> Result<PlanFiles, Failure> {
    let script = CheckedScript::parse(&files.script);
    let has_crates = Policy::parse(&files.policy).is_ok_and(|policy| policy.tuf_crates);
    let wanted = has_crates && script.is_ok_and(|script| script.brings_crates_root());
    if wanted && args.sources.crates_root.is_empty() {
        let dialect = inputs::dialect(&files.policy);
        let previous = Previous::read(&files.inputs, dialect).unwrap_or_default();
        let last = previous
            .as_ref()
            .and_then(|previous| previous.crates_roots().last())
            .map_or(0, |root| root.root().version);
        let root = team::root(seed, last + 1, clock::now()?, dialect)?;
        files
            .inputs
            .insert(format!("{INCOMING}/{}.root.json", last + 1), root);
    }
    Ok(files)
}

/// keymoot simulates files that the policy has the quorum sign, if neither user nor previous
/// state has them.
pub(super) fn with_authorised(mut files: PlanFiles, seed: u64) -> Result<PlanFiles, Failure> {
    let Ok(policy) = Policy::parse(&files.policy) else {
        return Ok(files);
    };
    for file in &policy.authorised {
        let given = format!("{AUTHORISED}/{}", file.path);
        let kept = format!("{PREVIOUS}/tuf-root/{TARGETS}/{}", file.path);
        if files.inputs.contains_key(&given) || files.inputs.contains_key(&kept) {
            continue;
        }
        let bytes = match file.kind {
            AuthorisedKind::TufRoot => team::root(seed, 1, clock::now()?, policy.dialect)?,
            AuthorisedKind::PublicKey => cast::nobodys_key()?.into_bytes(),
            AuthorisedKind::File => format!("{} (simulated)\n", file.path).into_bytes(),
        };
        files.inputs.insert(given, bytes);
    }
    Ok(files)
}
