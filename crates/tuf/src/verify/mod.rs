//! Counting signatures, and the chain of roots.

mod agreement;
mod chain;
mod history;
mod oddities;
mod quorum;
mod roles;
mod root;

pub use agreement::{Agreement, Contradiction, agreement};
pub use chain::{ChainError, Gap};
pub use history::{History, Walk, verify_chain};
pub use quorum::{Checks, Quorum, Rejection, ValidSignature, count};
pub use roles::{Candidate, Delegator, RoleError, VerifiedRole, verify_roles};
pub use root::{RootError, Unmet, VerifiedRoot, verify_root};

#[cfg(test)]
mod tests;
