//! What the rules on the step to this ceremony check.

use crate::{
    ceremony::{
        crates_root::CratesRoots, given::AuthorisedFiles, previous::Previous,
        script::CheckedScript, seating::Place,
    },
    rules::{policy::Policy, roster::Roster},
};

/// What these rules check.
pub(in crate::ceremony) struct Claim<'a> {
    pub(in crate::ceremony) script: &'a CheckedScript,
    pub(in crate::ceremony) policy: &'a Policy,
    pub(in crate::ceremony) roster: &'a Roster,
    pub(in crate::ceremony) previous: Option<&'a Previous>,
    pub(in crate::ceremony) places: &'a [Place],
    pub(in crate::ceremony) crates: &'a CratesRoots,
    /// Whether CRATES-ROOT refused the roots that were given: then `crates` is empty.
    pub(in crate::ceremony) crates_refused: bool,
    pub(in crate::ceremony) authorised: &'a AuthorisedFiles,
}
