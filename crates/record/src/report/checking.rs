//! How a reader verifies the report: commands that succeed in the folder of this bundle.

use super::{
    facts::{Facts, THIRD},
    page::{Block, Phrase, digest},
};
use crate::{ceremony::script::Document, expectation, transcript::Mode};

const OF_THE_ROOT: &str = "keymoot tuf verify repositories/tuf-root/metadata/root.json";
const OF_THE_HEAD: &str = "tail -n 1 transcript.jsonl | tr -d '\\n' | sha256sum";

/// What the commands show.
pub(super) fn introduction(facts: &Facts<'_>) -> Vec<Block> {
    let of_the_root = match has_root(facts) {
        true => " The second verifies the signatures on the root.",
        false => "",
    };
    vec![
        Block::Section("How to verify this report".to_owned()),
        Block::Paragraph(
            format!(
                "Verify this report before you trust it. Run these commands in the folder of the bundle, without a device or a network. The first checks every rule again from the evidence.{of_the_root} The last needs no keymoot: it prints the head of the transcript, which is at the top of this report and in MANIFEST.json."
            )
            .into(),
        ),
    ]
}

/// The commands. The set of expectations that fits is one that this program ships.
pub(super) fn commands(facts: &Facts<'_>) -> Block {
    let mode = facts.opening.mode;
    let rehearsal = match mode {
        Mode::Live => "",
        Mode::Rehearsal => " --rehearsal",
    };
    let ended = match facts.state.ended {
        None => "",
        Some(_) => " --ended",
    };
    if facts.revision < THIRD {
        let first = format!("keymoot verify .{rehearsal}");
        return Block::Commands(vec![first, OF_THE_ROOT.to_owned(), OF_THE_HEAD.to_owned()]);
    }
    let expect = expectation::argument(&facts.state.plan, mode);
    let mut commands = vec![format!("keymoot verify .{rehearsal}{ended}{expect}")];
    if has_root(facts) {
        commands.push(OF_THE_ROOT.to_owned());
    }
    commands.push(OF_THE_HEAD.to_owned());
    Block::Commands(commands)
}

/// What a reader learns from the closing signatures, and from a head that was published.
pub(super) fn limits(facts: &Facts<'_>) -> Vec<Block> {
    vec![
        Block::Paragraph(
            "MANIFEST.sigs.json says who closed the ceremony, not this page: the holders signed a list of files, and this report is one of them."
                .into(),
        ),
        Block::Paragraph(
            Phrase::from("If the head was published elsewhere at once after the ceremony, add ")
                .and_code("--published")
                .and(" and that head to the first command: then the ceremony is not younger than that publication."),
        ),
        Block::Facts(vec![("Head", digest(&facts.seal.head))]),
    ]
}

/// Whether the bundle has a root for publication: that of this ceremony, or the previous one. A
/// ceremony that ended without its purpose leaves none.
fn has_root(facts: &Facts<'_>) -> bool {
    let state = facts.state;
    let previous = state.plan.previous().and_then(|previous| previous.root());
    state.ended.is_none() && (state.documents.contains_key(&Document::Root) || previous.is_some())
}
