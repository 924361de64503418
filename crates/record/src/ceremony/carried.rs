//! The enrolments that a ceremony takes over from earlier ones, verified again by the
//! rules of devices.

use super::{previous::Published, state::State};
use crate::rules::evidence;
use keymoot_attestation::TrustStore;
use keymoot_core::{Rule, Verdict, Violation};

/// The verdicts on every enrolment that this ceremony relies on and did not
/// make itself.
#[must_use]
pub fn judge(state: &State, trust: &TrustStore) -> Vec<Verdict> {
    let Some(previous) = state.plan.previous() else {
        return Vec::new();
    };
    let mode = state.opening.as_ref().map(|opening| opening.mode.name());
    let mut taken: Vec<(String, u32, Vec<u8>)> = Vec::new();
    let mut verdicts = Vec::new();
    for place in state.plan.places() {
        let carried = place
            .current
            .iter()
            .chain(&place.outgoing)
            .chain(&place.spares);
        let renamed = place.renamed.iter();
        let carried = carried
            .map(|enrolment| (&place.handle, enrolment))
            .chain(renamed.map(|renamed| (&renamed.from, &renamed.key)));
        for (handle, enrolment) in carried {
            let published = previous
                .enrolments()
                .iter()
                .find(|p| p.handle == *handle && p.enrolment == *enrolment);
            let Some(published) = published else {
                continue;
            };
            if Some(published.mode.as_str()) != mode {
                verdicts.push(other_mode(published));
            }
            let claim = evidence::Claim {
                evidence: &published.evidence,
                spki: &enrolment.spki,
                serial: enrolment.serial,
                family: enrolment.family,
                // The earlier ceremony checked it at the date of its evidence.
                taken: None,
                others: &taken,
            };
            let (found, _) = evidence::enrolment(&claim, trust, &state.plan.policy);
            verdicts.extend(found.into_iter().map(|verdict| named(verdict, published)));
            taken.push((
                place.handle.to_string(),
                enrolment.serial,
                enrolment.spki.clone(),
            ));
        }
    }
    verdicts
}

fn other_mode(published: &Published) -> Verdict {
    Violation::new(
        Rule::KeyPublished,
        format!(
            "the enrolment of {}, device {}, is of another mode: {}",
            published.handle,
            published.enrolment.serial,
            keymoot_core::text::excerpt(&published.mode)
        ),
        "nothing of a rehearsal counts in a live ceremony: give the real previous state",
    )
    .into()
}

/// The verdict with the holder's handle before it. A device whose firmware was good
/// enough when it was enrolled is reported, and a later policy does not revoke it:
/// people decide that.
fn named(verdict: Verdict, published: &Published) -> Verdict {
    let detail = format!("{}: {}", published.handle, verdict.detail);
    if verdict.rule == Rule::DeviceFirmware && verdict.is_violated() {
        return Verdict::not_asked(
            Rule::DeviceFirmware,
            format!("{detail}; it was enrolled before, and ought to be replaced"),
        );
    }
    Verdict { detail, ..verdict }
}
