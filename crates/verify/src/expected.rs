//! What a verifier expects, by the names on the command line.

use std::path::Path;

use keymoot_core::{HostError, digest::Digest, text::escape};
use keymoot_record::expectation::ExpectationSet;

use crate::{Failure, files};

/// The largest file of expectations, policy, script or roster that is read, in bytes.
const LARGEST_EXPECTATIONS: u64 = 1 << 20;

/// The expectations of this name, or in the file at this path.
///
/// # Errors
/// [`Failure`] when there is no set of this name, or the file cannot be read.
pub fn expectations(name: &str) -> Result<ExpectationSet, Failure> {
    if name.contains('/') {
        let text = files::read_text(Path::new(name), LARGEST_EXPECTATIONS)?;
        return ExpectationSet::parse(&text)
            .map_err(|violation| Failure::violations(vec![violation]));
    }
    ExpectationSet::shipped(name).ok_or_else(|| {
        let names: Vec<_> = ExpectationSet::names().collect();
        HostError::new(
            format!("no set of expectations is called \"{}\"", escape(name)),
            format!(
                "name one of {}, or a file by a path with a slash, such as ./expectations.toml",
                names.join(", ")
            ),
        )
        .into()
    })
}

/// A digest that is written out, or that of a file.
///
/// # Errors
/// [`HostError`] when the file cannot be read.
pub fn digest_of(named: &str) -> Result<Digest, HostError> {
    match Digest::from_hex(named) {
        Some(digest) => Ok(digest),
        None => Ok(Digest::of(&files::read_bounded(
            Path::new(named),
            LARGEST_EXPECTATIONS,
        )?)),
    }
}
