//! Who holds which device: contexts, card handles, sharing and transactions.

use std::collections::HashMap;

/// A connection to the socket.
pub type ClientId = u64;

/// How a client wants to hold a device (pcsc-lite's numbers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Alone.
    Exclusive,
    /// With others.
    Shared,
    /// The reader, with or without a device in it.
    Direct,
}

impl Share {
    /// From pcsc-lite's `dwShareMode`.
    #[must_use]
    pub fn from_wire(mode: u32) -> Option<Self> {
        match mode {
            1 => Some(Self::Exclusive),
            2 => Some(Self::Shared),
            3 => Some(Self::Direct),
            _ => None,
        }
    }
}

pub(super) struct Handle {
    pub(super) client: ClientId,
    pub(super) context: u32,
    pub(super) index: usize,
    pub(super) insertion: u64,
    pub(super) epoch: u64,
    pub(super) share: Share,
}

/// All contexts and handles.
#[derive(Default)]
pub(super) struct Handles {
    pub(super) contexts: HashMap<u32, ClientId>,
    pub(super) open: HashMap<i32, Handle>,
    /// The handle whose transaction a device is in.
    pub(super) transactions: HashMap<usize, i32>,
    last: u32,
}

impl Handles {
    pub(super) fn next(&mut self) -> u32 {
        // pcsc-lite's handles are positive 31-bit numbers; 0 means none.
        self.last = self.last % 0x7fff_fff0 + 1;
        self.last
    }

    /// The handles on a device as it is plugged in now; those of an earlier insertion are in
    /// nobody's way.
    pub(super) fn of_device(&self, index: usize, insertion: u64) -> impl Iterator<Item = &Handle> {
        self.open
            .values()
            .filter(move |handle| handle.index == index && handle.insertion == insertion)
    }

    /// Ends the transaction a device is in: it was pulled out.
    pub(super) fn abort_transaction(&mut self, index: usize) {
        self.transactions.remove(&index);
    }

    /// Nobody else's transaction or exclusive hold is in the way.
    pub(super) fn free_for(&self, number: i32, index: usize) -> bool {
        self.transactions
            .get(&index)
            .is_none_or(|owner| *owner == number)
    }
}
