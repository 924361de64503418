//! The files that a ceremony begins with.

use std::collections::BTreeMap;

/// The files that a ceremony begins with beside its plan: path to content.
///
/// ```text
/// previous/tuf-root/metadata/…      the documents as they are published, with root_history/
/// previous/tuf-crates/metadata/…    the root of tuf-crates that the quorum signed as a target
/// previous/attestations/…           the published enrolments
/// previous/revoked.json             the revoked keys, where targets.json does not sign them
/// previous/ended                    when the previous ceremony ended
/// incoming/tuf-crates/…             new roots of tuf-crates, to be signed as targets
/// incoming/authorised/…             new files that the policy has the quorum sign
/// trusted-root.json                 the root that the people in the room trust
/// ```
pub type Inputs = BTreeMap<String, Vec<u8>>;

/// The folder of the previous state among the inputs.
pub const PREVIOUS: &str = "previous";
/// When the previous ceremony ended, where its bundle was given: one line, as the
/// transcript writes times.
pub const ENDED: &str = "ended";
/// The folder of new roots of tuf-crates among the inputs.
pub const INCOMING: &str = "incoming/tuf-crates";
/// The folder of files that the policy authorises, each at its path.
pub const AUTHORISED: &str = "incoming/authorised";
/// The root that the people in the room trust.
pub const TRUSTED_ROOT: &str = "trusted-root.json";

pub(super) const NEXT: &str = "name the last bundle, or the repository as it is published";
