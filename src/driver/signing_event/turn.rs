//! The turn of a holder at a signing event: its surroundings, and its state while it lasts.

use crate::{
    device::{DeviceError, PinDemands},
    driver::operator::{Errand, Interrupt, Operator, Work},
    host::secret::Secret,
};
use keymoot_attestation::TrustStore;
use keymoot_core::{HostError, Verdict, digest::Digest, text::escape};
use keymoot_record::{
    bundle::Files, expectation::ExpectationSet, rules::roster::Handle, signing_event::SigningEvent,
    transcript::Mode,
};

/// The task of a holder, and its surroundings.
pub struct EventTurn<'t> {
    /// The event, by every rule
    pub event: &'t SigningEvent,
    /// Who signs
    pub holder: Handle,
    /// Live or rehearsal
    pub mode: Mode,
    /// The branch that the checkout is on
    pub branch: Option<&'t str>,
    /// The vendor whose attestations count
    pub trust: &'t TrustStore,
    /// The minimum strength of the device
    pub set: &'t ExpectationSet,
    /// Whether the holder named that set: then nothing weaker signs
    pub demanded: bool,
    /// Whether the base's root was compared with one that the holder trusts
    pub is_root_given: bool,
    /// The verdicts of the MACHINE rules
    pub machine: &'t [Verdict],
    /// SHA-256 of the program
    pub program: Digest,
    /// Reads the files of the checkout again
    pub files: &'t (dyn Fn() -> Result<Files, HostError> + Sync),
    /// Writes the files with the signatures, and the receipt
    pub write: &'t Write<'t>,
}

/// Writes the files of a checkout, and the receipt.
pub type Write<'w> = dyn Fn(&Files, &[u8]) -> Result<(), HostError> + Sync + 'w;

/// Why such a turn ends early.
pub(super) enum Stop {
    Device(DeviceError),
    Left,
    Host(HostError),
    Violated(Verdict),
}

impl From<DeviceError> for Stop {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}

impl From<HostError> for Stop {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

impl From<Interrupt> for Stop {
    // There is no transcript for a note, and no step to end.
    fn from(_: Interrupt) -> Self {
        Self::Left
    }
}

/// The turn while it lasts.
pub(super) struct Table<'t, 'o> {
    pub(super) turn: &'t EventTurn<'t>,
    pub(super) operator: &'o mut dyn Operator,
    /// The documents that the holder signs, by their places.
    pub(super) mine: Vec<usize>,
    pub(super) pin: Option<Secret>,
    /// The device's demands on a new PIN.
    pub(super) demands: PinDemands,
    /// Whether signatures and receipt are on the disk.
    pub(super) written: bool,
}

impl Table<'_, '_> {
    /// Shows how far the turn is.
    pub(super) fn errand(&mut self, next: &str) {
        let event = self.turn.event;
        let mine = self.mine.iter();
        let names: Vec<_> = mine.filter_map(|at| event.documents.get(*at)).collect();
        self.operator.errand(&Errand {
            line: format!(
                "signing event in {}{}: {}",
                event.dialect,
                self.turn
                    .branch
                    .map_or_else(String::new, |branch| format!(", branch {}", escape(branch))),
                names
                    .iter()
                    .map(|one| one.name())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            next: next.to_owned(),
            digests: names.iter().map(|one| (one.name(), one.signed())).collect(),
            written: self.written,
        });
    }

    /// Shows that the device is at work.
    pub(super) fn busy(&mut self, doing: &str) {
        let doing = doing.to_owned();
        self.operator.working(&Work::Busy { doing }, None);
    }

    /// EVENT-UNCHANGED, asked before every touch and before anything is written.
    pub(super) fn unchanged(&self) -> Result<(), Stop> {
        let verdict = self.turn.event.unchanged(&(self.turn.files)()?);
        match verdict.is_violated() {
            true => Err(Stop::Violated(verdict)),
            false => Ok(()),
        }
    }
}
