//! The plan in a ceremony's folder: script, policy, roster and inputs.

use std::path::Path;

use super::{Folder, Occupant, Settings, inputs};
use crate::host::whole;
use keymoot_core::{
    HostError,
    digest::Digest,
    text::{escape_path, quoted_path},
};
use keymoot_record::{
    ceremony::{FileNames, Plan, PlanFiles, State, amend::Amendment},
    rules::roster::Roster,
    transcript::{Chain, Event},
};
use keymoot_verify::{Failure, files::read_text};

const SCRIPT: &str = "script.toml";
const POLICY: &str = "policy.toml";
const ROSTER: &str = "roster.toml";

/// The largest script, policy or roster, in bytes.
pub(crate) const LARGEST_PLAN: u64 = 1 << 20;

/// Makes a ceremony's folder with its plan and its settings, and what `more` puts into
/// it: whole, or not at all.
///
/// # Errors
/// [`HostError`] when the folder or the bundle exists already, or something cannot be written.
pub(crate) fn create(
    dir: &Path,
    plan: &Plan,
    settings: &Settings,
    more: impl FnOnce(&Path) -> Result<(), HostError>,
) -> Result<(), Failure> {
    if settings.out.exists() {
        return Err(HostError::new(
            format!("{} exists already", escape_path(&settings.out)),
            "name a bundle that does not exist yet with --out",
        )
        .into());
    }
    let PlanFiles {
        script,
        policy,
        roster,
        inputs,
    } = &plan.files;
    Folder::create(dir, |dir| {
        for (name, text) in [(SCRIPT, script), (POLICY, policy), (ROSTER, roster)] {
            whole::write_durably(&dir.join(name), text.as_bytes())?;
        }
        inputs::keep(dir, inputs)?;
        settings.write(dir)?;
        more(dir)
    })?;
    Ok(())
}

/// Opens a ceremony's folder for this process alone, in the name of the administrator
/// whom the roster names.
///
/// # Errors
/// A roster that violates a rule; and as [`Folder::open`].
pub(crate) fn open(dir: &Path) -> Result<Folder, Failure> {
    Folder::look(dir)?;
    let roster = read_text(&dir.join(ROSTER), LARGEST_PLAN)?;
    let roster = Roster::parse(&roster).map_err(Failure::violations)?;
    Ok(Folder::open(dir, &Occupant::new(&roster.administrator)?)?)
}

/// Reads the plan back and checks it, with the amendments that the transcript `chain` names.
///
/// # Errors
/// A file that cannot be read, or the rules that the plan violates.
pub(crate) fn read(dir: &Path, chain: &Chain) -> Result<Plan, Failure> {
    let plan = Plan::check(files(dir, chain)?).map_err(Failure::Violated)?;
    let amended = plan.amended(&amendments(dir, chain)?, &FileNames::default());
    amended.map_err(Failure::Violated)
}

/// The amendments that the transcript names, in their order.
///
/// # Errors
/// [`HostError`] when an amended file cannot be read.
pub(crate) fn amendments(dir: &Path, chain: &Chain) -> Result<Vec<Amendment>, HostError> {
    let text = |digest: Option<Digest>| -> Result<Option<String>, HostError> {
        let Some(digest) = digest else {
            return Ok(None);
        };
        let bytes = Folder::kept_in(dir, &digest)?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    };
    let named = chain
        .entries()
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Amended { policy, roster, .. } => Some((*policy, *roster)),
            _ => None,
        });
    let amendment = |(policy, roster)| {
        Ok(Amendment {
            policy: text(policy)?,
            roster: text(roster)?,
        })
    };
    named.map(amendment).collect()
}

/// Keeps the files of the plan under their digests, so that one that is edited later is still
/// there.
///
/// # Errors
/// [`HostError`] when one cannot be written.
pub(crate) fn keep(folder: &Folder, files: &PlanFiles) -> Result<(), HostError> {
    for text in [&files.script, &files.policy, &files.roster] {
        folder.keep(text.as_bytes())?;
    }
    Ok(())
}

/// Refuses files of the plan that are neither those of the opening nor those of an amendment.
///
/// # Errors
/// [`HostError`] that names the file, and how it amends the plan.
pub(crate) fn is_unedited(dir: &Path, state: &State) -> Result<(), HostError> {
    let shown = escape_path(dir);
    let known: Vec<_> = state
        .plans()
        .iter()
        .map(|plan| plan.files.digests())
        .collect();
    for (index, name) in [SCRIPT, POLICY, ROSTER].into_iter().enumerate() {
        let text = read_text(&dir.join(name), LARGEST_PLAN)?;
        let digest = Digest::of(text.as_bytes());
        if known
            .iter()
            .any(|digests| digests.get(index) == Some(&digest))
        {
            continue;
        }
        let option = name.trim_end_matches(".toml");
        return Err(HostError::new(
            format!("{shown}/{name} was edited after the ceremony was opened"),
            match name {
                SCRIPT => format!(
                    "restore {name} from a copy: nobody can change the script of a ceremony"
                ),
                _ => format!(
                    "keymoot resume {} --{option} {} amends the plan, if nobody has signed yet",
                    quoted_path(dir),
                    quoted_path(&dir.join(name))
                ),
            },
        ));
    }
    Ok(())
}

/// The digests of the plan's files that the transcript begins with, by their names.
fn opened(chain: &Chain) -> Vec<(&'static str, Digest)> {
    match chain.entries().first().map(|entry| &entry.event) {
        Some(Event::Opened {
            script,
            policy,
            roster,
            ..
        }) => vec![(SCRIPT, *script), (POLICY, *policy), (ROSTER, *roster)],
        _ => Vec::new(),
    }
}

/// The files of the plan as the ceremony was opened with it.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn files(dir: &Path, chain: &Chain) -> Result<PlanFiles, HostError> {
    let opened = opened(chain);
    let read = |name: &str| {
        let text = read_text(&dir.join(name), LARGEST_PLAN)?;
        let digest = opened.iter().find(|(opened, _)| *opened == name);
        let edited = digest.filter(|(_, digest)| *digest != Digest::of(text.as_bytes()));
        // Of an edited file the copy counts. Format 1 kept none; then the fold refuses it.
        let kept = edited.and_then(|(_, digest)| Folder::kept_in(dir, digest).ok());
        Ok::<_, HostError>(match kept {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => text,
        })
    };
    Ok(PlanFiles {
        script: read(SCRIPT)?,
        policy: read(POLICY)?,
        roster: read(ROSTER)?,
        inputs: inputs::kept(dir)?,
    })
}
