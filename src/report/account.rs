//! What the account says.

use super::{Account, Block};
use crate::{
    ceremony::{State, question, verify},
    digest::Digest,
    rules::Verdict,
    text::escape,
    transcript::{Chain, Event, Mode},
    tuf,
};

type Objects<'a> = &'a dyn Fn(&Digest) -> Option<Vec<u8>>;

impl Account {
    /// The account of a sealed ceremony.
    ///
    /// # Errors
    /// In words, when an object is missing or the ceremony was not opened.
    pub fn of(state: &State, chain: &Chain, objects: Objects<'_>) -> Result<Self, String> {
        let opening = state
            .opening
            .as_ref()
            .ok_or("the ceremony was not opened")?;
        let script = state.plan.script.script();
        let rehearsal = opening.mode == Mode::Rehearsal;
        let mut blocks = vec![Block::Paragraph(format!(
            "Ceremony {}, {}, opened {}. Administrator: {}. Witnesses: {}.",
            opening.ceremony,
            opening.mode.name(),
            opening.time,
            escape(&state.plan.roster.administrator),
            match state.plan.roster.witnesses.as_slice() {
                [] => "none".to_owned(),
                some => some
                    .iter()
                    .map(|w| escape(&w.name))
                    .collect::<Vec<_>>()
                    .join(", "),
            }
        ))];
        documents(state, objects, &mut blocks)?;
        holders(state, &mut blocks);
        remarks(state, &mut blocks);
        timeline(chain, &mut blocks);
        rules(chain, &mut blocks);
        digests(state, chain, &mut blocks);
        how_to_verify(rehearsal, &mut blocks);
        Ok(Self {
            title: escape(&script.title),
            rehearsal,
            blocks,
        })
    }
}

fn documents(state: &State, objects: Objects<'_>, blocks: &mut Vec<Block>) -> Result<(), String> {
    for (&document, proposal) in &state.documents {
        let proposed = verify::proposal(state, document, objects)?;
        let root = tuf::Root::read(&proposed).map_err(|error| error.to_string())?;
        let signers = state
            .seats
            .iter()
            .filter(|seat| seat.signatures.contains_key(&document));
        let signers: Vec<_> = signers.map(|seat| seat.handle.to_string()).collect();
        blocks.push(Block::Heading(format!(
            "What was signed: {}",
            document.name()
        )));
        blocks.push(Block::List(
            tuf::changes(None, &root)
                .iter()
                .map(ToString::to_string)
                .collect(),
        ));
        blocks.push(Block::Paragraph(format!(
            "Signed by {} holders, of whom {} must: {}.",
            signers.len(),
            state.plan.policy.quorum.threshold,
            signers.join(", ")
        )));
        blocks.push(Block::Paragraph(
            "The digest of the signed bytes, in hexadecimal and in words:".to_owned(),
        ));
        blocks.push(Block::Verbatim(digest_lines(&proposal.signed)));
        blocks.push(Block::Paragraph(format!(
            "Before anybody was asked to sign, the document was read in the room, and its first words \
             were typed: {}.",
            question::reading_words(&proposal.signed)
        )));
    }
    Ok(())
}

fn holders(state: &State, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("Holders and their devices".to_owned()));
    let rows = state.seats.iter().map(|seat| {
        let holder = state.plan.roster.holder(&seat.handle);
        let said = |field: fn(&crate::rules::roster::Holder) -> &str| {
            holder
                .map(|holder| escape(field(holder)))
                .unwrap_or_default()
        };
        let device = seat.enrolled();
        let of = |field: &dyn Fn(&crate::ceremony::state::Enrolment) -> String| {
            device.map_or_else(|| "-".to_owned(), field)
        };
        vec![
            seat.handle.to_string(),
            said(|holder| &holder.name),
            said(|holder| &holder.employer),
            said(|holder| &holder.country),
            of(&|device| device.serial.to_string()),
            of(&|device| escape(&device.firmware)),
            of(&|device| Digest::of(&device.spki).short_words()),
            if seat.signatures.is_empty() {
                "-".to_owned()
            } else {
                "signed".to_owned()
            },
        ]
    });
    blocks.push(Block::Table {
        head: vec![
            "handle",
            "name",
            "employer",
            "country",
            "YubiKey",
            "firmware",
            "key",
            "root.json",
        ],
        rows: rows.collect(),
    });
    blocks.push(Block::Paragraph(
        "Each key was generated in slot 9c of its device, which asks for PIN and touch at every signature. \
         The vendor's certificates that prove it are under attestations/, with the statement that each \
         new key signed."
            .to_owned(),
    ));
}

fn remarks(state: &State, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("Notes and exceptions".to_owned()));
    if state.remarks.is_empty() {
        blocks.push(Block::Paragraph("None were recorded.".to_owned()));
        return;
    }
    let lines = state.remarks.iter().map(|remark| {
        let parts: Vec<_> = remark
            .text
            .iter()
            .map(|(label, text)| format!("{label}: {}", escape(text)))
            .collect();
        format!("{} {}", remark.time, parts.join("; "))
    });
    blocks.push(Block::List(lines.collect()));
}

fn timeline(chain: &Chain, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("Everything that happened".to_owned()));
    let rows = chain.entries().iter().map(|entry| {
        vec![
            entry.seq.to_string(),
            entry.time.to_string(),
            entry.event.sentence(),
        ]
    });
    blocks.push(Block::Table {
        head: vec!["line", "time (UTC)", "event"],
        rows: rows.collect(),
    });
}

fn rules(chain: &Chain, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(
        "Every rule, as it was judged in the room".to_owned(),
    ));
    blocks.push(Block::Paragraph(
        "Whoever verifies this bundle judges them all again, and believes none of these lines."
            .to_owned(),
    ));
    let mut rows = Vec::new();
    for entry in chain.entries() {
        for verdict in verdicts(&entry.event) {
            let outcome = match verdict.outcome {
                crate::rules::Outcome::Held => "held",
                crate::rules::Outcome::Violated => "VIOLATED",
                crate::rules::Outcome::NotAsked => "not asked",
            };
            rows.push(vec![
                entry.seq.to_string(),
                escape(&verdict.rule),
                outcome.to_owned(),
                escape(&verdict.detail),
            ]);
        }
    }
    blocks.push(Block::Table {
        head: vec!["line", "rule", "verdict", "what was found"],
        rows,
    });
}

fn verdicts(event: &Event) -> &[Verdict] {
    match event {
        Event::Opened { verdicts, .. }
        | Event::MachineChecked { verdicts }
        | Event::DeviceSeen { verdicts, .. }
        | Event::Attested { verdicts, .. }
        | Event::Proposed { verdicts, .. }
        | Event::Verified { verdicts } => verdicts,
        _ => &[],
    }
}

fn digests(state: &State, chain: &Chain, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("The head of the transcript".to_owned()));
    blocks.push(Block::Verbatim(digest_lines(&chain.head())));
    let [script, policy, roster] = state.plan.files.digests();
    blocks.push(Block::Table {
        head: vec!["file", "SHA-256"],
        rows: [
            ("script.toml", script),
            ("policy.toml", policy),
            ("roster.toml", roster),
        ]
        .map(|(name, digest)| vec![name.to_owned(), digest.to_string()])
        .to_vec(),
    });
}

fn how_to_verify(rehearsal: bool, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("How to verify it all".to_owned()));
    blocks.push(Block::Paragraph(
        "With no device and no network, in the folder that holds this report:".to_owned(),
    ));
    let flag = if rehearsal { " --rehearsal" } else { "" };
    blocks.push(Block::Verbatim(vec![
        format!("keymoot verify .{flag}"),
        "keymoot tuf verify repositories/tuf-root/metadata/root.json".to_owned(),
        "sha256sum MANIFEST.json".to_owned(),
    ]));
}

fn digest_lines(digest: &Digest) -> Vec<String> {
    let mut lines = vec![digest.to_string()];
    lines.extend(digest.words().chunks(8).map(|row| row.join(" ")));
    lines
}
