//! The operations of devices, as errors name them.

use std::fmt;

/// The operation during which an error occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Asking serial, firmware and form factor.
    Identify,
    /// Reading what is on the device.
    Read,
    /// Resetting the PIV application.
    Reset,
    /// Changing or checking a PIN.
    Pin,
    /// Setting PIN, PUK and management key of a fresh device.
    Provision,
    /// Generating the key.
    Generate,
    /// Attesting the key.
    Attest,
    /// Signing.
    Sign,
    /// Setting the authentication keys and the auditing of a fresh YubiHSM 2.
    SetUp,
    /// Removing the rights that only the setup needs.
    Restrict,
    /// Reading the audit log, or clearing it after reading.
    Log,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identify => "identifying it",
            Self::Read => "reading what is on it",
            Self::Reset => "resetting it",
            Self::Pin => "checking or changing its PIN",
            Self::Provision => "setting its PIN, PUK and management key",
            Self::Generate => "generating its key",
            Self::Attest => "attesting its key",
            Self::Sign => "signing",
            Self::SetUp => "setting its authentication keys",
            Self::Restrict => "taking away the rights to set it up",
            Self::Log => "reading its audit log",
        })
    }
}

/// A credential that every device leaves the factory with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The PIN.
    Pin,
    /// The PUK (PIN unblocking key).
    Puk,
    /// The management key.
    ManagementKey,
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pin => "PIN",
            Self::Puk => "PUK",
            Self::ManagementKey => "management key",
        })
    }
}
