//! The programs that recorded a ceremony: what its transcript says of them, and where
//! their bills of materials lie in the bundle.

use super::{STOP, sbom};
use crate::{ceremony::State, transcript::Program};
use keymoot_core::{Rule, Verdict, Violation, digest::Digest, text::excerpt};

/// Where the bills of materials lie in a bundle.
const SBOM: &str = "sbom";

/// Where the bill of a program lies in a bundle, by the digest of the program.
pub(super) fn path(program: &Program) -> String {
    format!("{SBOM}/{}.cdx.json", program.sha256)
}

/// TRANSCRIPT-PROGRAM: which program recorded the ceremony. It says so itself: what it
/// says is worth comparing with what was built and checked before the ceremony.
pub(super) fn recorded_by(state: &State) -> Verdict {
    let told = state.programs.iter().map(|(from, program)| {
        let name = excerpt(&program.name);
        format!(
            "from line {} on {name}, SHA-256 {}",
            from + 1,
            program.sha256
        )
    });
    let told = told.collect::<Vec<_>>().join("; ");
    match state.programs.len() {
        1 => Verdict::held(Rule::TranscriptProgram, format!("one program: {told}")),
        _ => Verdict::not_asked(
            Rule::TranscriptProgram,
            format!("more than one program: {told}"),
        ),
    }
}

/// BUNDLE-SBOM: each of them says what it is made of.
pub(super) fn made_of<'s>(
    state: &'s State,
    object: &'s dyn Fn(&Digest) -> Option<Vec<u8>>,
) -> impl Iterator<Item = Verdict> + 's {
    state.programs.iter().map(move |(_, program)| {
        let checked = object(&program.sbom)
            .ok_or_else(|| "it is not in the bundle".to_owned())
            .and_then(|bytes| sbom::check(&bytes, program));
        let name = excerpt(&program.name);
        match checked {
            Ok(components) => Verdict::held(
                Rule::BundleSbom,
                format!("{name} has a bill of materials: {components} components"),
            ),
            Err(why) => Violation::new(
                Rule::BundleSbom,
                format!("the bill of materials of {name}: {why}"),
                STOP,
            )
            .into(),
        }
    })
}
