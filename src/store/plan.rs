//! The plan in a ceremony's folder: script, policy, roster and inputs.

use std::path::Path;

use super::{Folder, Occupant, Settings, inputs};
use crate::host::whole;
use keymoot_core::{HostError, text::escape_path};
use keymoot_record::{
    ceremony::{Plan, PlanFiles},
    rules::roster::Roster,
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

/// Reads the plan back and checks it.
///
/// # Errors
/// A file that cannot be read, or the rules that the plan violates.
pub(crate) fn read(dir: &Path) -> Result<Plan, Failure> {
    let read = |name: &str| read_text(&dir.join(name), LARGEST_PLAN);
    let files = PlanFiles {
        script: read(SCRIPT)?,
        policy: read(POLICY)?,
        roster: read(ROSTER)?,
        inputs: inputs::kept(dir)?,
    };
    Plan::check(files).map_err(Failure::Violated)
}
