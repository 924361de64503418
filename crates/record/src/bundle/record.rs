//! The rules on a transcript and on the evidence that it names, sealed or not.

use super::{STOP, programs, transcript};
use crate::{
    ceremony::{State, algorithms, carried, previous::unjudged, propose, script::Document, verify},
    transcript::{Chain, Event, Mode, Time},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{
    Rule, Verdict, Violation,
    digest::Digest,
    text::{excerpt, several},
};

/// A ceremony's record: its transcript, folded, and the objects that its events name.
pub(super) struct Record<'r> {
    pub(super) state: &'r State,
    pub(super) chain: &'r Chain,
    pub(super) trust: &'r TrustStore,
    pub(super) objects: &'r dyn Fn(&Digest) -> Option<Vec<u8>>,
    /// Whether the ceremony is over: nobody checks its machine again.
    pub(super) is_bundle: bool,
}

/// Every rule on the record of an unfinished ceremony. A program that takes
/// over a ceremony checks them before it asks anybody anything. `help` says what to do about a
/// record that contradicts itself: there is no bundle yet, and no publisher.
#[must_use]
pub fn so_far(
    state: &State,
    chain: &Chain,
    trust: &TrustStore,
    objects: &dyn Fn(&Digest) -> Option<Vec<u8>>,
    help: &str,
) -> Vec<Verdict> {
    let record = Record {
        state,
        chain,
        trust,
        objects,
        is_bundle: false,
    };
    let mut verdicts = record.judge();
    verdicts.extend(verify::signatures_so_far(state, objects));
    for verdict in verdicts.iter_mut().filter(|verdict| verdict.next == STOP) {
        help.clone_into(&mut verdict.next);
    }
    verdicts
}

impl Record<'_> {
    pub(super) fn judge(&self) -> Vec<Verdict> {
        let format = self.state.format();
        let mut verdicts = self.state.plan.verdicts().to_vec();
        let previous = self.state.plan.previous();
        verdicts.extend(previous.map(|p| p.newest_root(self.mode(), self.state.format())));
        verdicts.extend(self.state.plan.in_mode(self.mode(), format));
        if format >= algorithms::SINCE {
            verdicts.push(algorithms::check(&self.state.plan));
        }
        verdicts.push(self.lines());
        verdicts.push(Verdict::held(
            Rule::TranscriptReplay,
            "every event follows from those before it and the script",
        ));
        verdicts.push(transcript::times(self.chain));
        verdicts.push(programs::recorded_by(self.state));
        verdicts.extend(programs::made_of(self.state, self.objects));
        // Until the machine passes, the engine itself waits for its check: in its step, and again
        // after each resumption. MACHINE-RESUMED covers what was done meanwhile.
        let is_awaited = !self.is_bundle && self.state.awaits_examination();
        if self.machine_passed() || self.state.sealed.is_some() && !is_awaited {
            verdicts.push(self.machine());
        }
        if format >= Rule::MachineResumed.since() {
            verdicts.push(self.machine_after_resuming());
        }
        // After an amendment people read its digests before anything else is asked.
        let read = self.state.has_begun() && !self.state.is_amended();
        if format >= Rule::PlanRead.since() && (read || self.state.sealed.is_some()) {
            verdicts.push(self.plan_read());
        }
        verdicts.push(self.wall_clock());
        if self.state.format() >= 2 {
            verdicts.push(self.inputs());
        }
        verdicts.extend(self.enrolments());
        verdicts.extend(self.tries());
        verdicts.extend(carried::judge(self.state, self.trust));
        verdicts.extend(self.possession());
        verdicts.extend(self.proofs());
        verdicts.extend(self.answers());
        for (&document, proposal) in &self.state.documents {
            verdicts.extend(self.document(document, proposal.made));
        }
        let later = Rule::ALL.iter().filter(|rule| rule.since() > format);
        verdicts.extend(later.map(|rule| Verdict::of_older_record(*rule, format)));
        verdicts
    }

    /// TRANSCRIPT-CHAIN, which reading the chain has shown.
    fn lines(&self) -> Verdict {
        let entries = self.chain.entries();
        let unknown = entries
            .iter()
            .filter(|entry| !entry.unknown_members().is_empty());
        let beside = match unknown.count() {
            0 => String::new(),
            lines => format!("; {lines} with members that this program does not know"),
        };
        Verdict::held(
            Rule::TranscriptChain,
            format!(
                "{} lines, each naming the one before it{beside}",
                entries.len()
            ),
        )
    }

    /// BUNDLE-INPUTS: a rule checks every file that the ceremony starts from.
    fn inputs(&self) -> Verdict {
        let plan = &self.state.plan;
        let unjudged = unjudged(&plan.files.inputs, plan.policy.dialect);
        let names: Vec<_> = unjudged.iter().map(|path| excerpt(path)).collect();
        Verdict::unless(
            Rule::BundleInputs,
            !names.is_empty(),
            || match plan.files.inputs.len() {
                1 => "a rule checks the file that the ceremony starts from".to_owned(),
                count => {
                    format!("a rule checks each of {count} files that the ceremony starts from")
                }
            },
            || format!("no rule checks {}", several(&names, ", ")),
            STOP,
        )
    }

    fn machine_passed(&self) -> bool {
        let entries = self.chain.entries().iter().rev();
        let mut examined = entries.filter_map(|entry| match &entry.event {
            Event::MachineChecked { verdicts } => Some(verdicts),
            _ => None,
        });
        examined
            .next()
            .is_some_and(|verdicts| !verdicts.iter().any(Verdict::is_violated))
    }

    pub(super) fn mode(&self) -> Mode {
        let opening = self.state.opening.as_ref();
        opening.map_or(Mode::Live, |opening| opening.mode)
    }

    pub(super) fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        (self.objects)(digest).filter(|bytes| Digest::of(bytes) == *digest)
    }

    /// The rules on a document, and that it is the one this ceremony makes.
    fn document(&self, document: Document, made: Time) -> Vec<Verdict> {
        let objects = self.objects;
        let name = document.name();
        let proposal = match verify::proposal(self.state, document, objects) {
            Ok(proposal) => proposal,
            Err(why) => {
                return vec![
                    Violation::new(Rule::RootDraft, format!("{name}: {why}"), STOP).into(),
                ];
            }
        };
        let mut verdicts = propose::check(self.state, document, &proposal, made);
        let again = propose::document(self.state, document, made);
        verdicts.push(Verdict::unless(
            Rule::RootDraft,
            again.map(|again| again.digest()) != Ok(proposal.digest()),
            || format!("{name} follows from the script, the keys and the previous state"),
            || format!("{name} does not follow from the script, the keys and the previous state"),
            STOP,
        ));
        verdicts
    }
}
