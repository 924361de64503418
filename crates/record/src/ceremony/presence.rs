//! Presence proofs: whose keys signed, where everybody is asked to.

use super::{previous::Previous, script::Scenario, seat::Seat, seating::Standing, state::State};
use keymoot_attestation::Firmware;
use keymoot_core::{Rule, Verdict, Violation, digest::Digest};

/// The keys that are still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// How many keys, who was absent, and which devices are below the firmware policy.
    pub parts: [String; 3],
    is_quorum: bool,
    is_expected: bool,
}

impl Presence {
    /// QUORUM-PRESENT: whether a quorum of keys is still there.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let detail = self.parts.join("; ");
        match self.is_quorum {
            true => Verdict::held(Rule::QuorumPresent, detail),
            false if self.is_expected => Verdict::not_asked(Rule::QuorumPresent, detail),
            false => Violation::new(
                Rule::QuorumPresent,
                detail,
                "hold it again soon with the absent holders; if their keys are gone, replace them while there is a quorum",
            )
            .into(),
        }
    }
}

impl State {
    /// Whether a holder has signed everything that the ceremony asks of that holder's devices:
    /// every document or, where there is none, the presence proof.
    #[must_use]
    pub fn has_shown(&self, seat: &Seat) -> bool {
        if self.scenario().documents().is_empty() {
            return seat.proof.is_some();
        }
        let all = self.documents.keys().all(|document| {
            let mut signers = self.signers(seat, *document);
            signers.all(|e| seat.signatures.contains_key(&(*document, e.serial)))
        });
        all && !seat.signatures.is_empty()
    }

    /// Who has signed so far, where the scenario asks everybody to.
    #[must_use]
    pub fn presence(&self) -> Option<Presence> {
        let previous = self.plan.previous()?;
        if !self.scenario().wants_everybody() {
            return None;
        }
        let holders: Vec<_> = self
            .seats
            .iter()
            .filter(|seat| seat.standing != Standing::Leaves)
            .collect();
        let shown = holders.iter().filter(|seat| self.has_shown(seat)).count();
        let role = previous
            .root()
            .and_then(|root| root.root().roles.get("root"));
        let need = role.map_or(self.plan.policy.quorum.threshold, |role| role.threshold) as usize;
        let parts = [
            counted(shown, holders.len(), need),
            absent(
                previous,
                holders.iter().filter(|seat| !self.has_shown(seat)),
            ),
            self.old_devices(),
        ];
        Some(Presence {
            parts,
            is_quorum: shown >= need,
            // A ceremony for a lost quorum expects too few keys.
            is_expected: self.scenario() == Scenario::QuorumLost || self.ended.is_some(),
        })
    }

    /// The devices in use whose firmware is older than the policy asks.
    fn old_devices(&self) -> String {
        let policy = &self.plan.policy.device;
        let least = |family| policy.firmware(family).map(Firmware::from);
        let old: Vec<_> = self
            .seats
            .iter()
            .filter_map(|seat| Some((seat, seat.enrolled()?)))
            .filter(|(_, enrolled)| Firmware::parse(&enrolled.firmware) < least(enrolled.family))
            .map(|(seat, e)| {
                let (family, serial, holder) = (e.family, e.serial, &seat.handle);
                format!("{family} {serial} of {holder} ({})", e.firmware)
            })
            .collect();
        match old.is_empty() {
            true => "no device is below the firmware policy".to_owned(),
            false => format!("below the firmware policy: {}", old.join(", ")),
        }
    }
}

fn counted(shown: usize, holders: usize, need: usize) -> String {
    let left = match shown.checked_sub(need) {
        Some(0) => "not one of them may be lost".to_owned(),
        Some(spare) => format!("{spare} of them may be lost"),
        None => "they are no quorum".to_owned(),
    };
    format!("{shown} of {holders} keys signed, and {need} must: {left}")
}

/// Who was absent, and when their keys last signed.
fn absent<'s>(previous: &Previous, seats: impl Iterator<Item = &'s &'s Seat>) -> String {
    let keys = previous.holders();
    let last = |key: &Digest| previous.last_signed(key);
    let named: Vec<_> = seats
        .map(|seat| match keys.get(&seat.handle).and_then(last) {
            Some(version) => format!("{} (last signed version {version})", seat.handle),
            None => format!("{} (has signed no version that is known)", seat.handle),
        })
        .collect();
    match named.is_empty() {
        true => "nobody was absent".to_owned(),
        false => format!("absent: {}", named.join(", ")),
    }
}
