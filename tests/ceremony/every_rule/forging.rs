//! How a bundle is forged: from the honest one, by a change before or after it is signed again.

use std::{collections::BTreeSet, sync::OnceLock};

use keymoot_attestation::TrustStore;
use keymoot_core::{Rule, Verdict, digest::Digest};
use keymoot_record::{
    bundle::{self, Bundle, Expectations, Files},
    transcript::Chain,
};
use testkit::forger::Forger;

use crate::story::{chapter, chapter_folder};

/// The honest bundle, signed again without a change.
pub(super) fn unchanged() -> Files {
    static UNCHANGED: OnceLock<Files> = OnceLock::new();
    let files = UNCHANGED.get_or_init(|| Forger::shared().forge());
    files.clone()
}

/// The input of a verifier, and its expected output.
pub(super) struct Forged {
    files: Files,
    expected: Expectations,
    /// Rules that are always violated together with it.
    pub(super) beside: &'static [Rule],
}

impl From<Files> for Forged {
    fn from(files: Files) -> Self {
        Self {
            files,
            expected: Expectations {
                rehearsal: true,
                ..Expectations::default()
            },
            beside: &[],
        }
    }
}

impl Forged {
    pub(super) fn expecting(mut self, expect: impl FnOnce(&mut Expectations)) -> Self {
        expect(&mut self.expected);
        self
    }

    pub(super) fn beside(mut self, beside: &'static [Rule]) -> Self {
        self.beside = beside;
        self
    }

    /// The words of the violations.
    pub(super) fn told(&self) -> String {
        let violated = self.verdicts().into_iter();
        let told = violated.map(|verdict| format!("  {}: {}", verdict.rule, verdict.detail));
        told.collect::<Vec<_>>().join("\n")
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let bundle = Bundle::of(self.files.clone());
        let mut verdicts = bundle::verify(&bundle, &self.expected, &TrustStore::vendor().unwrap());
        verdicts.retain(Verdict::is_violated);
        verdicts
    }

    /// The rules that it violates.
    pub(super) fn violated(&self) -> BTreeSet<String> {
        let verdicts = self.verdicts().into_iter();
        verdicts.map(|verdict| verdict.rule.to_string()).collect()
    }
}

pub(super) fn changed(change: impl FnOnce(&mut Forger)) -> Forged {
    let mut forger = Forger::shared();
    change(&mut forger);
    forger.forge().into()
}

pub(super) fn replaced(text: &mut String, from: &str, to: &str) {
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
}

pub(super) fn policy(from: &str, to: &str) -> Forged {
    changed(|forger| replaced(&mut forger.plan.policy, from, to))
}

pub(super) fn roster(change: impl FnOnce(&mut String)) -> Forged {
    changed(|forger| change(&mut forger.plan.roster))
}

/// A later ceremony of the story.
pub(super) fn later(number: usize, change: impl FnOnce(&mut Forger)) -> Forged {
    let mut forger = Forger::of(&chapter_folder(number), &chapter(number));
    change(&mut forger);
    forger.forge().into()
}

/// The honest bundle with a changed file, closed again.
pub(super) fn tampered(change: impl FnOnce(&mut Files)) -> Forged {
    let forger = Forger::shared();
    let mut files = unchanged();
    change(&mut files);
    let head = Chain::read(&files["transcript.jsonl"]).map(|chain| chain.head());
    let head = head.unwrap_or(Digest::of(b"broken"));
    forger.close(files, head).into()
}
