//! Holders apart, in a ceremony's folder: a request goes out, answers come in. The
//! commands do it while nobody is at the table, and the driver while a ceremony is on the screen.

mod collect;
mod refusal;
mod request;

pub(crate) use self::{
    collect::{Outcome, Taken, collect},
    refusal::refuse,
    request::{ask, withdraw},
};

#[cfg(test)]
pub(crate) use self::request::whom;

use crate::{
    driver,
    store::{Folder, Journal},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{HostError, digest::Digest};
use keymoot_record::{
    ceremony::State,
    transcript::{Event, Time},
};

/// The last second of a day.
///
/// # Errors
/// In words, when it is no day.
pub(crate) fn end_of_day(day: &str) -> Result<Time, &'static str> {
    Time::parse(&format!("{day}T23:59:59Z")).ok_or("a day is written like 2026-12-24")
}

/// A ceremony's folder and its state.
pub(crate) struct Desk<'d> {
    /// The folder.
    pub folder: &'d Folder,
    /// The transcript in it.
    pub journal: &'d mut Journal,
    /// The result of the transcript.
    pub state: &'d mut State,
    /// The vendor whose devices count.
    pub trust: &'d TrustStore,
}

impl Desk<'_> {
    pub(crate) fn record(&mut self, event: Event) -> Result<(), HostError> {
        *self.state = driver::record(self.journal, self.state, event)?;
        Ok(())
    }

    fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        let kept = self.folder.kept(digest).ok();
        kept.or_else(|| self.state.plan.object(digest))
    }
}
