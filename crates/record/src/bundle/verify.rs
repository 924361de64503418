//! Verifying a bundle from the bundle alone.
//!
//! The verifier does not trust the verdicts in the transcript: it checks every rule
//! again from the evidence in the bundle.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AFTER_THE_SEAL, Bundle, MANIFEST, Manifest, SIGNATURES, after,
    evidence::{self, Evidence},
    signatures,
};
use crate::{
    ceremony::{
        Plan, State,
        previous::{READ_ANOTHER, rolled_back},
        status::History,
    },
    expectation::{self, ExpectationSet},
    report::Account,
    runbook,
    transcript::Mode,
};
use keymoot_attestation::TrustStore;
use keymoot_core::{
    Rule, Verdict, Violation,
    digest::Digest,
    text::{excerpt, several},
};
use keymoot_tuf as tuf;
use keymoot_tuf::Document;

/// What the verifier expects.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    /// Whether the bundle is to be one of a rehearsal.
    pub rehearsal: bool,
    /// Whether the bundle is to be one of a ceremony that ended without its purpose.
    pub ended: bool,
    /// A root that the verifier already trusts, from which the bundle's root must follow.
    pub trusted_root: Option<Vec<u8>>,
    /// The transcript's head, where people published it elsewhere at once after the ceremony.
    pub published: Option<Digest>,
    /// The set for the plan; `None` where the caller made the bundle itself.
    pub plan: Option<ExpectationSet>,
    /// The one script, policy and roster that the bundle may have, by digest.
    pub files: ExpectedFiles,
}

/// The plan's files, if the verifier knows them.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExpectedFiles {
    /// The script.
    pub script: Option<Digest>,
    /// The policy.
    pub policy: Option<Digest>,
    /// The roster.
    pub roster: Option<Digest>,
}

const GET_AGAIN: &str =
    "get the bundle again from its publisher. If it is the same, do not trust it";

/// Every rule on a bundle. A rule that cannot be checked because another is
/// violated is not listed. In a live ceremony devices count by the keys of `vendor`.
#[must_use]
pub fn verify(bundle: &Bundle, expected: &Expectations, vendor: &TrustStore) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let manifest = match read_manifest(bundle) {
        Ok(manifest) => manifest,
        Err(violation) => return vec![violation.into()],
    };
    verdicts.push(Verdict::held(
        Rule::BundleManifest,
        format!("ceremony {}", excerpt(&manifest.ceremony)),
    ));
    verdicts.push(files(bundle, &manifest));
    verdicts.push(mode(&manifest, expected));
    if verdicts.iter().any(Verdict::is_violated) {
        // The verifier asked for another mode. The mode decides which vendor's keys count, so
        // with the wrong one the other rules would say nothing.
        return verdicts;
    }
    match evidence::Evidence::gather(bundle, &manifest, vendor) {
        Ok(evidence) => {
            verdicts.extend(evidence.judge());
            verdicts.push(complete(&evidence.state, expected));
            verdicts.push(signatures::closed(bundle, &evidence));
            verdicts.extend(after::judge(bundle.files(), &evidence));
            let plan = &evidence.state.plan;
            if let Some(set) = &expected.plan {
                verdicts.extend(expectation::compare(plan, manifest.mode, set));
                let format = evidence.state.format();
                verdicts.push(expectation::compare_format(format, manifest.mode, set));
            }
            verdicts.extend(other_files(plan, &expected.files).map(Verdict::from));
            if let Some(trusted) = &expected.trusted_root {
                verdicts.extend(trusted_root(&evidence, trusted));
            }
            verdicts.extend(
                expected
                    .published
                    .map(|head| published(manifest.head, head)),
            );
        }
        Err(violated) => verdicts.extend(violated),
    }
    verdicts
}

/// The report of a bundle, in the words of this program. Check the bundle with [`verify`] first.
///
/// # Errors
/// The rules because of which it cannot be read.
pub fn account(bundle: &Bundle, vendor: &TrustStore) -> Result<Account, Vec<Verdict>> {
    let manifest = read_manifest(bundle).map_err(|violation| vec![violation.into()])?;
    let evidence = Evidence::gather(bundle, &manifest, vendor)?;
    evidence.account().map_err(|why| {
        let next = super::STOP;
        vec![Violation::new(Rule::BundleDerived, why, next).into()]
    })
}

/// The declaration for everybody's signature by hand, in Markdown.
///
/// # Errors
/// As [`account`].
pub fn declaration(bundle: &Bundle, vendor: &TrustStore) -> Result<String, Vec<Verdict>> {
    let manifest = read_manifest(bundle).map_err(|violation| vec![violation.into()])?;
    let evidence = Evidence::gather(bundle, &manifest, vendor)?;
    let bytes = bundle.files().get(MANIFEST).map(Vec::as_slice);
    let digest = Digest::of(bytes.unwrap_or_default());
    Ok(runbook::declaration(
        &evidence.state,
        &manifest.head,
        &digest,
    ))
}

/// The facts about people and devices in the transcript of a verified bundle.
///
/// # Errors
/// As [`account`].
pub fn history(bundle: &Bundle, vendor: &TrustStore) -> Result<History, Vec<Verdict>> {
    let manifest = read_manifest(bundle).map_err(|violation| vec![violation.into()])?;
    let evidence = Evidence::gather(bundle, &manifest, vendor)?;
    Ok(History::of(&evidence.state, &evidence.chain))
}

fn read_manifest(bundle: &Bundle) -> Result<Manifest, Violation> {
    let fault =
        |why: &str| Violation::new(Rule::BundleManifest, format!("{MANIFEST} {why}"), GET_AGAIN);
    let bytes = bundle
        .files()
        .get(MANIFEST)
        .ok_or_else(|| fault("is missing"))?;
    Manifest::read(bytes).map_err(|why| fault(&format!("is not a manifest: {why}")))
}

/// BUNDLE-FILES: exactly the listed files, each with its size and digest.
fn files(bundle: &Bundle, manifest: &Manifest) -> Verdict {
    let listed: BTreeMap<&str, _> = manifest
        .files
        .iter()
        .map(|file| (file.path.as_str(), file))
        .collect();
    let beside = [MANIFEST, SIGNATURES, AFTER_THE_SEAL];
    let found: BTreeSet<&str> = bundle
        .files()
        .keys()
        .map(String::as_str)
        .filter(|path| !beside.contains(path))
        .collect();
    let mut faults = Vec::new();
    if listed.len() != manifest.files.len() {
        faults.push("the manifest lists a file twice".to_owned());
    }
    for (path, file) in &listed {
        match bundle.files().get(*path) {
            None => faults.push(format!("{} is missing", excerpt(path))),
            Some(bytes) if bytes.len() as u64 != file.size || Digest::of(bytes) != file.sha256 => {
                faults.push(format!("{} was changed", excerpt(path)));
            }
            Some(_) => {}
        }
    }
    let extra = found.iter().filter(|path| !listed.contains_key(**path));
    faults.extend(extra.map(|path| format!("{} was added", excerpt(path))));
    if !bundle.files().contains_key(SIGNATURES) {
        faults.push(format!("{SIGNATURES} is missing"));
    }
    Verdict::unless(
        Rule::BundleFiles,
        !faults.is_empty(),
        || format!("{} files, each as listed, and no other", listed.len()),
        || several(&faults, "; "),
        GET_AGAIN,
    )
}

/// BUNDLE-MODE: a rehearsal never passes for a live ceremony, nor the reverse.
fn mode(manifest: &Manifest, expected: &Expectations) -> Verdict {
    let wanted = if expected.rehearsal {
        Mode::Rehearsal
    } else {
        Mode::Live
    };
    Verdict::unless(
        Rule::BundleMode,
        manifest.mode != wanted,
        || {
            format!(
                "the bundle is of a {} ceremony, as asked",
                manifest.mode.name()
            )
        },
        || {
            format!(
                "the bundle is of a {} ceremony, and a {} one was asked for",
                manifest.mode.name(),
                wanted.name()
            )
        },
        match manifest.mode {
            Mode::Rehearsal => {
                "do not publish anything from it; to verify a rehearsal, add --rehearsal"
            }
            Mode::Live => "leave out --rehearsal",
        },
    )
}

/// BUNDLE-COMPLETE: the record of a ceremony that ended without its purpose never passes for that
/// of one that reached it, nor the reverse.
fn complete(state: &State, expected: &Expectations) -> Verdict {
    let found = state.ended.as_ref().map(|ended| {
        format!(
            "the ceremony ended without its purpose, {}: {}; missing: {}",
            ended.cause,
            excerpt(&ended.reason),
            several(&state.missing(), "; ")
        )
    });
    match (found, expected.ended) {
        (None, false) => Verdict::held(Rule::BundleComplete, "the ceremony reached its purpose"),
        (Some(found), true) => Verdict::held(Rule::BundleComplete, found),
        (Some(found), false) => Violation::new(
            Rule::BundleComplete,
            found,
            "publish nothing from it, and start no ceremony from it; to check its record, add --ended",
        )
        .into(),
        (None, true) => Violation::new(
            Rule::BundleComplete,
            "the ceremony reached its purpose",
            "leave out --ended",
        )
        .into(),
    }
}

/// The files of the plan that differ from the verifier's.
pub(crate) fn other_files(
    plan: &Plan,
    expected: &ExpectedFiles,
) -> impl Iterator<Item = Violation> {
    let [script, policy, roster] = plan.files.digests();
    let files = [
        (Rule::ScriptExpected, "script", script, expected.script),
        (Rule::PolicyExpected, "policy", policy, expected.policy),
        (Rule::RosterExpected, "roster", roster, expected.roster),
    ];
    files.into_iter().filter_map(|(rule, name, found, wanted)| {
        let wanted = wanted.filter(|wanted| *wanted != found)?;
        Some(Violation::new(
            rule,
            format!("the {name} has the digest {found}, expected {wanted}"),
            format!("compare the two files; ask who changed the {name}"),
        ))
    })
}

/// BUNDLE-PUBLISHED: a transcript that was written later cannot have the published head.
fn published(found: Digest, published: Digest) -> Verdict {
    if found == published {
        return Verdict::held(
            Rule::BundlePublished,
            "the head is the published one: everything in the transcript is older than that \
             publication"
                .to_owned(),
        );
    }
    let why = format!("the head of the transcript is {found}, and {published} was published");
    let next = "ask who published that head, and when; if it was this ceremony, do not trust this \
                bundle";
    Violation::new(Rule::BundlePublished, why, next).into()
}

/// BUNDLE-TRUSTED and ROOT-NEWEST: the bundle's root is the trusted one, or follows it. A trusted
/// root that is newer than the bundle's follows from nothing in it.
fn trusted_root(evidence: &Evidence<'_>, trusted: &[u8]) -> Vec<Verdict> {
    let fault = |why: String| {
        vec![
            Violation::new(
                Rule::BundleTrusted,
                why,
                "check that this is the root you trust, and the bundle you mean",
            )
            .into(),
        ]
    };
    let trusted = match Document::parse(trusted, trusted.len()) {
        Ok(trusted) => trusted,
        Err(error) => return fault(format!("the trusted root cannot be read: {error}")),
    };
    let documents = match evidence.roots() {
        Ok(documents) => documents,
        Err(why) => return fault(format!("a root of the bundle cannot be read: {why}")),
    };
    let version = trusted.version();
    let newest = documents.iter().map(Document::version).max();
    if newest.is_some_and(|newest| version > newest) {
        let why = rolled_back(&trusted, &documents).unwrap_or_default();
        return vec![Violation::new(Rule::RootNewest, why, READ_ANOTHER).into()];
    }
    let documents = documents.into_iter();
    let later = documents.filter(|document| document.version() >= version);
    match tuf::verify_chain(Some(trusted), later) {
        Err(error) => fault(format!(
            "the root does not follow from the trusted one: {error}"
        )),
        Ok(chain) => {
            let versions = match chain.len() {
                1 => "1 version".to_owned(),
                versions => format!("{versions} versions"),
            };
            let newest = newest.unwrap_or_default();
            vec![
                Verdict::held(
                    Rule::BundleTrusted,
                    format!("the root follows from the trusted one, over {versions}"),
                ),
                Verdict::held(
                    Rule::RootNewest,
                    format!(
                        "the newest root is version {newest}; the trusted root is version {version}"
                    ),
                ),
            ]
        }
    }
}
