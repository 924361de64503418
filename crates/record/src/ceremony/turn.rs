//! A holder's turn at the table, stage by stage.

use crate::{rules::roster::Handle, transcript::DeviceState};
use keymoot_attestation::Family;
use keymoot_core::{Verdict, digest::Digest};

/// What a holder does in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To make a key and prove possession.
    Enroll,
    /// To make a key in another device, for the day when the first is lost.
    Spare,
    /// To sign the documents.
    Sign,
    /// To sign a presence proof.
    Prove,
    /// To sign the manifest.
    Close,
}

/// A holder at the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The holder.
    pub holder: Handle,
    /// The purpose.
    pub purpose: Purpose,
    /// The device at hand, once read.
    pub device: Option<Seen>,
    /// The file sealed to the holder in this turn.
    pub escrow: Option<Digest>,
    /// Whether the holder has the sealed file.
    pub handed: bool,
    /// How far it has come.
    pub stage: Stage,
    /// Whether the last signature was announced and not recorded.
    pub announced: bool,
    /// Whether the holder brings a key that was made before, and is asked about it.
    pub brings_key: bool,
}

/// A device as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its serial number.
    pub serial: u32,
    /// Its family.
    pub family: Family,
    /// Its firmware.
    pub firmware: String,
    /// Whether something must be erased before it can be used.
    pub used: bool,
    /// Its contents; empty where that was not read.
    pub state: DeviceState,
}

/// The stage of a turn: what comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The device is to be inserted.
    Insert,
    /// The device was read and a rule refuses it.
    Refused(Vec<Verdict>),
    /// The holder is to read the serial number off the case.
    Identify,
    /// The holder is to agree that the PIV application is erased.
    Erase,
    /// The PIV application is to be erased: its contents are unknown.
    Reset,
    /// PIN, PUK and management key are to be set.
    Provision,
    /// Setting them was begun and not recorded as done, or the device is one that
    /// is reset in any case.
    HalfProvisioned,
    /// The key is to be generated.
    Generate,
    /// Generating was announced and not recorded as done.
    HalfGenerated,
    /// A key was found after an interruption.
    Found(Vec<u8>),
    /// The key's attestation is to be read.
    Attest(Vec<u8>),
    /// Possession is to be proven.
    Prove,
    /// The device is there and is to sign what is left.
    Sign,
    /// The device has signed all it could; another of the holder's devices is next.
    Exchange,
    /// The device's audit log is to be read and compared with the commands sent.
    ReadLog,
    /// On a branch: the purpose is reached; the device is to sign the statement of the answer.
    Answer,
    /// The purpose is reached; the device is to be removed.
    Remove,
}

impl Turn {
    /// A turn that begins.
    #[must_use]
    pub fn new(holder: Handle, purpose: Purpose) -> Self {
        Self {
            holder,
            purpose,
            device: None,
            escrow: None,
            handed: false,
            stage: Stage::Insert,
            announced: false,
            brings_key: false,
        }
    }

    /// The serial number of the device at hand.
    ///
    /// # Errors
    /// In words, when there is none or it has another serial number.
    pub fn has(&self, serial: u32) -> Result<(), String> {
        match &self.device {
            Some(seen) if seen.serial == serial => Ok(()),
            _ => Err(format!("device {serial} is not the one at hand")),
        }
    }

    /// Whether the device has done something since its log was last read.
    #[must_use]
    pub fn is_unaccounted(&self) -> bool {
        self.family() == Family::YubiHsm && matches!(self.stage, Stage::ReadLog | Stage::Sign)
    }

    /// Whether the purpose is reached, so that the turn is not unfinished.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        matches!(self.stage, Stage::Answer | Stage::Remove)
    }

    /// The family of the device at hand.
    #[must_use]
    pub fn family(&self) -> Family {
        self.device
            .as_ref()
            .map(|seen| seen.family)
            .unwrap_or_default()
    }

    /// The program was interrupted: the management key died with it, so that a
    /// device without its key yet must be provisioned again. With the administrator's
    /// password of a YubiHSM 2 died what could prove its key, so that device must be too,
    /// unless its key is proven.
    pub(super) fn interrupt(&mut self) {
        let lost = match (self.family(), &self.stage) {
            (_, Stage::Generate) => true,
            (Family::YubiHsm, stage) => matches!(
                stage,
                Stage::HalfGenerated | Stage::Found(_) | Stage::Attest(_)
            ),
            (Family::YubiKey, _) => false,
        };
        if lost {
            self.stage = Stage::HalfProvisioned;
        }
    }
}
