//! The sent-records, `yubihsm-<serial>.json`: every command sent to a YubiHSM 2, from which
//! its audit log is accounted for after any interruption.
//!
//! Each record has a copy, which is written after it. If vfat loses the record while it is
//! replaced, keymoot has not sent the new commands yet, so the copy is complete.

use std::path::PathBuf;

use super::Folder;
use crate::host::whole;
use keymoot_attestation::yubihsm_log::Sent;
use keymoot_core::HostError;

/// The largest record, in bytes.
const LARGEST: u64 = 16 << 20;

impl Folder {
    /// The commands sent to a device before, by its record or the record's copy.
    ///
    /// # Errors
    /// [`HostError`] when there is a record and it cannot be read.
    pub fn sent(&self, serial: u32) -> Result<Vec<Sent>, HostError> {
        let mut bytes = Vec::new();
        for path in self.records(serial) {
            if bytes.is_empty() && path.exists() {
                bytes = keymoot_verify::files::read_bounded(&path, LARGEST)?;
            }
        }
        if bytes.is_empty() {
            return Ok(Vec::new());
        }
        serde_json::from_slice(&bytes).map_err(|error| {
            HostError::new(
                format!("the record of commands to YubiHSM 2 {serial} cannot be read: {error}"),
                "restore the file from a copy of the ceremony's folder",
            )
        })
    }

    /// Replaces the record of a device and then its copy, durably. Returns the record.
    ///
    /// # Errors
    /// [`HostError`] when either cannot be written.
    pub fn keep_sent(&self, serial: u32, sent: &[Sent]) -> Result<Vec<u8>, HostError> {
        let bytes = serde_json::to_vec(sent).map_err(|error| {
            HostError::new(
                format!("the record of commands cannot be written: {error}"),
                "resume",
            )
        })?;
        for path in self.records(serial) {
            whole::write_durably(&path, &bytes)?;
        }
        Ok(bytes)
    }

    fn records(&self, serial: u32) -> [PathBuf; 2] {
        ["", ".copy"].map(|copy| self.path().join(format!("yubihsm-{serial}{copy}.json")))
    }
}
