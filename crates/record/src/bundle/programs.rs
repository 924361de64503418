//! The programs that recorded a ceremony, by its transcript, and the paths of
//! their bills of materials in the bundle.

use super::{STOP, sbom};
use crate::{ceremony::State, transcript::Program};
use keymoot_core::{Rule, Verdict, Violation, digest::Digest, text::excerpt};

/// The folder of the bills of materials in the bundle.
const SBOM: &str = "sbom";

/// The path of a program's bill in the bundle, by the digest of the program.
pub(super) fn path(program: &Program) -> String {
    format!("{SBOM}/{}.cdx.json", program.sha256)
}

/// TRANSCRIPT-PROGRAM: which program recorded the ceremony. The program reports its own digest:
/// compare it with the program that was built and checked before the ceremony.
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

/// BUNDLE-SBOM: each program lists its crates.
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
