//! Which devices there are, of either family, and where they are kept.

use crate::serials::Serials;
use crate::store::{Device, Store, StoreError};
use clap::Args;
use std::path::PathBuf;

/// Arguments.
#[derive(Args)]
pub(super) struct Population {
    /// How many devices there are. With a state file that has fewer, the missing ones are made;
    /// none is ever taken away.
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: usize,
    /// Serial numbers of new devices, in turn; an empty place leaves the number to the seed. Each
    /// number that no device has yet makes one, also beyond the count.
    #[arg(
        long,
        value_name = "N,,N…",
        default_value = "",
        hide_default_value = true
    )]
    serials: Serials,
    /// Make serial numbers and keys repeatable.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Keep the devices in this file, and find them there the next time.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// End when standard input ends: when the program that started this one is gone.
    #[arg(long)]
    pub until_eof: bool,
}

impl Population {
    /// Opens or makes the devices; new ones have this firmware in turn.
    pub(super) fn open<D: Device>(self, firmware: &[D::Model]) -> Result<Store<D>, StoreError> {
        Store::open_with(self.state, self.seed, self.count, firmware, &self.serials)
    }
}
