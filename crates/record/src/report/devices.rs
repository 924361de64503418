//! The signers and their devices.

use std::collections::BTreeSet;

use super::{
    chain,
    facts::{Device, Facts, Holder},
    page::{Block, Phrase, Row, Span, Table},
    verdicts,
};
use crate::{
    ceremony::script::Document,
    rules::scenario::Scenario,
    transcript::{Event, Handed},
};
use keymoot_attestation::{Family, Specifics, VerifiedAttestation};
use keymoot_core::{digest::Digest, text::escape};

/// One line a holder.
pub(super) fn table(facts: &Facts<'_>) -> Vec<Block> {
    let rows = facts.holders.iter().enumerate().map(|(index, holder)| {
        let serial = |device: &Device<'_>| {
            format!("{} {}", device.enrolment.family, device.enrolment.serial)
        };
        let firmware = |device: &Device<'_>| device.proven.firmware().to_string();
        let (device, entry) = (holder.device.as_ref(), holder.entry);
        Row::Cells(vec![
            (index + 1).to_string().into(),
            who(holder),
            entry
                .map_or_else(|| "leaves".to_owned(), |e| escape(&e.employer))
                .into(),
            entry
                .map_or_else(String::new, |e| e.country.to_string())
                .into(),
            device.map_or_else(|| "none".to_owned(), serial).into(),
            device.map_or_else(String::new, firmware).into(),
            signed(facts, holder),
        ])
    });
    vec![
        Block::Section("Who signed, and with what".to_owned()),
        Block::Table(Table {
            heads: &[
                "Seat", "Holder", "Employer", "Country", "Device", "Firmware", "Signed",
            ],
            rows: rows.collect(),
        }),
    ]
}

fn who(holder: &Holder<'_>) -> Phrase {
    let handle = holder.seat.handle.as_str();
    let name = escape(holder.name);
    if name == handle {
        Phrase::strong(handle)
    } else {
        Phrase::strong(handle).and(format!(", {name}"))
    }
}

fn signed(facts: &Facts<'_>, holder: &Holder<'_>) -> Phrase {
    // With two devices a document may be signed twice.
    let documents: BTreeSet<_> = holder.seat.signatures.keys().map(|(d, _)| *d).collect();
    let names: Vec<_> = documents.into_iter().map(Document::name).collect();
    match (names.is_empty(), holder.seat.proof) {
        (false, _) => names.join(", ").into(),
        (true, Some(_)) if facts.state.scenario() == Scenario::QuorumLost => {
            "that the quorum is lost".into()
        }
        (true, Some(_)) => "a presence proof".into(),
        (true, None) => "nothing".into(),
    }
}

/// Each device: the facts of its certificates, and their chain.
pub(super) fn each(facts: &Facts<'_>) -> Vec<Block> {
    let mut blocks = vec![
        Block::Section("The devices".to_owned()),
        Block::Paragraph(
            "Each device generated its key, and the key never left it. Two certificates prove that: the device made one for the key, and the vendor put one into the device. Both are under attestations/, beside the key and the statement that it signed."
                .into(),
        ),
        Block::Chain(chain::of(facts)),
    ];
    blocks.extend(spares(facts));
    for holder in &facts.holders {
        if let Some(device) = &holder.device {
            blocks.push(Block::Part(format!(
                "{}: {} {}",
                holder.seat.handle, device.enrolment.family, device.enrolment.serial
            )));
            blocks.push(Block::Facts(lines(facts, holder, device)));
            blocks.push(verdicts::list(&device.verdicts));
        }
    }
    blocks
}

/// The spare keys, for the day when a first one is lost.
fn spares(facts: &Facts<'_>) -> Vec<Block> {
    let kept = facts.holders.iter().flat_map(|holder| {
        let proven = holder.seat.spares.iter().filter(|e| e.statement.is_some());
        proven.map(|spare| {
            format!(
                "{}: {} {}, firmware {}, key {} …",
                holder.seat.handle,
                spare.family,
                spare.serial,
                escape(&spare.firmware),
                spare.key().short_words()
            )
        })
    });
    let kept: Vec<_> = kept.map(Phrase::from).collect();
    if kept.is_empty() {
        return Vec::new();
    }
    let told =
        "There are also spare devices, verified in the same way. Their keys are in no document.";
    vec![Block::Paragraph(told.into()), Block::List(kept)]
}

fn lines(
    facts: &Facts<'_>,
    holder: &Holder<'_>,
    device: &Device<'_>,
) -> Vec<(&'static str, Vec<Phrase>)> {
    let proven = &device.proven;
    let spki = Digest::of(&device.enrolment.spki);
    let chain = proven.chain().iter().map(|link| {
        Phrase(vec![
            Span::Plain(format!("{} ({}), SHA-256 ", link.subject, link.role)),
            Span::Code(link.sha256.to_string()),
        ])
    });
    let stated = Stated::by(proven);
    let mut lines = vec![("Firmware", vec![proven.firmware().to_string().into()])];
    lines.extend(stated.form.map(|form| ("Form", vec![form.into()])));
    if device.brought {
        let told = "before the ceremony: its holder brought it, as the policy allows";
        lines.push(("Made", vec![told.into()]));
    }
    if let Some(formerly) = holder.seat.formerly() {
        let told = format!("{formerly}: the key signed that it is the same holder's");
        lines.push(("Formerly", vec![told.into()]));
    }
    lines.extend([
        (
            "Key",
            vec![
                format!("{} in {}", proven.algorithm(), stated.place).into(),
                Phrase::from("SHA-256 ").and_code(spki.to_string()),
                format!("{} …", spki.short_words()).into(),
            ],
        ),
        (stated.use_of_key.0, vec![stated.use_of_key.1.into()]),
        (
            "Attested",
            vec![match device.taken {
                Some(taken) => taken.to_string().into(),
                None => "in an earlier ceremony".into(),
            }],
        ),
        ("Chain", chain.collect()),
    ]);
    let advisories = proven.advisories();
    if !advisories.is_empty() {
        let told = advisories
            .iter()
            .map(|a| Phrase::from(format!("{}: {}", a.id, a.effect)));
        lines.push(("Advisories", told.collect()));
    }
    lines.push((
        match device.enrolment.family {
            Family::YubiKey => "PUK and management key",
            Family::YubiHsm => "Passwords",
        },
        vec![
            match device.enrolment.escrow {
                None if device.brought => {
                    "the holder's own: the ceremony did not change them"
                }
                None if device.taken.is_none() && facts.opening.format >= 2 => {
                    "as an earlier ceremony left them"
                }
                None if device.enrolment.family == Family::YubiHsm => {
                    "the holder has the signer's; nobody has the administrator's"
                }
                Some(_) => match handed(facts, device.enrolment.serial) {
                    Some(Handed::Stick) => {
                        "sealed to the holder, and written in the same turn into a folder that was named as the holder's own medium"
                    }
                    Some(Handed::Taken) => "sealed to the holder, who took a copy",
                    None => "sealed to the holder; the record does not say how the holder got them",
                },
                None => "displayed to the holder once; nobody else has them",
            }
            .into(),
        ],
    ));
    lines.push((
        "Files",
        vec![Phrase::code(format!(
            "attestations/{}/{}/",
            holder.seat.handle, device.enrolment.serial
        ))],
    ));
    lines
}

/// How the sealed file of a device reached its holder.
fn handed(facts: &Facts<'_>, serial: u32) -> Option<Handed> {
    let mut entries = facts.chain.entries().iter().rev();
    entries.find_map(|entry| match &entry.event {
        Event::EscrowHanded { serial: s, how, .. } if *s == serial => Some(*how),
        _ => None,
    })
}

/// The facts that only devices of one family state, in words.
struct Stated {
    form: Option<String>,
    place: String,
    use_of_key: (&'static str, String),
}

impl Stated {
    fn by(proven: &VerifiedAttestation) -> Self {
        match proven.specifics() {
            Specifics::YubiKey(facts) => Self {
                form: Some(
                    facts
                        .form_factor
                        .map_or_else(|| "not stated".to_owned(), |form| form.to_string()),
                ),
                place: format!("slot {}", facts.slot),
                use_of_key: (
                    "Asks for",
                    format!("PIN: {}; touch: {}", facts.pin_policy, facts.touch_policy),
                ),
            },
            Specifics::YubiHsm(facts) => Self {
                form: None,
                place: format!("object 0x{:04x} \"{}\"", facts.object, escape(&facts.label)),
                use_of_key: (
                    "May",
                    format!("{} (domain {})", facts.capabilities, facts.domains),
                ),
            },
        }
    }
}
