//! Holders apart: requests that go out, answers that come back.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Output, sync::OnceLock};

use keymoot::rehearsal::cast;
use keymoot_attestation::{Manifest, TrustStore};
use keymoot_core::{Verdict, digest::Digest};
use keymoot_record::{
    apart::{self, Answer, Asking, Collected, Request, answer::Says, collect},
    bundle::Expectations,
    ceremony::{
        Plan, PlanFiles, State,
        verify::{self, Delegators},
    },
    expectation::ExpectationSet,
    transcript::{Chain, Event, Time},
};
use testkit::stage::{Stage, below, keymoot, said};

use crate::python::reader;

/// A policy of five holders, of whom three must sign.
fn policy_of_five(stage: &Stage) -> PathBuf {
    let policy = include_str!("../../ceremony-scripts/policy.toml")
        .replace("holders = 9", "holders = 5")
        .replace("threshold = 5", "threshold = 3");
    let path = stage.path("policy.toml");
    fs::write(&path, cast::with_online_key(&policy).unwrap()).unwrap();
    path
}

/// An annual signing of five holders, all of them apart, that many tests look at and none changes.
fn five_apart() -> &'static Stage {
    static FIVE: OnceLock<Stage> = OnceLock::new();
    FIVE.get_or_init(|| {
        let stage = Stage::new();
        let policy = policy_of_five(&stage).display().to_string();
        let more = ["annual-resign", "--apart", "--holders", "5", "--policy"];
        let output = stage.rehearsed(&[&more[..], &[&policy]].concat());
        assert!(output.status.success(), "{}", said(&output));
        stage
    })
}

/// A file that went out or came back.
fn post(name: &str) -> PathBuf {
    five_apart().path("ceremony.apart").join("post").join(name)
}

fn answer(holder: usize) -> Vec<u8> {
    fs::read(post(&format!("1-holder-{holder}.answer"))).unwrap()
}

/// The ceremony of five as it was when the first request had gone out and no answer was in.
#[derive(Clone)]
struct Asked {
    state: State,
    chain: Chain,
    trust: TrustStore,
    objects: BTreeMap<Digest, Vec<u8>>,
}

impl Asked {
    fn new() -> Self {
        let stage = five_apart();
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

    fn judge(&self, answer: &Answer) -> Result<Collected, Vec<Verdict>> {
        let asking = Asking {
            state: &self.state,
            chain: &self.chain,
            objects: &|digest| self.object(digest),
            trust: &self.trust,
            manifest: None,
        };
        collect(&asking, answer, self.now())
    }

    fn now(&self) -> Time {
        self.chain.entries().last().unwrap().time
    }

    /// Takes an answer in, as `keymoot collect` does.
    fn take(&mut self, answer: &Answer) {
        let judged = self.judge(answer).unwrap();
        self.record(judged);
    }

    fn record(&mut self, judged: Collected) {
        let Collected::New { event, objects } = judged else {
            panic!("it was known");
        };
        self.objects
            .extend(objects.into_iter().map(|bytes| (Digest::of(&bytes), bytes)));
        let entry = self.chain.next(*event, self.now()).unwrap();
        self.state = self.state.after(&entry).unwrap();
        self.chain.push(entry).unwrap();
    }

    /// The rules by which bytes that came back are refused; none where they are taken.
    fn refuses(&self, bytes: &[u8]) -> Vec<String> {
        match Answer::read(bytes) {
            Err(violation) => vec![violation.rule.to_string()],
            Ok(answer) => match self.judge(&answer) {
                Ok(_) => Vec::new(),
                Err(verdicts) => verdicts.iter().map(|v| v.rule.to_string()).collect(),
            },
        }
    }

    /// Every signed document.
    fn documents(&self) -> Vec<(String, Vec<u8>)> {
        let objects = |digest: &Digest| self.object(digest);
        let delegators = Delegators::of(&self.state, &objects).unwrap();
        let documents = self.state.documents.keys();
        let files = documents.flat_map(|document| {
            verify::signed_files(&self.state, *document, &delegators, &objects).unwrap()
        });
        files.collect()
    }
}

fn vendor(stage: &Stage) -> TrustStore {
    let files = below(&stage.dir().join("rehearsal").join("vendor"));
    let text = String::from_utf8(files["vendor.toml"].clone()).unwrap();
    let manifest = Manifest::parse(&text).unwrap();
    let contents: Vec<_> = manifest.files().map(|file| files[file].clone()).collect();
    manifest.store(&contents).unwrap()
}

fn keymoot_at(arguments: &[&str], paths: &[&PathBuf]) -> Output {
    keymoot().args(arguments).args(paths).output().unwrap()
}

#[test]
fn nine_answers_from_nine_folders_make_one_bundle_that_python_tuf_accepts() {
    let stage = Stage::new();
    let output = stage.rehearsed(&["annual-resign", "--apart"]);
    assert!(output.status.success(), "{}", said(&output));
    let verified = stage.verify(&["--rehearsal"]);
    assert!(verified.status.success(), "{}", said(&verified));
    for rule in ["REQUEST-DERIVED", "ANSWER-SIGNED", "ANSWER-MACHINE"] {
        assert!(
            said(&verified).contains(rule),
            "{rule}\n{}",
            said(&verified)
        );
    }
    let answers = stage.state().answers;
    assert_eq!(
        answers
            .iter()
            .filter(|given| given.apart.base == answers[0].apart.base)
            .count(),
        9
    );
    assert_eq!(
        fs::read_dir(stage.path("ceremony.apart/holders"))
            .unwrap()
            .count(),
        9
    );
    let root = stage.out().join("repositories/tuf-root/metadata/root.json");
    let read = reader("root", &root);
    assert_eq!(read["verified"], true);
    assert_eq!(read["signed"].as_array().unwrap().len(), 9);
}

#[test]
fn all_orders_of_five_answers_give_the_same_documents() {
    let first = Asked::new();
    let answers = (1..=5).map(|n| Answer::read(&answer(n)).unwrap());
    let judged: Vec<_> = answers
        .map(|answer| first.judge(&answer).unwrap())
        .collect();
    let mut expected: Option<Vec<(String, Vec<u8>)>> = None;
    let mut orders = 0;
    for order in orders_of(5) {
        let mut asked = first.clone();
        for at in order {
            asked.record(judged[at].clone());
        }
        let documents = asked.documents();
        let objects = |digest: &Digest| asked.object(digest);
        let verdicts = verify::signed_documents(&asked.state, &objects);
        assert!(!verdicts.iter().any(Verdict::is_violated), "{verdicts:?}");
        assert_eq!(
            &documents,
            expected.get_or_insert_with(|| documents.clone())
        );
        orders += 1;
    }
    assert_eq!(orders, 120);
}

/// All orders of the numbers below `n`.
fn orders_of(n: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![vec![]];
    for number in 0..n {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |at| {
                    let mut longer = order.clone();
                    longer.insert(at, number);
                    longer
                })
            })
            .collect();
    }
    orders
}

#[test]
fn the_same_answer_twice_changes_nothing() {
    let mut asked = Asked::new();
    let given = Answer::read(&answer(2)).unwrap();
    asked.take(&given);
    let before = asked.state.clone();
    assert_eq!(asked.judge(&given), Ok(Collected::Known));
    assert_eq!(asked.state, before);
    // Also when the ceremony is long over.
    let stage = five_apart();
    let transcript = fs::read(stage.dir().join("transcript.jsonl")).unwrap();
    let output = keymoot_at(&["collect"], &[&stage.dir(), &post("1-holder-2.answer")]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("recorded already"),
        "{}",
        said(&output)
    );
    assert_eq!(
        fs::read(stage.dir().join("transcript.jsonl")).unwrap(),
        transcript
    );
}

#[test]
fn each_changed_byte_of_an_answer_is_refused_by_a_rule() {
    let asked = Asked::new();
    let good = answer(3);
    assert_eq!(asked.refuses(&good), [""; 0]);
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert_ne!(asked.refuses(&changed), [""; 0], "byte {at}");
    }
}

#[test]
fn an_answer_is_refused_by_the_rule_that_it_violates() {
    let asked = Asked::new();
    let good = Answer::read(&answer(3)).unwrap();
    let changed = |change: &dyn Fn(&mut Answer)| {
        let mut answer = good.clone();
        change(&mut answer);
        asked.refuses(&answer.bytes().unwrap())
    };
    assert_eq!(
        changed(&|answer| answer.ceremony = "0".repeat(32)),
        ["ANSWER-CEREMONY"]
    );
    assert_eq!(
        changed(&|answer| answer.request = Digest::of(b"another")),
        ["ANSWER-HEAD"]
    );
    assert_eq!(
        changed(&|answer| answer.holder = "holder-9".to_owned().try_into().unwrap()),
        ["ANSWER-HOLDER"]
    );
    // Another holder's turn under this holder's name.
    let fourth = Answer::read(&answer(4)).unwrap();
    assert_eq!(
        changed(&|answer| answer.says = fourth.says.clone()),
        ["ANSWER-BRANCH"]
    );
    // The statement of another holder over this holder's turn.
    let Says::Turn(other) = &fourth.says else {
        panic!()
    };
    let swapped = changed(&|answer| {
        if let Says::Turn(turn) = &mut answer.says {
            turn.objects = other.objects.clone();
            turn.statement = other.statement;
        }
    });
    assert_eq!(swapped, ["ANSWER-SIGNED"]);
    // A file too many.
    let more = changed(&|answer| {
        if let Says::Turn(turn) = &mut answer.says {
            turn.objects.insert(Digest::of(b"more"), b"more".to_vec());
        }
    });
    assert_eq!(more, ["ANSWER-BRANCH"]);
}

#[test]
fn an_answer_from_a_machine_that_violates_a_rule_is_refused() {
    let asked = Asked::new();
    let text = String::from_utf8(answer(3)).unwrap();
    let (held, not_asked) = (
        "\"outcome\":\"held\",\"rule\":\"MACHINE-ENTROPY\"",
        "\"outcome\":\"not-asked\",\"rule\":\"MACHINE-ENTROPY\"",
    );
    let violated = "\"next\":\"\",\"outcome\":\"violated\",\"rule\":\"MACHINE-ENTROPY\"";
    assert!(text.contains(held) || text.contains(not_asked), "{text}");
    let changed = rechained(&text.replace(held, violated).replace(not_asked, violated));
    assert_eq!(asked.refuses(&changed), ["ANSWER-MACHINE"]);
}

/// The answer with its branch chained again, as somebody does who changes an entry.
fn rechained(text: &str) -> Vec<u8> {
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

#[test]
fn a_second_answer_that_differs_is_named_a_fork() {
    let mut asked = Asked::new();
    let first = Answer::read(&answer(3)).unwrap();
    asked.take(&first);
    // As from a copy of the holder's folder, with another line at its end.
    let mut second = first.clone();
    let Says::Turn(turn) = &mut second.says else {
        panic!()
    };
    turn.statement = Digest::of(b"another");
    turn.objects = BTreeMap::from([(Digest::of(b"another"), b"another".to_vec())]);
    let Err(verdicts) = asked.judge(&second) else {
        panic!("taken")
    };
    assert_eq!(verdicts[0].rule.to_string(), "ANSWER-FORK");
    assert!(verdicts[0].detail.contains("holder-3"), "{verdicts:?}");
}

#[test]
fn a_changed_request_is_refused_or_has_other_words() {
    let good = fs::read(post("1.request")).unwrap();
    let expected = Expectations {
        rehearsal: true,
        plan: ExpectationSet::shipped("rehearsal-small"),
        ..Expectations::default()
    };
    let vendor = TrustStore::vendor().unwrap();
    let violated = |bytes: &[u8]| {
        let (_, verdicts) = apart::open(bytes, &expected, &vendor);
        verdicts
            .into_iter()
            .filter(Verdict::is_violated)
            .collect::<Vec<_>>()
    };
    assert_eq!(violated(&good), []);
    let asked = Asked::new();
    let answer = Answer::read(&answer(1)).unwrap();
    for at in (0..good.len()).step_by(997) {
        let mut changed = good.clone();
        changed[at] ^= 1;
        if violated(&changed).is_empty() {
            // Nothing in it is signed; whoever compares words or collects the answer sees it.
            let mut other = answer.clone();
            other.request = Digest::of(&changed);
            assert_eq!(
                asked.refuses(&other.bytes().unwrap()),
                ["ANSWER-HEAD"],
                "byte {at}"
            );
        }
    }
    let mut other = Request::read(&good).unwrap();
    other.asks.to.reverse();
    let rules = violated(&other.bytes().unwrap());
    assert_eq!(rules[0].rule.to_string(), "REQUEST-ASKED");
}

#[test]
fn a_request_of_another_policy_or_mode_is_refused_before_a_device_is_needed() {
    let stage = Stage::new();
    let out = stage.path("answer");
    let request = post("1.request");
    for (options, rule) in [
        (&["--as", "holder-1", "--rehearsal"][..], "POLICY-EXPECTED"),
        (&["--as", "holder-1"], "BUNDLE-MODE"),
        (
            &[
                "--as",
                "holder-1",
                "--rehearsal",
                "--expect",
                "rehearsal-small",
                "--policy",
                "0000000000000000000000000000000000000000000000000000000000000000",
            ],
            "POLICY-EXPECTED",
        ),
    ] {
        let mut command = keymoot();
        let output = command
            .arg("answer")
            .arg(&request)
            .arg("-o")
            .arg(&out)
            .args(options)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains(rule), "{rule}\n{}", said(&output));
        assert!(!out.exists() && !stage.path("answer.turn").exists());
    }
}
