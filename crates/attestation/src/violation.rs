//! Violations that several files report.

use keymoot_core::{Rule, Violation};

/// Evidence that cannot have come out of a device as it is: read it again.
pub(crate) fn evidence(what: impl Into<String>) -> Violation {
    Violation::new(
        Rule::DeviceEvidence,
        what,
        "export the attestation of the key and the device certificate from the device again; \
         if they are the same, this program cannot verify the device",
    )
}
