//! The audit log: reading it, and clearing the read entries.

use yubihsm::response;

use super::keys::Role;
use super::sent::SET_LOG_INDEX;
use super::unit::Unit;
use crate::device::error::DeviceError;
use crate::device::operation::Operation;
use crate::host::secret::Secret;
use keymoot_attestation::yubihsm_log::GET_LOG_ENTRIES;

impl Unit {
    /// Reads the log: the device's own bytes, for
    /// [`AuditLog::check`](keymoot_attestation::yubihsm_log::AuditLog::check). Keep
    /// them before [`Unit::forget_log`].
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn read_log(&self, auditor: &Secret) -> Result<Vec<u8>, DeviceError> {
        let auditor = auditor.duplicate();
        self.run(Operation::Log, move |talk| {
            // A session of its own, so that the log ends with known entries:
            // nobody can cut off its end unseen.
            talk.close(Role::Auditor);
            talk.open(Role::Auditor, &auditor)?;
            let log = talk.ask(Role::Auditor, GET_LOG_ENTRIES, None, |client| {
                client.get_log_entries()
            })?;
            // The library drops what it cannot decode, and all after it.
            if log.entries.len() != usize::from(log.num_entries) {
                return Err(talk.malformed());
            }
            let mut bytes = Vec::new();
            bytes.extend(log.unlogged_boot_events.to_be_bytes());
            bytes.extend(log.unlogged_auth_events.to_be_bytes());
            bytes.push(log.num_entries);
            // The device's own bytes. The library returns decoded entries; the digests in them
            // show whether encoding them again was right.
            for entry in &log.entries {
                bytes.extend(entry.item.to_be_bytes());
                bytes.push(entry.cmd.to_u8());
                bytes.extend(entry.length.to_be_bytes());
                bytes.extend(entry.session_key.to_be_bytes());
                bytes.extend(entry.target_key.to_be_bytes());
                bytes.extend(entry.second_key.to_be_bytes());
                bytes.push(result_byte(entry.result));
                bytes.extend(entry.tick.to_be_bytes());
                bytes.extend(entry.digest.as_ref());
            }
            Ok(bytes)
        })
    }

    /// Has the device clear its log up to and with this entry, whose record has
    /// been kept.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn forget_log(&self, auditor: &Secret, last: u16) -> Result<(), DeviceError> {
        let auditor = auditor.duplicate();
        self.run(Operation::Log, move |talk| {
            talk.open(Role::Auditor, &auditor)?;
            talk.ask(Role::Auditor, SET_LOG_INDEX, None, |client| {
                client.set_log_index(last)
            })
        })
    }
}

/// The byte that the library has read as this result: of a success, the command
/// without its highest bit; of a failure, the byte taken from the code of "nothing
/// failed".
fn result_byte(result: response::Code) -> u8 {
    match result {
        response::Code::Success(command) => command.to_u8() | 0x80,
        failure => response::Code::DeviceOk
            .to_u8()
            .wrapping_sub(failure.to_u8()),
    }
}
