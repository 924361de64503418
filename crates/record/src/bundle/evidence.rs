//! The evidence in a bundle, collected and verified again.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Bundle, Files, Manifest, STOP, amendments,
    contents::contents,
    layout::{
        AFTER_THE_SEAL, INPUTS, MANIFEST, REPORT_HTML, REPORT_MARKDOWN, SIGNATURES, TUF_ROOT,
        UNFINISHED,
    },
    manifest,
    record::Record,
    transcript,
};
use crate::{
    PROGRAM,
    ceremony::{
        FileNames, Plan, PlanFiles, State,
        previous::{Inputs, PREVIOUS},
        script::Document,
        trust, verify,
    },
    report::{self, Account, DERIVATION},
    transcript::Chain,
};
use keymoot_attestation::{TrustStore, certificate_der};
use keymoot_core::{
    Rule, Verdict, Violation,
    digest::Digest,
    text::{excerpt, several},
};
use keymoot_tuf as tuf;
use keymoot_tuf::Dialect;

/// The result of reading a bundle's transcript and files.
pub(super) struct Evidence<'b> {
    pub(super) state: State,
    pub(super) chain: Chain,
    objects: BTreeMap<Digest, Cow<'b, [u8]>>,
    trust: TrustStore,
    files: &'b Files,
    pub(super) manifest: Manifest,
}

impl<'b> Evidence<'b> {
    /// Reads plan, transcript and vendor, and folds the transcript.
    pub(super) fn gather(
        bundle: &'b Bundle,
        manifest: &Manifest,
        vendor: &TrustStore,
    ) -> Result<Self, Vec<Verdict>> {
        let fault = |rule, what: String| vec![Verdict::from(Violation::new(rule, what, STOP))];
        let files = bundle.files();
        let bytes = |name: &str| files.get(name).map(Vec::as_slice).unwrap_or_default();
        let text = |name: &str| {
            String::from_utf8(bytes(name).to_vec())
                .map_err(|_| fault(Rule::BundleDerived, format!("{name} is not text")))
        };
        let plan = PlanFiles {
            script: text("script.toml")?,
            policy: text("policy.toml")?,
            roster: text("roster.toml")?,
            inputs: inputs(files),
        };
        let (plan, amended) = amendments::unwound(files, plan);
        let plan = Plan::check(plan)?.amended(&amended, &FileNames::default())?;
        let plan = Arc::new(plan);
        let chain = Chain::read(bytes("transcript.jsonl"))
            .map_err(|error| fault(Rule::TranscriptChain, error.to_string()))?;
        let state = State::fold(plan, &chain)
            .map_err(|illegal| fault(Rule::TranscriptReplay, illegal.to_string()))?;
        transcript::sealed(&state, &chain).map_err(|violation| vec![violation.into()])?;
        let objects = objects(files, state.plan.policy.dialect);
        let object = |digest: &Digest| objects.get(digest).map(|bytes| bytes.to_vec());
        let trust = trust::store(&state, &object, vendor).map_err(|violations| {
            let violations = violations.into_iter();
            violations.map(Verdict::from).collect::<Vec<_>>()
        })?;
        Ok(Self {
            objects,
            state,
            chain,
            trust,
            files,
            manifest: manifest.clone(),
        })
    }

    /// Every rule on the evidence.
    pub(super) fn judge(&self) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        verdicts.push(transcript::head(&self.state, &self.chain, &self.manifest));
        let objects = |digest: &Digest| self.object(digest);
        let record = Record {
            state: &self.state,
            chain: &self.chain,
            trust: &self.trust,
            objects: &objects,
            is_bundle: true,
        };
        verdicts.extend(record.judge());
        verdicts.extend(match self.state.ended {
            None => verify::signed_documents(&self.state, &objects),
            Some(_) => verify::signatures_so_far(&self.state, &objects),
        });
        verdicts.extend(self.state.presence().map(|presence| presence.verdict()));
        verdicts.extend(self.derived());
        verdicts
    }

    pub(super) fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.objects.get(digest).map(|bytes| bytes.to_vec())
    }

    /// Every root of tuf-root in the bundle.
    pub(super) fn roots(&self) -> Result<Vec<tuf::Document>, String> {
        let dialect = self.state.plan.policy.dialect;
        // If the ceremony ended without its purpose: the roots that it started from.
        let started = format!("{INPUTS}/{PREVIOUS}/tuf-root");
        let tree = self
            .state
            .ended
            .as_ref()
            .map_or(TUF_ROOT, |_| started.as_str());
        let file = |path: &str| self.files.get(&format!("{tree}/{path}")).cloned();
        let history = format!("{tree}/metadata/root_history/");
        let versions = self.files.keys().filter_map(|path| {
            let name = path.strip_prefix(&history)?.strip_suffix(".root.json")?;
            name.parse::<u64>().ok()
        });
        let versions: Vec<_> = versions.map(Some).chain([None]).collect();
        versions
            .into_iter()
            .filter_map(|version| dialect.read("root", version, &file).transpose())
            .map(|read| read.map_err(|error| error.to_string()))
            .collect()
    }

    /// The report of the sealed transcript.
    ///
    /// # Errors
    /// In words, when an object is missing or does not prove what the transcript says of it.
    pub(super) fn account(&self) -> Result<Account, String> {
        Account::of(
            &self.state,
            &self.chain,
            &|digest| self.object(digest),
            &self.trust,
        )
    }

    /// BUNDLE-DERIVED: every file follows from the transcript, byte for byte, the manifest with
    /// them. Of a report that a program with another derivation revision wrote, layout and facts are
    /// compared and the prose is not: BUNDLE-ACCOUNT says so.
    fn derived(&self) -> Vec<Verdict> {
        let revision = self.manifest.derivation;
        let wrong = self.wrong().unwrap_or_else(|error| vec![error]);
        let mut verdicts = vec![Verdict::unless(
            Rule::BundleDerived,
            !wrong.is_empty(),
            || match revision == DERIVATION {
                true => "every file follows from the transcript, byte for byte".to_owned(),
                false => {
                    "every file follows from the transcript, and every fact of the report does"
                        .to_owned()
                }
            },
            || {
                format!(
                    "does not follow from the transcript: {}",
                    several(&wrong, ", ")
                )
            },
            STOP,
        )];
        if revision != DERIVATION {
            let last = self.state.programs.last();
            let writer = last.map_or_else(String::new, |(_, program)| excerpt(&program.name));
            let newer = match revision > DERIVATION {
                true => ", newer than this program",
                false => "",
            };
            verdicts.push(Verdict::not_asked(
                Rule::BundleAccount,
                format!(
                    "the prose of {REPORT_HTML} and {REPORT_MARKDOWN} was not compared, only their facts: it is of derivation revision \
                     {revision}{newer}, and this is {PROGRAM} with revision {DERIVATION}. The last program in the transcript is {writer}. \
                     `keymoot report BUNDLE` renders the report again"
                ),
            ));
        }
        verdicts
    }

    /// The files that differ from those made from the transcript, safe to show.
    fn wrong(&self) -> Result<Vec<String>, String> {
        let object = |digest: &Digest| self.object(digest);
        let made = contents(&self.state, &self.chain, &object, &self.trust)
            .map_err(|error| error.to_string())?;
        let same_revision = self.manifest.derivation == DERIVATION;
        let by_facts =
            |path: &str| !same_revision && [REPORT_HTML, REPORT_MARKDOWN].contains(&path);
        let paths: BTreeSet<_> = made.keys().chain(self.files.keys()).collect();
        let mut wrong: Vec<_> = paths
            .into_iter()
            .filter(|path| {
                ![MANIFEST, SIGNATURES, AFTER_THE_SEAL].contains(&path.as_str()) && !by_facts(path)
            })
            .filter(|path| made.get(*path) != self.files.get(*path))
            .map(|path| excerpt(path))
            .collect();
        if !same_revision {
            let revision = self.manifest.derivation;
            let objects = |digest: &Digest| self.object(digest);
            let account =
                Account::of_revision(&self.state, &self.chain, &objects, &self.trust, revision)?;
            type Compare = fn(&[u8], &Account, &State) -> Option<String>;
            let forms: [(&str, Compare); 2] = [
                (REPORT_HTML, report::recorded::html),
                (REPORT_MARKDOWN, report::recorded::markdown),
            ];
            for (path, compare) in forms {
                let recorded = self.files.get(path).map(Vec::as_slice).unwrap_or_default();
                let fault = compare(recorded, &account, &self.state);
                wrong.extend(fault.map(|fault| format!("{path} {fault}")));
            }
        }
        let manifest = manifest::of_revision(&self.state, self.files, self.manifest.derivation)
            .map_err(|error| error.to_string())?;
        if self.files.get(MANIFEST) != Some(&manifest) {
            wrong.push(MANIFEST.to_owned());
        }
        Ok(wrong)
    }
}

/// The inputs of the ceremony.
fn inputs(files: &Files) -> Inputs {
    let below = |path: &String| Some(path.strip_prefix(INPUTS)?.strip_prefix('/')?.to_owned());
    files
        .iter()
        .filter_map(|(path, bytes)| Some((below(path)?, bytes.clone())))
        .collect()
}

/// The objects that events speak of, found among the files: certificates by their
/// DER, documents without their signatures, everything else as it is.
fn objects(files: &Files, dialect: Dialect) -> BTreeMap<Digest, Cow<'_, [u8]>> {
    let mut found = BTreeMap::new();
    for (path, bytes) in files {
        found.insert(Digest::of(bytes), Cow::Borrowed(bytes.as_slice()));
        if path.ends_with(".pem")
            && let Ok(der) = certificate_der(bytes)
        {
            found.insert(Digest::of(&der), Cow::Owned(der));
        }
    }
    for document in Document::ALL {
        for folder in [TUF_ROOT, UNFINISHED] {
            let file = |path: &str| files.get(&format!("{folder}/{path}")).cloned();
            if let Ok(Some(signed)) = dialect.read(document.role(), None, &file) {
                let unsigned = dialect.assemble(&signed, &BTreeMap::new());
                found.insert(Digest::of(&unsigned), Cow::Owned(unsigned));
            }
        }
    }
    found
}
