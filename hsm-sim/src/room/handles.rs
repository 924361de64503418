//! Who holds which device: contexts, card handles, sharing and transactions.

use super::{Plugged, Room, World};
use crate::pcsc::code::{self, Code};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

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

/// How long a client waits at the server for another's transaction to end before it has to ask
/// again. Clients ask again by themselves; waiting here only makes them notice sooner.
const PATIENCE: Duration = Duration::from_millis(100);

const LEAVE_CARD: u32 = 0;

pub(super) struct Handle {
    client: ClientId,
    context: u32,
    pub(super) index: usize,
    pub(super) insertion: u64,
    epoch: u64,
    share: Share,
}

/// All contexts and handles.
#[derive(Default)]
pub(super) struct Handles {
    contexts: HashMap<u32, ClientId>,
    open: HashMap<i32, Handle>,
    /// The handle whose transaction a device is in.
    transactions: HashMap<usize, i32>,
    last: u32,
}

impl Handles {
    fn next(&mut self) -> u32 {
        // pcsc-lite's handles are positive 31-bit numbers; 0 means none.
        self.last = self.last % 0x7fff_fff0 + 1;
        self.last
    }

    /// The handles on a device as it is plugged in now; those of an earlier insertion are in
    /// nobody's way.
    fn of_device(&self, index: usize, insertion: u64) -> impl Iterator<Item = &Handle> {
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

impl World {
    /// pcsc-lite's count: how many share the device, -1 when one has it alone.
    pub(super) fn sharing(&self, index: usize) -> i32 {
        let Some(plugged) = self.bays[index].plugged else {
            return 0;
        };
        let mut handles = self.handles.of_device(index, plugged.insertion);
        if handles.any(|handle| handle.share == Share::Exclusive) {
            return -1;
        }
        let count = self.handles.of_device(index, plugged.insertion).count();
        i32::try_from(count).unwrap_or(i32::MAX)
    }

    /// The handle, when it is `client`'s and its device is still the one it was opened on.
    pub(super) fn usable(&self, client: ClientId, number: i32) -> Result<&Handle, Code> {
        let handle = self.present(client, number)?;
        if self.bays[handle.index].epoch == handle.epoch {
            Ok(handle)
        } else {
            Err(code::RESET_CARD)
        }
    }

    fn present(&self, client: ClientId, number: i32) -> Result<&Handle, Code> {
        let handle = self
            .handles
            .open
            .get(&number)
            .filter(|h| h.client == client)
            .ok_or(code::INVALID_HANDLE)?;
        match self.bays[handle.index].plugged {
            Some(Plugged { insertion, .. }) if insertion == handle.insertion => Ok(handle),
            _ => Err(code::REMOVED_CARD),
        }
    }

    /// A reset everybody but its cause has to notice.
    fn reset(&mut self, number: i32) {
        let Some(handle) = self.handles.open.get_mut(&number) else {
            return;
        };
        let bay = &mut self.bays[handle.index];
        bay.epoch += 1;
        handle.epoch = bay.epoch;
    }

    fn close(&mut self, number: i32, disposition: u32) {
        let Some(handle) = self.handles.open.get(&number) else {
            return;
        };
        let (index, insertion) = (handle.index, handle.insertion);
        let free = self.handles.free_for(number, index);
        if disposition != LEAVE_CARD
            && free
            && self.bays[index]
                .plugged
                .is_some_and(|p| p.insertion == insertion)
        {
            self.reset(number);
        }
        if self.handles.transactions.get(&index) == Some(&number) {
            self.handles.transactions.remove(&index);
        }
        self.handles.open.remove(&number);
    }
}

impl Room {
    /// Opens a context for a connection.
    pub fn establish(&self, client: ClientId) -> u32 {
        let mut world = self.lock();
        let context = world.handles.next();
        world.handles.contexts.insert(context, client);
        context
    }

    /// Closes a context and every handle in it.
    ///
    /// # Errors
    /// When the context is not the client's.
    pub fn release(&self, client: ClientId, context: u32) -> Result<(), Code> {
        let mut world = self.lock();
        if world.handles.contexts.get(&context) != Some(&client) {
            return Err(code::INVALID_HANDLE);
        }
        world.handles.contexts.remove(&context);
        let open: Vec<i32> = world
            .handles
            .open
            .iter()
            .filter(|(_, h)| h.context == context)
            .map(|(n, _)| *n)
            .collect();
        for number in open {
            world.close(number, 1);
        }
        self.changed.notify_all();
        Ok(())
    }

    /// Forgets a connection that has ended; its devices are reset, as pcscd does.
    pub fn hang_up(&self, client: ClientId) {
        self.stop_waiting(client);
        let contexts: HashSet<u32> = {
            let world = self.lock();
            world
                .handles
                .contexts
                .iter()
                .filter(|(_, owner)| **owner == client)
                .map(|(c, _)| *c)
                .collect()
        };
        for context in contexts {
            let _ = self.release(client, context);
        }
    }

    /// The connection that owns a context.
    #[must_use]
    pub fn owner(&self, context: u32) -> Option<ClientId> {
        self.lock().handles.contexts.get(&context).copied()
    }

    /// Opens a handle on the device in the named reader.
    ///
    /// # Errors
    /// Unknown context or reader, no T=1 offered, or somebody's exclusive hold.
    pub fn connect(
        &self,
        client: ClientId,
        context: u32,
        reader: &str,
        share: Share,
        protocols: u32,
    ) -> Result<i32, Code> {
        let mut world = self.lock();
        if world.handles.contexts.get(&context) != Some(&client) {
            return Err(code::INVALID_HANDLE);
        }
        let seat = (0..world.seats.len()).find(|seat| world.reader.of(*seat) == reader);
        let index = seat
            .and_then(|seat| world.seats[seat].device)
            .ok_or(code::UNKNOWN_READER)?;
        if share != Share::Direct && protocols & code::T1 == 0 {
            return Err(code::PROTOCOL_MISMATCH);
        }
        let held = world.sharing(index);
        if held < 0 || (share == Share::Exclusive && held > 0) {
            return Err(code::SHARING_VIOLATION);
        }
        let number = world.handles.next().cast_signed();
        let bay = &world.bays[index];
        let insertion = bay.plugged.map_or(0, |plugged| plugged.insertion);
        let handle = Handle {
            client,
            context,
            index,
            insertion,
            epoch: bay.epoch,
            share,
        };
        world.handles.open.insert(number, handle);
        Ok(number)
    }

    /// Takes note of a reset, and causes one when `initialisation` asks for it.
    ///
    /// # Errors
    /// The handle is not the client's, its device is gone, or others are in the way.
    pub fn reconnect(
        &self,
        client: ClientId,
        number: i32,
        share: Share,
        initialisation: u32,
    ) -> Result<(), Code> {
        let mut world = self.lock();
        let (index, insertion) = {
            let handle = world.present(client, number)?;
            (handle.index, handle.insertion)
        };
        let others = world.handles.of_device(index, insertion).count() > 1;
        if (share == Share::Exclusive && others) || !world.handles.free_for(number, index) {
            return Err(code::SHARING_VIOLATION);
        }
        let epoch = world.bays[index].epoch;
        if let Some(handle) = world.handles.open.get_mut(&number) {
            handle.epoch = epoch;
            handle.share = share;
        }
        if initialisation != LEAVE_CARD {
            world.reset(number);
        }
        Ok(())
    }

    /// Closes a handle.
    ///
    /// # Errors
    /// The handle is not the client's.
    pub fn disconnect(&self, client: ClientId, number: i32, disposition: u32) -> Result<(), Code> {
        let mut world = self.lock();
        world
            .handles
            .open
            .get(&number)
            .filter(|h| h.client == client)
            .ok_or(code::INVALID_HANDLE)?;
        world.close(number, disposition);
        self.changed.notify_all();
        Ok(())
    }

    /// Starts a transaction: until it ends, other handles on the device wait.
    ///
    /// # Errors
    /// The handle cannot be used, or another transaction continues; the client then asks again.
    pub fn begin(&self, client: ClientId, number: i32) -> Result<(), Code> {
        let (mut world, index) = self.acquire(client, number, |_| true)?;
        world.handles.transactions.insert(index, number);
        Ok(())
    }

    /// Ends a transaction.
    ///
    /// # Errors
    /// The handle cannot be used, or the transaction is another's.
    pub fn end(&self, client: ClientId, number: i32, disposition: u32) -> Result<(), Code> {
        let mut world = self.lock();
        let index = world.present(client, number)?.index;
        if !world.handles.free_for(number, index) {
            return Err(code::SHARING_VIOLATION);
        }
        world
            .handles
            .transactions
            .remove(&index)
            .ok_or(code::NOT_TRANSACTED)?;
        if disposition != LEAVE_CARD {
            world.reset(number);
        }
        self.changed.notify_all();
        Ok(())
    }

    /// The name of the reader behind a handle that can be used.
    ///
    /// # Errors
    /// When it cannot.
    pub fn status(&self, client: ClientId, number: i32) -> Result<String, Code> {
        let world = self.lock();
        let index = world.usable(client, number)?.index;
        world.bays[index]
            .plugged
            .map(|plugged| world.reader.of(plugged.seat))
            .ok_or(code::REMOVED_CARD)
    }

    /// The room, once nobody else's transaction and (as `ready` says) nothing else is in the
    /// handle's way.
    pub(super) fn acquire(
        &self,
        client: ClientId,
        number: i32,
        ready: impl Fn(&super::Bay) -> bool,
    ) -> Result<(std::sync::MutexGuard<'_, World>, usize), Code> {
        let deadline = Instant::now() + PATIENCE;
        let mut world = self.lock();
        loop {
            let index = world.usable(client, number)?.index;
            if world.handles.free_for(number, index) && ready(&world.bays[index]) {
                return Ok((world, index));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(code::SHARING_VIOLATION);
            }
            world = self
                .changed
                .wait_timeout(world, left)
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .0;
        }
    }
}
