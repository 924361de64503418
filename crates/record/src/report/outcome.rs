//! The result of the ceremony: in short, and document by document.

use super::{
    facts::{Facts, THIRD},
    page::{Block, Phrase, Quorum, digest},
    present, verdicts,
};
use crate::{
    ceremony::{
        outside::{self, NotBefore},
        question,
        script::Document,
        seat::Seat,
        seating::Standing,
    },
    rules::roster::Handle,
    transcript::Mode,
};
use keymoot_core::text::escape;

/// The whole ceremony in one paragraph and a few facts.
pub(super) fn summary(facts: &Facts<'_>) -> Vec<Block> {
    let state = facts.state;
    let roster = &state.plan.roster;
    let mut told = format!(
        "From {} to {}, {}.",
        facts.opening.time,
        facts.sealed_at(),
        keys(facts)
    );
    for paper in &facts.documents {
        told.push_str(&format!(
            " {} of them signed {}; {} must.",
            facts.signers(paper.document),
            paper.document.name(),
            state.plan.policy.quorum.threshold
        ));
    }
    let (witnesses, _) = present::witnesses(facts);
    let mode = match facts.opening.mode {
        Mode::Live => "live: its outputs are for publication",
        Mode::Rehearsal => "REHEARSAL: its devices are simulated. Do not trust its outputs",
    };
    let mut lines = vec![
        ("Mode", vec![Phrase::from(mode)]),
        (
            "Ceremony",
            vec![Phrase::code(facts.opening.ceremony.clone())],
        ),
        ("Opened", vec![facts.opening.time.to_string().into()]),
        ("Sealed", vec![facts.sealed_at().to_string().into()]),
        ("Administrator", vec![escape(&roster.administrator).into()]),
    ];
    if !witnesses.is_empty() {
        lines.push(("Witnesses", witnesses));
    }
    lines.push(("Program", programs(facts)));
    lines.push((
        "Transcript",
        vec![format!("{} lines", facts.chain.entries().len()).into()],
    ));
    lines.push(("Head", digest(&facts.seal.head)));
    lines.push(("Not before", not_before(facts)));
    let mut blocks = ended(facts);
    blocks.extend(lost(facts));
    blocks.extend([Block::Paragraph(told.into()), Block::Facts(lines)]);
    blocks
}

/// That the quorum is lost, who signed it, and what follows.
fn lost(facts: &Facts<'_>) -> Option<Block> {
    let state = facts.state;
    if !state.says_that_the_quorum_is_lost() || facts.revision < THIRD {
        return None;
    }
    let signers = state.seats.iter().filter(|seat| state.has_shown(seat));
    let signers: Vec<_> = signers.map(|seat| seat.handle.clone()).collect();
    let told = Phrase::strong("The quorum is lost").and(format!(
        ": {} signed a statement that says so and names the newest root. Announce it. Nothing in this bundle is for clients, and no \
         ceremony can start from it: initial-root begins a new quorum, without a previous bundle.",
        Handle::list(&signers)
    ));
    Some(Block::Paragraph(told))
}

/// That the ceremony ended without its purpose, what is missing, and what it leaves.
fn ended(facts: &Facts<'_>) -> Vec<Block> {
    let state = facts.state;
    let Some(ended) = &state.ended else {
        return Vec::new();
    };
    let told = Phrase::strong("The ceremony ended without its purpose").and(format!(
        ": {}. \"{}\" Publish nothing from this bundle. No ceremony can start from it.",
        ended.cause,
        escape(&ended.reason)
    ));
    let mut left = Vec::new();
    let made = state.made_here();
    if !made.is_empty() {
        left.push(format!(
            "attestations/: the keys that {} made, each with its evidence. The next ceremony resets these devices, and each holder makes a key again",
            Handle::list(&made)
        ));
    }
    for paper in &facts.documents {
        left.push(format!(
            "unfinished/: {} as it was proposed, with {} signatures",
            paper.document.name(),
            facts.signers(paper.document)
        ));
    }
    left.push(
        "script.toml, policy.toml and roster.toml: the next ceremony can have the same plan"
            .to_owned(),
    );
    let listed = |points: Vec<String>| {
        let points = points
            .into_iter()
            .map(|point| Phrase::from(format!("{}.", escape(&point))));
        Block::List(points.collect())
    };
    vec![
        Block::Paragraph(told),
        Block::Part("What is missing".to_owned()),
        listed(state.missing()),
        Block::Part("What can be used again".to_owned()),
        listed(left),
    ]
}

/// The public values of the day, each with what it shows to a reader who looks it up.
fn not_before(facts: &Facts<'_>) -> Vec<Phrase> {
    let typed = outside::not_before(&facts.state.plan.script, facts.chain);
    if typed.is_empty() {
        return vec![
            "nobody typed a public value of the day: only the machine's clock says when".into(),
        ];
    }
    let each = typed.iter().map(|NotBefore { typed, value }| {
        Phrase::from(format!("the value that was typed at {typed}: "))
            .and_code(escape(value))
            .and(". Compare it with its source: before you do, it shows nothing")
    });
    each.collect()
}

/// The program with its digest; more than one where the ceremony was resumed by another.
fn programs(facts: &Facts<'_>) -> Vec<Phrase> {
    let each = facts.state.programs.iter().map(|(from, program)| {
        let name = escape(&program.name);
        let said = match from {
            0 => Phrase::from(name),
            from => Phrase::strong(format!("from line {from} on another: {name}")),
        };
        std::iter::once(said).chain(digest(&program.sha256))
    });
    each.flatten().collect()
}

/// Who has a key, and who made it in this ceremony.
fn keys(facts: &Facts<'_>) -> String {
    let holders: Vec<_> = facts
        .holders
        .iter()
        .filter(|holder| holder.seat.standing != Standing::Leaves)
        .collect();
    let enrolled = holders.iter().filter(|h| h.seat.enrolled().is_some());
    let made = holders.iter().filter_map(|holder| holder.device.as_ref());
    let here: Vec<_> = made.filter(|device| device.taken.is_some()).collect();
    let brought = here.iter().filter(|device| device.brought).count();
    let made = here.len() - brought;
    let own = "each in a device of their own, with an attestation";
    if facts.state.plan.previous().is_none() {
        let brought = match brought {
            0 => String::new(),
            brought => format!("; {brought} brought one that was made before"),
        };
        return format!(
            "{made} of {} holders made a key, {own}{brought}",
            holders.len()
        );
    }
    let here = match made {
        0 => "none of them was made in this ceremony".to_owned(),
        made => format!("{made} of them made it in this ceremony"),
    };
    let here = match brought {
        0 => here,
        brought => format!("{here}; {brought} of them brought one that was made before"),
    };
    format!(
        "{} of {} holders have a key, {own}; {here}",
        enrolled.count(),
        holders.len()
    )
}

/// The reason for a document; for crates.json, the root that it authorises.
fn why(facts: &Facts<'_>, document: Document) -> Vec<Block> {
    let mut blocks = Vec::new();
    let reasons = facts.state.reasons(document);
    if !reasons.is_empty() {
        let reasons = reasons
            .into_iter()
            .map(|reason| format!("{reason}.").into());
        blocks.push(Block::List(reasons.collect()));
    }
    let authorised = facts.state.authorised_root();
    if let Some(root) = authorised.filter(|_| document == Document::Crates) {
        let says = root.says.into_iter().map(Phrase::from);
        blocks.push(Block::Paragraph(
            "The root of tuf-crates that it authorises:".into(),
        ));
        blocks.push(Block::List(says.collect()));
        blocks.push(Block::Facts(vec![(
            "SHA-256 of targets/crates/root.json",
            digest(&root.digest),
        )]));
    }
    blocks
}

/// Each document: what it changes, its digest, who signed it.
pub(super) fn documents(facts: &Facts<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::Section("What was decided and signed".to_owned())];
    if facts.documents.is_empty() {
        blocks.push(Block::Paragraph("No document was made.".into()));
    }
    if let Some(presence) = facts.state.presence() {
        blocks.push(Block::Part("Whose keys are there".to_owned()));
        blocks.push(verdicts::list(&[&presence.verdict()]));
    }
    for paper in &facts.documents {
        let document = paper.document;
        let signed = |seat: &Seat| seat.has_signed(document);
        blocks.push(Block::Part(document.name().to_owned()));
        blocks.push(Block::Quorum(Quorum {
            document: document.name(),
            threshold: facts.state.plan.policy.quorum.threshold as usize,
            signed: facts
                .holders
                .iter()
                .filter(|holder| holder.seat.standing != Standing::Leaves)
                .map(|holder| signed(holder.seat))
                .collect(),
        }));
        for tally in facts.state.tallies_of(document) {
            if let Some(version) = tally.of_previous {
                let told = format!(
                    "Of the keys of version {version}, {} signed it; {} must.",
                    tally.have, tally.need
                );
                blocks.push(Block::Paragraph(told.into()));
            }
        }
        if facts.opening.format >= 2 {
            blocks.extend(why(facts, document));
        }
        let changes = paper.changes.iter().cloned().map(Phrase::from);
        blocks.push(Block::List(changes.collect()));
        blocks.push(Block::Paragraph(
            match paper.proposal.reviewed {
                true => format!(
                    "Before anyone signed, people read it in the room and typed the first words of its digest: {}.",
                    question::reading_words(&paper.proposal.signed)
                ),
                false => "The people in the room did not agree to it, and nobody signed it.".to_owned(),
            }
            .into(),
        ));
        blocks.push(Block::Facts(vec![
            ("Made", vec![paper.proposal.made.to_string().into()]),
            (
                "SHA-256 of the signed bytes",
                digest(&paper.proposal.signed),
            ),
        ]));
    }
    blocks
}
