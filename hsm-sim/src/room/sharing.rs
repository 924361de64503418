//! What clients do with the devices: contexts, card handles, sharing and transactions.

use super::Room;
use super::handles::{ClientId, Handle, Share};
use super::world::{Bay, LEAVE_CARD, World};
use crate::pcsc::code::{self, Code};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// How long a client waits at the server for another's transaction to end before it has to ask
/// again. Clients ask again by themselves; waiting here only makes them notice sooner.
const PATIENCE: Duration = Duration::from_millis(100);

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
    /// Unknown context or reader, no T=1 offered, polkit's refusal, or somebody's exclusive hold.
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
        if world.forbidden {
            return Err(code::SECURITY_VIOLATION);
        }
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
        ready: impl Fn(&Bay) -> bool,
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
