//! Holders apart: requests that go out, answers that come back.

mod answers;
mod collecting;
mod mixed;
mod occasions;
mod once;
mod requests;
mod told;

use std::{collections::BTreeMap, fs, path::PathBuf, process::Output, sync::OnceLock};

use keymoot::rehearsal::cast;
use keymoot_attestation::TrustStore;
use keymoot_core::{Verdict, digest::Digest};
use keymoot_record::{
    apart::{Answer, Asking, Collected, collect},
    ceremony::{Plan, PlanFiles, State},
    transcript::{Chain, Event, Time},
};
use testkit::{
    stage::{Stage, below, keymoot, said},
    vendor::trusted,
};

/// A policy of five holders, of whom three must sign.
fn policy_of_five(stage: &Stage) -> PathBuf {
    let policy = include_str!("../../../ceremony-scripts/policy.toml")
        .replace("holders = 9", "holders = 5")
        .replace("threshold = 5", "threshold = 3");
    let path = stage.path("policy.toml");
    fs::write(&path, cast::with_online_key(&policy).unwrap()).unwrap();
    path
}

/// An annual signing of five holders, all of them apart, that many tests look at and none changes.
pub(crate) fn five_apart() -> &'static Stage {
    static FIVE: OnceLock<Stage> = OnceLock::new();
    FIVE.get_or_init(|| {
        let stage = Stage::shared();
        let policy = policy_of_five(&stage).display().to_string();
        let more = ["annual-resign", "--apart", "--holders", "5", "--policy"];
        let output = stage.rehearsed(&[&more[..], &[&policy]].concat());
        assert!(output.status.success(), "{}", said(&output));
        stage
    })
}

/// A file to or from a holder.
pub(crate) fn post(name: &str) -> PathBuf {
    five_apart().path("ceremony.apart").join("post").join(name)
}

pub(crate) fn answer(holder: usize) -> Vec<u8> {
    fs::read(post(&format!("1-holder-{holder}.answer"))).unwrap()
}

/// The ceremony of five with its first request and no answer.
#[derive(Clone)]
pub(crate) struct Asked {
    state: State,
    chain: Chain,
    trust: TrustStore,
    objects: BTreeMap<Digest, Vec<u8>>,
}

impl Asked {
    pub(crate) fn new() -> Self {
        Self::of(five_apart())
    }

    /// A ceremony up to its first request.
    pub(crate) fn of(stage: &Stage) -> Self {
        let chain = stage.chain();
        let requested = chain.entries().iter().find_map(|entry| match entry.event {
            Event::Requested { .. } => Some(entry.seq),
            _ => None,
        });
        let bytes = chain.bytes_through(requested.unwrap());
        let chain = Chain::read(&bytes).unwrap();
        let read = |name| fs::read_to_string(stage.dir().join(name)).unwrap();
        let plan = Plan::check(PlanFiles {
            script: read("script.toml"),
            policy: read("policy.toml"),
            roster: read("roster.toml"),
            inputs: below(&stage.dir().join("inputs")),
        });
        let objects = below(&stage.dir().join("objects")).into_values();
        Self {
            state: State::fold(plan.unwrap().into(), &chain).unwrap(),
            chain,
            trust: vendor(stage),
            objects: objects.map(|bytes| (Digest::of(&bytes), bytes)).collect(),
        }
    }

    fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        let kept = self.objects.get(digest).cloned();
        kept.or_else(|| self.state.plan.object(digest))
    }

    pub(crate) fn judge(&self, answer: &Answer) -> Result<Collected, Vec<Verdict>> {
        let asking = Asking {
            state: &self.state,
            chain: &self.chain,
            objects: &|digest| self.object(digest),
            trust: &self.trust,
            manifest: None,
            declined: &[],
            command: "keymoot collect DIR REFUSAL",
        };
        collect(&asking, answer, self.now())
    }

    fn now(&self) -> Time {
        self.chain.entries().last().unwrap().time
    }

    /// Takes an answer in, as `keymoot collect` does.
    pub(crate) fn take(&mut self, answer: &Answer) {
        let Collected::New { event, objects } = self.judge(answer).unwrap() else {
            panic!("it was known");
        };
        self.objects
            .extend(objects.into_iter().map(|bytes| (Digest::of(&bytes), bytes)));
        self.record(*event).unwrap();
    }

    /// Records an event, unless it may not follow.
    fn record(&mut self, event: Event) -> Result<(), String> {
        let entry = self.chain.next(event, self.now()).unwrap();
        let after = self.state.after(&entry);
        self.state = after.map_err(|illegal| illegal.to_string())?;
        self.chain.push(entry).unwrap();
        Ok(())
    }

    /// Withdraws the last request and asks the same holders again.
    pub(crate) fn ask_again(&mut self) -> Result<(), String> {
        let last = self.state.requests.last().unwrap().clone();
        self.record(Event::Withdrawn {
            request: last.request,
            why: "a test".to_owned(),
        })?;
        self.record(Event::Requested {
            request: Digest::of(last.request.to_string().as_bytes()),
            to: last.to,
            until: None,
            by: String::new(),
        })
    }

    /// The answers that were taken in, as they were recorded.
    pub(crate) fn answered(&self) -> Vec<Event> {
        let events = self.chain.entries().iter().map(|entry| &entry.event);
        let answered = events.filter(|event| matches!(event, Event::Answered { .. }));
        answered.cloned().collect()
    }

    /// The rules that refuse the bytes of an answer; none where they are taken.
    pub(crate) fn refuses(&self, bytes: &[u8]) -> Vec<String> {
        match Answer::read(bytes) {
            Err(violation) => vec![violation.rule.to_string()],
            Ok(answer) => match self.judge(&answer) {
                Ok(_) => Vec::new(),
                Err(verdicts) => verdicts.iter().map(|v| v.rule.to_string()).collect(),
            },
        }
    }
}

fn vendor(stage: &Stage) -> TrustStore {
    trusted(&stage.dir().join("rehearsal/vendor"))
}

fn keymoot_at(arguments: &[&str], paths: &[&PathBuf]) -> Output {
    keymoot().args(arguments).args(paths).output().unwrap()
}

/// The answer with its branch chained again, as a forger of an entry would do.
pub(crate) fn rechained(text: &str) -> Vec<u8> {
    let mut answer: serde_json::Value = serde_json::from_str(text).unwrap();
    let mut head = None;
    for entry in answer["branch"].as_array_mut().unwrap() {
        if let Some(head) = head {
            entry["prev"] = serde_json::Value::String(head);
        }
        if let Some(verdicts) = entry["event"]["verdicts"].as_array_mut() {
            for verdict in verdicts {
                if verdict["next"] == "" {
                    verdict.as_object_mut().unwrap().remove("next");
                }
            }
        }
        head = Some(Digest::of(entry.to_string().as_bytes()).to_string());
    }
    let text = answer.to_string();
    let json = keymoot_core::json::parse(text.as_bytes(), text.len()).unwrap();
    keymoot_core::json::canonical(&json)
}
