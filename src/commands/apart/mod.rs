//! Holders apart: `keymoot request` asks them, `keymoot answer` is a holder's turn away from the
//! table, `keymoot collect` takes the answers in.

pub(crate) mod answer;
pub(crate) mod collect;
pub(crate) mod rehearsal;
pub(crate) mod request;

use std::{path::Path, sync::Arc};

use super::{Failure, begin};
use crate::{
    apart::Desk,
    host::{machine, program::Measuring},
    store::{self, CurrentSettings, Folder, Journal},
};
use keymoot_attestation::TrustStore;
use keymoot_core::HostError;
use keymoot_record::{bundle, ceremony::State, transcript::Mode};

/// A ceremony's folder, taken over while nobody is at the table.
struct Held {
    folder: Folder,
    journal: Journal,
    state: State,
    trust: TrustStore,
}

impl Held {
    /// Takes a ceremony over. Another program than the last one verifies the record and says that
    /// it continues, as `resume` does.
    ///
    /// # Errors
    /// [`Failure`] when somebody else holds it, something in it was changed, or the machine did not
    /// pass its last check.
    fn open(dir: &Path, vendor: &TrustStore) -> Result<Self, Failure> {
        let measuring = Measuring::begin();
        machine::protect();
        let folder = store::plan::open(dir)?;
        let plan = Arc::new(store::plan::read(dir, &Journal::look(dir)?)?);
        let (journal, cut) = Journal::open(dir)?;
        let state = State::fold(plan, journal.chain()).map_err(|illegal| {
            HostError::new(
                illegal.to_string(),
                "stop: the folder's transcript and plan do not belong together. Find out who changed them",
            )
        })?;
        if let Some(fault) = state.machine_faults().first() {
            return Err(HostError::new(
                format!(
                    "the machine did not pass its last check: {}: {}",
                    fault.rule, fault.detail
                ),
                "resume the ceremony where the machine passes; then try again",
            )
            .into());
        }
        if state.opening.is_none() {
            let what = "the ceremony has not begun";
            return Err(HostError::new(what, "begin it with keymoot run or rehearse").into());
        }
        let settings = CurrentSettings::read(dir, &[])?;
        let mode = settings.check(state.opening.as_ref());
        let mode = mode.map_err(|violation| Failure::violations(vec![violation]))?;
        let trust = match mode {
            Mode::Live => vendor.clone(),
            Mode::Rehearsal => store::rehearsal::vendor(dir)?,
        };
        let (program, bill) = bundle::this_program(measuring.digest()?);
        let another = state.is_another(&program);
        let mut held = Self {
            folder,
            journal,
            state,
            trust,
        };
        if another {
            begin::verify_so_far(&held.state, &held.journal, &held.trust, &held.folder)?;
            held.folder.keep(&bill)?;
        }
        if another || cut > 0 {
            let event = begin::event(&held.state, &settings, program, cut)?;
            held.desk().record(event)?;
        }
        Ok(held)
    }

    fn desk(&mut self) -> Desk<'_> {
        Desk {
            folder: &self.folder,
            journal: &mut self.journal,
            state: &mut self.state,
            trust: &self.trust,
        }
    }
}
