//! Verifying a request: like a bundle, with the holder's own expectations.

use std::sync::Arc;

use super::{Request, request};
use crate::{
    bundle::{self, Expectations, Files},
    ceremony::{FileNames, Plan, PlanFiles, State, trust},
    expectation,
    rules::roster::Handle,
    transcript::{Chain, Mode},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{Rule, Verdict, Violation, digest::Digest, text::excerpt};
use keymoot_tuf as tuf;

const STOP: &str = "sign nothing; ask the administrator over a channel that you trust";

/// A verified request.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The request.
    pub request: Request,
    /// The digest of its file.
    pub digest: Digest,
    /// The state after its transcript.
    pub state: State,
    /// Its transcript.
    pub chain: Chain,
    /// The vendor whose devices count.
    pub trust: TrustStore,
}

impl Opened {
    /// A file that the transcript names.
    #[must_use]
    pub fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        let held = self.request.objects.get(digest).cloned();
        held.or_else(|| self.state.plan.object(digest))
    }
}

/// Reads a request and checks every rule that applies to an unfinished ceremony.
/// In a live ceremony devices count by the keys of `vendor`. The request is returned if it could
/// be read; trust it only if no verdict is violated.
#[must_use]
pub fn open(
    bytes: &[u8],
    expected: &Expectations,
    vendor: &TrustStore,
) -> (Option<Opened>, Vec<Verdict>) {
    match read(bytes, expected, vendor) {
        Ok((opened, mut verdicts)) => {
            verdicts.extend(judge(&opened, expected));
            (Some(opened), verdicts)
        }
        Err(verdicts) => (None, verdicts),
    }
}

fn read(
    bytes: &[u8],
    expected: &Expectations,
    vendor: &TrustStore,
) -> Result<(Opened, Vec<Verdict>), Vec<Verdict>> {
    let fault = |rule, what: String| vec![Verdict::from(Violation::new(rule, what, STOP))];
    let request = Request::read(bytes).map_err(|violation| vec![violation.into()])?;
    let text = |name: &str| {
        let bytes = request.files.get(name).cloned().unwrap_or_default();
        String::from_utf8(bytes)
            .map_err(|_| fault(Rule::RequestRead, format!("its {name} is not text")))
    };
    let (plan, amended) = bundle::unwound(
        &request.files,
        PlanFiles {
            script: text("script.toml")?,
            policy: text("policy.toml")?,
            roster: text("roster.toml")?,
            inputs: below(&request.files, request::INPUTS),
        },
    );
    let plan = Plan::check(plan)?.amended(&amended, &FileNames::default())?;
    let transcript = request.files.get("transcript.jsonl").map(Vec::as_slice);
    let chain = Chain::read(transcript.unwrap_or_default())
        .map_err(|error| fault(Rule::TranscriptChain, error.to_string()))?;
    let state = State::fold(Arc::new(plan), &chain)
        .map_err(|illegal| fault(Rule::TranscriptReplay, illegal.to_string()))?;
    let mode = state.opening.as_ref().map(|opening| opening.mode);
    let mode =
        mode.ok_or_else(|| fault(Rule::TranscriptReplay, "its transcript is empty".to_owned()))?;
    let wanted = if expected.rehearsal {
        Mode::Rehearsal
    } else {
        Mode::Live
    };
    if mode != wanted {
        return Err(vec![
            Violation::new(
                Rule::BundleMode,
                format!(
                    "the request is of a {} ceremony, and a {} one was asked for",
                    mode.name(),
                    wanted.name()
                ),
                match mode {
                    Mode::Rehearsal => {
                        "do not publish anything from it; if you mean a rehearsal, add --rehearsal"
                    }
                    Mode::Live => "leave out --rehearsal",
                },
            )
            .into(),
        ]);
    }
    let trust = match mode {
        Mode::Live => vendor.clone(),
        Mode::Rehearsal => {
            trust::simulated(|path| request.files.get(path).cloned()).map_err(|violations| {
                let violations = violations.into_iter();
                violations.map(Verdict::from).collect::<Vec<_>>()
            })?
        }
    };
    let verdicts = vec![
        Verdict::held(
            Rule::RequestRead,
            format!("the request is a file of {} bytes", bytes.len()),
        ),
        Verdict::held(
            Rule::BundleMode,
            format!("the request is of a {} ceremony, as asked", mode.name()),
        ),
    ];
    let digest = Digest::of(bytes);
    Ok((
        Opened {
            request,
            digest,
            state,
            chain,
            trust,
        },
        verdicts,
    ))
}

fn judge(opened: &Opened, expected: &Expectations) -> Vec<Verdict> {
    let state = &opened.state;
    let objects = |digest: &Digest| opened.object(digest);
    let mut verdicts = bundle::so_far(state, &opened.chain, &opened.trust, &objects, STOP);
    let mode = state
        .opening
        .as_ref()
        .map_or(Mode::Live, |opening| opening.mode);
    if let Some(set) = &expected.plan {
        verdicts.extend(expectation::compare(&state.plan, mode, set));
        verdicts.push(expectation::compare_format(state.format(), mode, set));
    }
    verdicts.extend(bundle::other_files(&state.plan, &expected.files).map(Verdict::from));
    if let Some(trusted) = &expected.trusted_root {
        verdicts.push(Verdict::unless(
            Rule::BundleTrusted,
            follows(state, trusted).is_err(),
            || {
                "the root that the ceremony starts from is the trusted one, or follows from it"
                    .to_owned()
            },
            || follows(state, trusted).err().unwrap_or_default(),
            STOP,
        ));
    }
    verdicts.push(asks(opened));
    verdicts
}

/// Whether the newest root that the ceremony starts from is the trusted one or follows from it.
fn follows(state: &State, trusted: &[u8]) -> Result<(), String> {
    let trusted = tuf::Document::parse(trusted, trusted.len())
        .map_err(|error| format!("the trusted root cannot be read: {error}"))?;
    let roots = state
        .plan
        .previous()
        .map(crate::ceremony::previous::Previous::roots);
    let roots = roots.unwrap_or_default().iter();
    let version = trusted.version();
    let documents: Vec<_> = roots.map(|root| root.document().clone()).collect();
    let newest = documents.iter().map(tuf::Document::version).max();
    if newest.is_none_or(|newest| newest < version) {
        return Err(format!(
            "the ceremony starts from {}, and the trusted root is version {version}",
            newest.map_or("no root".to_owned(), |newest| format!(
                "root version {newest}"
            ))
        ));
    }
    let later = documents
        .into_iter()
        .filter(|document| document.version() >= version);
    tuf::verify_chain(Some(trusted), later)
        .map(|_| ())
        .map_err(|error| format!("the root that the ceremony starts from does not follow from the trusted one: {error}"))
}

/// REQUEST-ASKED: the request asks for what the ceremony awaits, at its head.
fn asks(opened: &Opened) -> Verdict {
    let (state, asks) = (&opened.state, &opened.request.asks);
    let ceremony = state.opening.as_ref().map(|opening| &opening.ceremony);
    let step = state.current().map(|step| &step.id);
    let awaited = state.may_be_asked();
    let in_order: Vec<_> = awaited
        .iter()
        .filter(|holder| asks.to.contains(holder))
        .collect();
    let right = ceremony == Some(&asks.ceremony)
        && asks.head == opened.chain.head()
        && step == Some(&asks.step)
        && state.turn.is_none()
        && state.apart.is_none()
        && !asks.to.is_empty()
        && asks.to.iter().all(|holder| state.can_answer_apart(holder))
        && in_order.into_iter().eq(&asks.to);
    let to = || Handle::list(&asks.to);
    Verdict::unless(
        Rule::RequestAsked,
        !right,
        || format!("it asks {} for step {}", to(), excerpt(&asks.step)),
        || {
            format!(
                "it asks {} for step {}, and the ceremony awaits something else at its head",
                to(),
                excerpt(&asks.step)
            )
        },
        STOP,
    )
}

/// The files below a folder, by their paths in it.
fn below(files: &Files, folder: &str) -> Files {
    let below = |path: &String| Some(path.strip_prefix(folder)?.strip_prefix('/')?.to_owned());
    files
        .iter()
        .filter_map(|(path, bytes)| Some((below(path)?, bytes.clone())))
        .collect()
}

/// MANIFEST.json, where the request asks holders to close the bundle.
#[must_use]
pub fn manifest(opened: &Opened) -> Option<Vec<u8>> {
    opened.state.manifest?;
    let objects = |digest: &Digest| opened.object(digest);
    let files = bundle::contents(&opened.state, &opened.chain, &objects, &opened.trust).ok()?;
    bundle::manifest(&opened.state, &files).ok()
}
